"""What happens while it happens, on standard error: one live line on a terminal, a line per change elsewhere.

A heartbeat says that it is still at work. Whoever reads may go away at any time: that is nobody's problem.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TextIO

from rich.cells import cell_len, set_cell_size

from deploytool.render.obeyed import disarmed
from deploytool.render.release_wording import took
from deploytool.render.screen import Screen, hush
from deploytool.render.text import printable

SPIN = "|/-\\"
TICK = 0.125  # seconds between two pictures of the live line
CLEAR = "\r\x1b[K"  # to the beginning of the line, and nothing on it
GREEN, RED, PLAIN = "\x1b[32m", "\x1b[1;31m", "\x1b[0m"


class Progress:
    """Steps of one or several services, one at a time. Use it with `with`: the terminal is left as it was.

    `clock` counts seconds; `heartbeat` is how many pass in silence where nobody sees a live line.
    """

    def __init__(
        self,
        stream: TextIO,
        screen: Screen,
        clock: Callable[[], float] = time.monotonic,
        heartbeat: float = 30.0,
        tick: float = TICK,
    ) -> None:
        self._stream = stream
        self._screen = screen
        self._clock = clock
        self._heartbeat = heartbeat
        self._tick = tick
        self._live = _is_terminal(stream)
        self._turn = threading.RLock()  # a signal may come while this thread writes, and say something as well
        self._ended = threading.Event()
        self._title = ""
        self._detail = ""
        self._began = self._spoke = clock()
        self._pictures = 0
        self._shown = False  # is a live line on the terminal?
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Progress:
        self._thread = threading.Thread(target=self._beat, name="progress", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """No more live line, and no more heartbeats; a step that has no end has none."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=1)
        with self._turn:
            self._wipe()
            self._title = ""

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """No live line and no heartbeat: somebody is asked something."""
        with self._turn:
            self._wipe()
            title, self._title = self._title, ""
        try:
            yield
        finally:
            with self._turn:
                self._title = title

    def of(self, service: str) -> ServiceProgress:
        """The same for one service."""
        return ServiceProgress(self, service)

    def step(self, service: str, text: str) -> None:
        """A step begins."""
        with self._turn:
            self._title = _one_line(f"{service}: {text}" if service else text)
            self._detail = ""
            self._began = self._clock()
            self._change(f"{self._title} ...")

    def tell(self, text: str) -> None:
        """Something about the step that is being done."""
        with self._turn:
            self._detail = _one_line(text)
            self._change(f"  {self._detail}")

    def done(self, text: str = "") -> None:
        self._finish(text, "done", "✓", "+", GREEN)

    def failed(self, text: str = "") -> None:
        self._finish(text, "failed", "✗", "x", RED)

    def _change(self, line: str) -> None:
        """The live line anew, or one more line."""
        if self._live:
            self._paint()
        elif not self._ended.is_set():
            self._line(line)

    def _finish(self, text: str, word: str, symbol: str, plain: str, colour: str) -> None:
        with self._turn:
            mark = symbol if self._screen.symbols else plain
            if self._screen.colour:
                mark = f"{colour}{mark}{PLAIN}"
            title = f"{self._title}: " if self._title else ""
            said = _one_line(text) or word
            self._wipe()
            self._line(f"{mark} {title}{said} ({took(self._clock() - self._began)})")
            self._title = self._detail = ""

    def _beat(self) -> None:
        while not self._ended.wait(self._tick):
            with self._turn:
                if self._live:
                    self._paint()
                elif self._title and self._clock() - self._spoke >= self._heartbeat:
                    self._line(f"  still: {self._title}, {took(self._clock() - self._began)}")

    def _paint(self) -> None:
        if not self._live or not self._title or self._ended.is_set():
            return
        self._pictures += 1
        detail = f"  {self._detail}" if self._detail else ""
        text = f"{SPIN[self._pictures % len(SPIN)]} {self._title} {took(self._clock() - self._began)}{detail}"
        self._write(CLEAR + _cut(text, (self._screen.width or 80) - 1))  # the last column would wrap
        self._shown = True

    def _wipe(self) -> None:
        if self._shown:
            self._write(CLEAR)
            self._shown = False

    def _line(self, text: str) -> None:
        self._spoke = self._clock()
        self._write(f"{disarmed(text)}\n")

    def _write(self, text: str) -> None:
        encoding = self._stream.encoding or "utf-8"
        try:
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            self._stream.flush()
        except OSError:  # gone or full: whatever else is written goes nowhere
            hush(self._stream)
        except ValueError:  # closed
            return


@dataclass(frozen=True, slots=True)
class ServiceProgress:
    """The progress of one service."""

    progress: Progress
    service: str

    def step(self, text: str) -> None:
        self.progress.step(self.service, text)

    def tell(self, text: str) -> None:
        self.progress.tell(text)

    def done(self, text: str) -> None:
        self.progress.done(text)

    def failed(self, text: str) -> None:
        self.progress.failed(text)


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (OSError, ValueError):
        return False


def _one_line(text: str) -> str:
    return printable(text.strip())


def _cut(text: str, width: int) -> str:
    """At most `width` columns; what is cut off is missed."""
    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, max(width - 3, 0)).rstrip()}..."[: max(width, 0)]
