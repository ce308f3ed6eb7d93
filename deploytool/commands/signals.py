"""Ctrl-C and SIGTERM while something is changed: the first stops the release; putting back is not disturbed.

A release that has its end is not stopped any more: what was written down, what serves, and how the command ends must
say the same. The next one is not begun.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from deploytool.errors import ExitCode, Terminated

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, a terminated job, a closed terminal


class Signals:
    """Inside `shield` a first signal is only noted; a second one is obeyed wherever it comes."""

    def __init__(self) -> None:
        self._shielded = 0
        self._ending = False
        self._noted: int | None = None

    @property
    def noted(self) -> ExitCode | None:
        """The exit code of a signal that came when there was nothing to stop any more; None when none came."""
        if self._noted is None:
            return None
        return ExitCode.INTERRUPTED if self._noted == signal.SIGINT else ExitCode.TERMINATED

    @contextmanager
    def heard(self) -> Iterator[Signals]:
        """Obeyed while this lasts; what was there before is put back after it. Only a main thread hears signals."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        wanted = [number for number in STOPS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup means it
        before = {number: signal.signal(number, self._hear) for number in wanted}
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

    def begin(self) -> None:
        """A release begins, which a signal stops."""
        self._ending = False

    def end(self) -> None:
        """The release gets its end: from here on, until another one begins, a first signal is only noted."""
        self._ending = True

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if (self._shielded or self._ending) and self._noted is None:
            self._noted = number
            return
        raise KeyboardInterrupt if number == signal.SIGINT else Terminated
