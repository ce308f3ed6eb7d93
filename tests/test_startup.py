"""Asking for help must not cost what the work costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {
    "google",
    "git",
    "gitdb",
    "jinja2",
    "pydantic",
    "rich",
    "requests",
    "starlette",
    "uvicorn",
    "tomlkit",
    "sqlite3",
}
LOADED = """
import atexit, json, sys
sys.argv = ["deploytool", *{argv!r}]
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
from deploytool.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "argv",
    [["--help"], ["drift", "--help"], ["explain", "--help"], ["lock", "--help"], ["emulator", "--help"], ["--version"]],
)
def test_help_loads_nothing_heavy(argv: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(argv=argv)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = json.loads(done.stderr)
    by_typer = {"pydantic"} if argv[0].isalpha() else set()  # typer reads the root's options with it
    assert {name.partition(".")[0] for name in modules} & HEAVY - by_typer == set()
    assert not [name for name in modules if name.startswith(("deploytool.domain", "deploytool.adapters"))]
    assert "deploytool" in done.stdout
