"""Become another program that dies with the server that started it.

Run as a file: `python -I -S trampoline.py PARENT_PID PROGRAM ARGUMENT…`. The kernel's parent-death
signal survives exec; asking for it here, after the fork, needs no code between fork and exec in the server.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked
        sys.exit(1)
    try:
        os.execvpe(command[0], command, os.environ)
    except OSError as problem:
        sys.exit(f"{command[0]}: {problem.strerror}")


if __name__ == "__main__":
    main()
