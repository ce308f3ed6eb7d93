"""One program of another's, run to its end: line by line, with a deadline, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from deploytool.adapters.builds.masking import masked
from deploytool.errors import BuildFailed

TAIL = 50  # lines that are kept of what it said
LONGEST = 10_000  # bytes of one line
GRACE = 5.0  # seconds between asking it to end and ending it


class Ended(NamedTuple):
    """`tail` are the last lines of what it said, masked as they were shown."""

    code: int
    tail: tuple[str, ...]


def run(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    deadline: float,
    tell: Callable[[str], None] | None = None,
    grace: float = GRACE,
) -> Ended:
    """Run it in a group of its own, without input; whatever interrupts us ends the whole group first.

    Raises BuildFailed when it cannot be started, or is not done within `deadline` seconds.
    """
    running = _started(argv, environ)
    late = threading.Event()
    watch = threading.Timer(deadline, _give_up, (running, late, grace))
    watch.daemon = True
    watch.start()
    try:
        tail = _heard(running, tell)
        code = running.wait()
    except BaseException:
        _end(running, grace)
        raise
    finally:
        watch.cancel()
        assert running.stdout is not None
        running.stdout.close()
    if late.is_set():
        raise BuildFailed(
            f"{' '.join(argv[:2])} was not done within {deadline:g} s, and was ended.",
            hint="See what it waits for: the last lines of its log tell.",
            tail=tail,
        )
    return Ended(code, tail)


def _started(argv: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as problem:
        raise BuildFailed(
            f"{argv[0]} could not be started: {problem.strerror}.",
            hint="Install it, or name the program in the environment variable DEPLOYTOOL_DOCKER.",
        ) from problem


def _heard(running: subprocess.Popen[bytes], tell: Callable[[str], None] | None) -> tuple[str, ...]:
    assert running.stdout is not None
    tail: deque[str] = deque(maxlen=TAIL)
    while line := running.stdout.readline(LONGEST):
        text = masked(line.decode("utf-8", "replace").rstrip("\r\n"))
        tail.append(text)
        if tell is not None:
            tell(text)
    return tuple(tail)


def _give_up(running: subprocess.Popen[bytes], late: threading.Event, grace: float) -> None:
    late.set()
    _end(running, grace)


def _end(running: subprocess.Popen[bytes], grace: float) -> None:
    """The whole group: asked first, then made to."""
    _signal(running, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(grace)
    _signal(running, signal.SIGKILL)  # children that stayed are still in the group
    running.wait()


def _signal(running: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(running.pid, number)
