"""Ctrl-C and SIGTERM while something is changed: the first stops the release; putting back is not disturbed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from deploytool.errors import Terminated


class Signals:
    """Inside `shield` a first signal is only noted; a second one is obeyed wherever it comes."""

    def __init__(self) -> None:
        self._shielded = 0
        self._noted = 0

    @contextmanager
    def heard(self) -> Iterator[Signals]:
        """Obeyed while this lasts; what was there before is put back after it. Only a main thread hears signals."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def shield(self) -> Iterator[None]:
        self._shielded += 1
        try:
            yield
        finally:
            self._shielded -= 1

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self._shielded and not self._noted:
            self._noted += 1
            return
        raise KeyboardInterrupt if number == signal.SIGINT else Terminated
