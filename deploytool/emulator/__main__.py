"""`python -m deploytool.emulator --state FOLDER`: what a client starts detached."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploytool.emulator.daemon import SCALE_DOWN, START_WAIT
from deploytool.emulator.errors import EmulatorError
from deploytool.emulator.serve import serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploytool.emulator", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder with the state; made when missing")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--settle", type=float, default=0.3, help="seconds until a change is effective")
    parser.add_argument("--idle", type=float, default=None, help="end after so many seconds without a request")
    parser.add_argument("--scale-down", type=float, default=SCALE_DOWN, help="seconds until an unused program ends")
    parser.add_argument("--start-wait", type=float, default=START_WAIT, help="seconds until a program must listen")
    wanted = parser.parse_args()
    try:
        times = {"settle": wanted.settle, "scale_down": wanted.scale_down, "start_wait": wanted.start_wait}
        serve(wanted.port, wanted.state, idle=wanted.idle, **times)
    except EmulatorError as problem:
        print(f"{problem.message} {problem.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
