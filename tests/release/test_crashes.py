"""Some points of the crash sweep, always the same ones, and those that were once broken. All of it: bin/crashes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ONCE_BROKEN = """
a lease that outlived its process, and the release that it was for
bin/crashes --steps 100 --signal KILL --then resume --point 'ended: lease release, before #1'
a signal just after the beginning had the exit code of a failure
bin/crashes --steps 100 --signal INT --then abort --point 'start: ledger begun, after #1'
a signal just after the end began to undo what was recorded as a success
bin/crashes --steps 100 --signal TERM --then abort --point 'observed confirm: ledger ended, after #1'
a signal while the lease was given back left it held
bin/crashes --steps 100 --signal INT --then resume --point 'ended: lease release, inside #1'
a signal before the answer was said made a success look interrupted
bin/crashes --steps 100 --signal TERM --then resume --point 'ended: GET services/shop, before #1'
"""


def swept(*arguments: str) -> None:
    """In a process of its own: a test runner has threads and cannot be forked."""
    command = [sys.executable, "-m", "tests.release.sweep", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 breaks" in done.stdout


@pytest.mark.parametrize(("steps", "number", "seed"), [("100", 8, 1), ("5,50,100", 4, 2)])
def test_points_by_chance(steps: str, number: int, seed: int) -> None:
    swept("--steps", steps, "--sample", str(number), "--seed", str(seed))


def test_what_was_once_broken(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text(ONCE_BROKEN)
    swept("--lines", str(tmp_path / "lines"))
