"""Asking two neighbours at once: one in a thread, the other meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def asked_beside(question: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Start the question in a thread; calling what is yielded waits for the answer or raises its error.

    Whoever leaves without the answer, by an error or by Ctrl-C, does not wait for a cloud that is silent.
    """
    answer: Future[T] = Future()

    def ask() -> None:
        try:
            answer.set_result(question())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name="asked-beside", daemon=True).start()
    yield answer.result
