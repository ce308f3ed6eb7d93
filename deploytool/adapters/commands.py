"""Programs that services.toml names: without a shell, heard to the last line, and ended with all that they started."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from deploytool.adapters.builds.masking import masked
from deploytool.domain.check_program import Ended

OWN = "DEPLOYTOOL_"  # variables that are for us alone
KEPT = 64 * 1024  # bytes of output that are kept: the last ones
CHUNK = 64 * 1024
GRACE = 1.0  # seconds to end by itself, once it is told to
AFTER = 0.5  # seconds to read what is left, once it has ended
SECRET = re.compile(r"token|passw|secret|key|credential", re.IGNORECASE)  # in the name of a variable
SHORTEST = 6  # letters of a value that is hidden: shorter ones are in every text


class Programs:
    """Programs in one folder. `end_all` ends whatever still runs, when a person does not want to wait."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self._environ = {name: value for name, value in environ.items() if not name.startswith(OWN)}
        self._secrets = sorted(_secrets_in(self._environ), key=len, reverse=True)
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, argv: Sequence[str], seconds: float) -> Ended:
        """How it ended, within `seconds`. Never raises for what the program does."""
        try:
            with self._lock:
                if self._closed:
                    return Ended(None, why="was not begun")
                running = self._start(argv)
                self._running.add(running)
        except (OSError, ValueError) as error:
            return Ended(None, why=_refusal(error, argv[0]))
        try:
            return self._heard(running, seconds)
        finally:
            with self._lock:
                self._running.discard(running)
            if running.returncode is None:
                _end_group(running)
                running.wait()

    def end_all(self) -> None:
        with self._lock:
            self._closed = True
            left = tuple(self._running)
        for running in left:
            _end_group(running)

    def _start(self, argv: Sequence[str]) -> subprocess.Popen[bytes]:
        """In a group of its own, so that what it starts can be ended with it."""
        return subprocess.Popen(
            list(argv),
            cwd=self.folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _heard(self, running: subprocess.Popen[bytes], seconds: float) -> Ended:
        assert running.stdout is not None
        said = bytearray()
        ears = threading.Thread(target=_listen, args=(running.stdout, said), name="output", daemon=True)
        ears.start()
        late = ""
        try:
            running.wait(seconds)
        except subprocess.TimeoutExpired:
            late = f"did not end within {seconds:g} s and was ended"
            _ask_to_end(running)
        _end_group(running)  # what it left behind would keep its output open
        running.wait()
        ears.join(AFTER)
        last = self._shown(_last_line(bytes(said)))
        return Ended(None, last, late) if late else Ended(running.returncode, last)

    def _shown(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return masked(line)


def _listen(pipe: IO[bytes], said: bytearray) -> None:
    """Only the end is kept, however much is said."""
    with suppress(OSError, ValueError), pipe:
        while chunk := os.read(pipe.fileno(), CHUNK):
            said += chunk
            if len(said) > 2 * KEPT:
                del said[:-KEPT]


def _last_line(said: bytes) -> str:
    lines = said[-KEPT:].decode("utf-8", "replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _ask_to_end(running: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(running.pid, signal.SIGTERM)
    end = time.monotonic() + GRACE
    while running.poll() is None and time.monotonic() < end:
        time.sleep(0.02)


def _end_group(running: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(running.pid, signal.SIGKILL)


def _secrets_in(environ: Mapping[str, str]) -> set[str]:
    return {value for name, value in environ.items() if SECRET.search(name) and len(value) >= SHORTEST}


def _refusal(error: Exception, program: str) -> str:
    name = program if len(program) <= 80 else f"{program[:79]}…"
    if isinstance(error, FileNotFoundError):
        return f"there is no program {name}"
    if isinstance(error, PermissionError):
        return f"{name} may not be run"
    return f"{name} could not be started ({type(error).__name__})"
