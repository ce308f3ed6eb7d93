"""Several questions at once, with an end: a thread that hangs is left behind, never waited for.

concurrent.futures joins its threads when the program ends, so one server that never answers would keep the
command from ending. These threads are daemons.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def answers_of(questions: Sequence[Callable[[], T]], *, at_once: int, seconds: float) -> list[T | Exception]:
    """One answer per question, in order. What was raised, or a TimeoutError, stands in place of an answer."""
    answers: list[T | Exception] = [TimeoutError(f"no answer within {seconds:.0f} s")] * len(questions)
    waiting, done = deque(enumerate(questions)), threading.Semaphore(0)

    def work() -> None:
        while True:
            try:
                number, question = waiting.popleft()
            except IndexError:
                return
            try:
                answers[number] = question()
            except Exception as error:
                answers[number] = error
            done.release()

    for _ in range(min(at_once, len(questions))):
        threading.Thread(target=work, name="cloud-run", daemon=True).start()
    end = time.monotonic() + seconds
    for _ in questions:
        if not done.acquire(timeout=max(0.0, end - time.monotonic())):
            waiting.clear()
            break
    return list(answers)
