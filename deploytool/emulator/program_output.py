"""What programs write: read from their pipes on the event loop, kept in a file, and told line by line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

CHUNK = 8 * 1024  # bytes read in one go, so that a talkative program leaves the loop to others
MAX_LINE = 64 * 1024  # bytes of one log entry; a longer line is several
MAX_FILE = 5_000_000  # bytes of a log file before it is moved aside; one earlier file is kept

Tell = Callable[[str, str], None]  # stdout or stderr, and the line


class Output:
    """Both streams of one program. Ends by itself with the last process that can write to them."""

    def __init__(self, path: Path, tell: Tell) -> None:
        self.path = path
        self._tell = tell
        self._open: dict[str, IO[bytes]] = {}
        self._rest: dict[str, bytes] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > MAX_FILE:
            path.replace(path.with_suffix(".log.1"))
        self._file = path.open("ab", buffering=0)

    def follow(self, stream: str, pipe: IO[bytes]) -> None:
        """Read this pipe from now on, whenever there is something in it."""
        os.set_blocking(pipe.fileno(), False)
        self._open[stream], self._rest[stream] = pipe, b""
        asyncio.get_running_loop().add_reader(pipe.fileno(), self._read, stream)

    def close(self) -> None:
        """Take what is still in the pipes, and read no more."""
        for stream in list(self._open):
            while self._read(stream):
                pass
            if stream in self._open:
                self._end(stream)

    def _read(self, stream: str) -> bool:
        """Was there something?"""
        try:
            data = os.read(self._open[stream].fileno(), CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._end(stream)
            return False
        self._keep(data)
        *lines, rest = (self._rest[stream] + data).split(b"\n")
        for line in lines:
            self._say(stream, line)
        while len(rest) >= MAX_LINE:
            self._say(stream, rest[:MAX_LINE])
            rest = rest[MAX_LINE:]
        self._rest[stream] = rest
        return True

    def _keep(self, data: bytes) -> None:
        try:
            self._file.write(data)
            if self._file.tell() > MAX_FILE:
                self.path.replace(self.path.with_suffix(".log.1"))
                self._file.close()
                self._file = self.path.open("ab", buffering=0)
        except (OSError, ValueError):
            pass  # a full disk is no reason to end a program

    def _say(self, stream: str, line: bytes) -> None:
        text = line.rstrip(b"\r").decode("utf-8", "replace")
        for at in range(0, len(text), MAX_LINE):
            self._tell(stream, text[at : at + MAX_LINE])

    def _end(self, stream: str) -> None:
        pipe = self._open.pop(stream)
        with suppress(RuntimeError):  # the loop may have ended before us
            asyncio.get_running_loop().remove_reader(pipe.fileno())
        if self._rest[stream]:
            self._say(stream, self._rest.pop(stream))
        pipe.close()
        if not self._open:
            self._file.close()
