"""The floors of the house: imports only go down, and neighbours on one floor do not visit each other."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "deploytool"
FLOORS = (
    {"__main__"},
    {"cli"},
    {"commands", "crash"},
    {"app"},
    {"detect", "stage"},
    {"adapters", "release", "render", "emulator", "sandbox"},
    {"checks"},
    {"ports", "config", "clock"},
    {"domain"},
    {"errors"},
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted(HOUSE.rglob("*.py"))
# Which modules may talk to a neighbour directly; everybody else asks them.
GATEWAYS = {
    "git": ("deploytool.adapters.git",),
    "gitdb": ("deploytool.adapters.git",),
    "subprocess": (
        "deploytool.adapters.git",
        "deploytool.adapters.builds",
        "deploytool.adapters.commands",
        "deploytool.adapters.looks",
        "deploytool.emulator",
    ),
    "google": ("deploytool.adapters.cloudrun", "deploytool.adapters.googleapi", "deploytool.adapters.identity"),
}
WORLD = {"subprocess", "socket", "sqlite3", "shutil", "tempfile", "urllib", "http", "threading"}


def module_of(file: Path) -> str:
    parts = file.relative_to(HOUSE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    return [*module.split("."), ""][1]


def imports_of(source: str, module: str, package: bool = False) -> Iterator[str]:
    """Everything imported, however deep in a function; `from deploytool import x` counts as `deploytool.x`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = module.split(".")
            start = ".".join(here[: len(here) - node.level + package]) if node.level else ""
            origin = ".".join(part for part in (start, node.module) if part)
            yield from (f"{origin}.{alias.name}" for alias in node.names) if origin == "deploytool" else (origin,)


def broken_floors(module: str, source: str, package: bool = False) -> list[str]:
    room = room_of(module)
    broken = []
    for name in imports_of(source, module, package):
        top, other = name.split(".")[0], room_of(name)
        if top == "deploytool" and other != room:
            if room == "emulator" or FLOOR_OF[other] <= FLOOR_OF.get(room, -1):
                broken.append(f"{module} imports {name}")
        elif room == "domain" and top != "deploytool" and (top not in sys.stdlib_module_names or top in WORLD):
            broken.append(f"{module} imports {name}: the domain knows nothing of the world")
        elif top in GATEWAYS and not module.startswith(GATEWAYS[top]):
            broken.append(f"{module} imports {name}: only {' and '.join(GATEWAYS[top])} may")
    return broken


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_imports_only_go_down(file: Path) -> None:
    module = module_of(file)
    assert module == "deploytool" or room_of(module) in FLOOR_OF, f"give {module} a floor in FLOORS"
    assert broken_floors(module, file.read_text(), file.name == "__init__.py") == []


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_a_file_can_be_read_in_one_go(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 300


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("deploytool.domain.drift", "from deploytool.render import render"),
        ("deploytool.domain.drift", "import pydantic"),
        ("deploytool.domain.drift", "def late():\n    import subprocess"),
        ("deploytool.domain.drift", "from ..adapters import git"),
        ("deploytool.render.table", "from deploytool.adapters import fleet"),
        ("deploytool.render.table", "from deploytool import app"),
        ("deploytool.errors", "from deploytool.domain.model import Kind"),
        ("deploytool.emulator.serve", "from deploytool.errors import ExitCode"),
        ("deploytool.commands.drift", "def run():\n    import git"),
        ("deploytool.commands.drift", "from subprocess import run"),
        ("deploytool.adapters.fleet", "from google.cloud import run_v2"),
        ("deploytool.config.loaded", "from deploytool.clock import now"),
    ],
)
def test_the_floors_hold(module: str, source: str) -> None:
    assert broken_floors(module, source)
