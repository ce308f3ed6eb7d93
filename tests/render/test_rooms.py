"""Every report that a command can make has its readers, and each of them is there."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest

from deploytool.render.rooms import ROOMS, Room

DOMAIN = Path(__file__).parents[2] / "deploytool/domain"
OWN = {"DriftReport", "StatusReport", "WhereReport"}  # read by every run, without a detour


def reports() -> set[str]:
    found = set()
    for file in DOMAIN.glob("*report*.py"):
        module = import_module(f"deploytool.domain.{file.stem}")
        found |= {name for name, one in inspect.getmembers(module, inspect.isclass) if name.endswith("Report")}
    return found


def test_every_report_has_a_room() -> None:
    assert reports() | {"ProofReport"} == OWN | ROOMS.keys()


@pytest.mark.parametrize(("name", "room"), ROOMS.items())
def test_every_room_has_what_it_names(name: str, room: Room) -> None:
    for place in filter(None, room):
        module, _, function = place.partition(":")
        assert callable(getattr(import_module(f"deploytool.render.{module}"), function)), name
