"""Start another program, and end it and its children when the server that started it ends, however it ends.

Run as a file: `python -I -S trampoline.py SERVER_PID PROGRAM ARGUMENT…`. The kernel's parent-death signal
is asked for here, after the fork, and needs no code between fork and exec in the server. SIGTERM goes on
to the program and its children; SIGUSR1, from the server or from the kernel when the server is gone, kills them.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1
OURS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1}


def main() -> None:
    server, command = int(sys.argv[1]), sys.argv[2:]
    signal.pthread_sigmask(signal.SIG_BLOCK, OURS)
    _ask_for(signal.SIGUSR1, server)
    here = os.getpid()
    program = os.fork()
    if program == 0:
        _become(command, here)
    _lead(program)
    signal.signal(signal.SIGTERM, lambda number, _: _send(program, number))
    signal.signal(signal.SIGUSR1, lambda *_: _send(program, signal.SIGKILL))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, OURS)
    _, status = os.waitpid(program, 0)
    _send(program, signal.SIGKILL)  # what it left behind
    _end_like(os.waitstatus_to_exitcode(status))


def _become(command: list[str], starter: int) -> None:
    """In the child: a group of its own, the usual signals, and then the program."""
    _lead(0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, OURS)
    _ask_for(signal.SIGKILL, starter)
    try:
        os.execvpe(command[0], command, os.environ)
    except OSError as problem:
        os.write(2, f"{command[0]}: {problem.strerror}\n".encode())
        os._exit(127)


def _ask_for(number: int, parent: int) -> None:
    """This signal when the parent ends; at once when it ended before we asked."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)


def _lead(process: int) -> None:
    with suppress(PermissionError, ProcessLookupError):  # both sides do it, and the other one was first
        os.setpgid(process, process)


def _send(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # already gone
        os.killpg(group, number)


def _end_like(code: int) -> None:
    """With the program's own exit code, or by the signal that ended it."""
    if code < 0 and -code not in {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(-code, signal.SIG_DFL)
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
