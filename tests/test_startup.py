"""Asking for help must not cost what the work costs."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"google", "git", "gitdb", "pydantic", "rich", "requests", "starlette", "uvicorn", "tomlkit", "sqlite3"}
LOADED = """
import atexit, json, sys
sys.argv = ["deploytool", *{argv!r}]
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
from deploytool.__main__ import main
main()
"""
BARE = """
import typer
app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
@app.command()
def one(): "One."
@app.command()
def two(): "Two."
app()
"""


@pytest.mark.parametrize("argv", [["--help"], ["drift", "--help"], ["emulator", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(argv: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(argv=argv)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = json.loads(done.stderr)
    by_typer = {"pydantic"} if argv[0].isalpha() else set()  # typer reads the root's options with it
    assert {name.partition(".")[0] for name in modules} & HEAVY - by_typer == set()
    assert not [name for name in modules if name.startswith(("deploytool.domain", "deploytool.adapters"))]
    assert "deploytool" in done.stdout


def test_help_costs_little_more_than_any_typer_program() -> None:
    """Processor seconds, side by side, the best of several: a busy machine slows both."""
    bare, ours = [], []
    for _ in range(12):
        bare.append(seconds(["-c", BARE, "--help"]))
        ours.append(seconds(["-m", "deploytool", "--help"]))
        if len(ours) >= 4 and min(ours) <= 1.5 * min(bare):
            return
    raise AssertionError(f"{min(ours):.3f} s against {min(bare):.3f} s")


def seconds(argv: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *argv], cwd=ROOT, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
