"""What a program can load of its image, and what it asks for that is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from deploytool.domain.doubt import Doubt
from deploytool.domain.imports.facts import When


class Reached(NamedTuple):
    """Why a file of the image is reachable. `by` is the image path of the file that asks for it; None for a start."""

    by: str | None
    line: int = 0  # in `by`
    named: bool = False  # by a string or a computed name, not by an import statement


class Needed(NamedTuple):
    """A module that an import names and no file of the image answers to: third-party, standard library, or missing."""

    name: str  # absolute and dotted; for `from a import b` where b is no file of the image: "a", with b in `names`
    by: str  # image path of the file that asks
    line: int
    when: When
    guarded: bool = False
    names: tuple[str, ...] = ()
    perhaps: bool = False  # one of several names that a computed one may be; it may never be this one


@dataclass(frozen=True, slots=True)
class Closure:
    """Everything reachable from the program's starts, by image path. Breadth first: following `by` is shortest."""

    reached: Mapping[str, Reached] = field(default_factory=dict)
    everything: bool = False  # something unbounded is reachable: any file of the image may be loaded
    doubts: tuple[Doubt, ...] = ()  # why, with repository path and line
    needed: tuple[Needed, ...] = ()
    roots: tuple[str, ...] = ()  # absolute folders that imports were looked for in, in order
    any_root: bool = False  # sys.path is edited in a way that cannot be told: imports were looked for in every folder
    edited: bool = False  # sys.path is edited at all, so that its order may be another one
    strings: frozenset[str] = frozenset()  # of all reachable files: what may name a data file
    lists: frozenset[str] = frozenset()  # image paths of reachable files that list folders
    # by image path: who loads it, and on which line, as soon as that file itself is loaded
    loaders: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
