"""No network, no waiting, no processes, no threads, no exit: what a program does besides loading is kept from it."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time
from typing import Any

MOST_NAPS = 200
SECONDS = 5.0  # without coming back; then OutOfTime is raised in whatever runs
REFUSED = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "os.system", "os.exec", "os.fork")
REFUSED_TOO = ("os.posix_spawn", "os.spawn", "os.forkpty", "os.kill", "os.killpg", "pty.spawn", "ctypes.dlopen")


class OutOfTime(BaseException):
    """The program did not come back."""


class RefusedError(OSError):
    """The program wanted to do something besides loading."""


class Environment(dict[str, str]):
    """What is missing is there when it is demanded, and still missing when it is only asked for."""

    def __missing__(self, name: str) -> str:
        return "1"

    def copy(self) -> Environment:
        return Environment(self)


class Children:
    """Python scripts that the program wanted to start."""

    def __init__(self) -> None:
        self.scripts: list[str] = []

    def asked(self, args: Any, cwd: Any) -> None:
        words = [os.fspath(word) for word in args] if isinstance(args, (list, tuple)) else str(args).split()
        if len(words) > 2 and words[1] == "-c" and os.path.basename(str(words[0])) in ("sh", "bash"):
            words = str(words[2]).split()
        python = bool(words) and os.path.basename(str(words[0])).startswith("python")
        script = next((str(word) for word in words[1:] if not str(word).startswith("-")), None) if python else None
        if script and script.endswith(".py"):
            self.scripts.append(os.path.normpath(os.path.join(str(cwd or os.getcwd()), script)))


def keep_quiet(environment: dict[str, str]) -> Children:
    children = Children()

    def hears(event: str, args: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            children.asked(args[1], args[2])
        if event in REFUSED or event in REFUSED_TOO or event == "subprocess.Popen":
            raise RefusedError(f"{event} is kept from the program")

    sys.addaudithook(hears)
    os.environ = Environment(environment)  # type: ignore[assignment]  # noqa: B003 -- nobody else reads it
    os.getenv = os.environ.get  # type: ignore[assignment]
    time.sleep = _nap(time.sleep)
    os._exit = sys.exit  # type: ignore[assignment]
    for name in ("start_new_thread", "start_new", "start_joinable_thread", "_start_joinable_thread"):
        if hasattr(_thread, name):
            setattr(_thread, name, _never_started)
    signal.signal(signal.SIGALRM, _too_long)
    return children


def give_time() -> None:
    signal.setitimer(signal.ITIMER_REAL, SECONDS, SECONDS)


def no_more_time() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)


def _too_long(*args: Any) -> None:
    raise OutOfTime(f"nothing came back for {SECONDS:g} s")


def _nap(sleep: Any) -> Any:
    naps = iter(range(MOST_NAPS))

    def nap(seconds: float) -> None:
        if next(naps, None) is None:
            raise OutOfTime("it sleeps again and again")

    return nap


def _never_started(function: Any, *args: Any, **more: Any) -> Any:
    """A thread that says it is running."""
    started = getattr(getattr(function, "__self__", None), "_started", None)
    if started is not None:
        started.set()
    return 1
