"""One look of `watch`: the same program as a process of its own, so that it can be ended and keeps no memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

PATIENCE = 2.0  # seconds that a look has to put things away once it is told to end


class Looks:
    """Runs deploytool, one process at a time, each in a group of its own: Ctrl-C is for who watches."""

    def __init__(self, before: Sequence[str]) -> None:
        self.before = (sys.executable, "-P", "-m", "deploytool", *before)  # nothing of the folder we stand in

    def look(self, words: Sequence[str], deadline: float) -> int | None:
        """Its exit code; None when it had to be ended. Whatever interrupts the wait ends the process first."""
        process = subprocess.Popen([*self.before, *words], stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            return process.wait(deadline)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """The process and all that it began; nothing of it is left when this returns, also when it is interrupted."""
    try:
        if process.poll() is None:
            _tell(process, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
    finally:
        _tell(process, signal.SIGKILL)
        process.wait()


def _tell(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
