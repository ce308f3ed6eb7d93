"""Distributions that a package installer brings, by the name the index knows them under."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from deploytool.domain.doubt import Doubt

_RUNS = re.compile(r"[-_.]+")

# Every Python image has them, or they only serve to install: none of them makes a list of requirements less exact.
INSTALLERS = frozenset(("pip", "setuptools", "wheel", "uv", "poetry", "pipenv", "pip-tools", "pdm"))
INSTALLED_FROM = " is installed from, and is not in the image or in git"  # how a doubt about a file of it ends


def normalised(name: str) -> str:
    """`Foo.Bar_baz` -> `foo-bar-baz`, as PEP 503 compares names."""
    return _RUNS.sub("-", name).strip("-").lower()


class Distribution(NamedTuple):
    """One thing that is asked for, and where."""

    name: str  # normalised
    spec: str  # "==3.0.0", ">=2,<3", "@ git+https://…"; "" for any version
    path: str  # repository path of the file that asks
    line: int
    extras: tuple[str, ...] = ()  # normalised
    marker: str = ""
    hashed: bool = False

    @property
    def pinned(self) -> bool:
        return self.spec.startswith("==") and "," not in self.spec and "*" not in self.spec


@dataclass(frozen=True, slots=True)
class Requirements:
    """Everything the installers of one image are told to bring."""

    distributions: tuple[Distribution, ...] = ()
    locked: bool = False  # whatever is needed is listed: nothing comes in unnamed behind a listed one
    complete: bool = True  # False: more may be installed than is listed here; `doubts` says where
    doubts: tuple[Doubt, ...] = ()
    projects: tuple[str, ...] = ()  # repository folders that are installed as packages themselves
    absent: tuple[Doubt, ...] = ()  # of the doubts: a file that is installed from, and is not there

    @property
    def names(self) -> frozenset[str]:
        return frozenset(each.name for each in self.distributions)

    @property
    def sources(self) -> tuple[str, ...]:
        """The files that ask for something, in their order."""
        return tuple(dict.fromkeys(each.path for each in self.distributions if each.path))


class Listed(NamedTuple):
    """What one file or one command line asks for, before the files it names are read."""

    distributions: tuple[Distribution, ...] = ()
    files: tuple[tuple[str, int], ...] = ()  # further requirements files as named, with the line
    locals: tuple[tuple[str, int], ...] = ()  # folders or archives that are installed, likewise
    locked: bool = False
    unclear: tuple[tuple[int, str], ...] = ()  # (line, why): what could not be read


def all_pinned(distributions: Iterable[Distribution]) -> bool:
    """Is there something, and is everything but the installers pinned to one version?"""
    kept = [each for each in distributions if each.name not in INSTALLERS]
    return bool(kept) and all(each.pinned for each in kept)
