"""`python -m deploytool.emulator --state FOLDER`: what a client starts detached."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploytool.emulator.daemon import SCALE_DOWN
from deploytool.emulator.errors import EmulatorError
from deploytool.emulator.serve import serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploytool.emulator", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder with the state; made when missing")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--settle", type=float, default=0.3, help="seconds until a change is effective")
    parser.add_argument("--idle", type=float, default=None, help="end after so many seconds without a request")
    parser.add_argument("--scale-down", type=float, default=SCALE_DOWN, help="seconds until an unused program ends")
    wanted = parser.parse_args()
    try:
        serve(wanted.port, wanted.state, settle=wanted.settle, idle=wanted.idle, scale_down=wanted.scale_down)
    except EmulatorError as problem:
        print(f"{problem.message} {problem.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
