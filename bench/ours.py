"""Our side: the two questions, asked of the engine. The only module here that knows how it is called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.fleets import Pair


class EngineMissingError(RuntimeError):
    """There is nothing to measure yet."""


def verdicts(repo: Path, pairs: Sequence[Pair]) -> list[bool]:
    """For each pair: does the content at its paths differ?"""
    raise EngineMissingError("engine not there")


def explain(repo: Path, pairs: Sequence[Pair], cache: Path | None) -> list[set[str]]:
    """For each pair: the commits of the target that the deployed one lacks and that touch its paths."""
    raise EngineMissingError("engine not there")
