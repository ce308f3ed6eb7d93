"""A reachable file on the way, and in which language it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deploytool.domain.image_layout import Placed
from deploytool.domain.imports.facts import Anchor, Facts, Origin, When
from deploytool.domain.imports.reach.asking import Ask, AskKind
from deploytool.domain.imports.reach.namespace import Space
from deploytool.domain.imports.source.extract import DATA
from deploytool.domain.tree import SUBMODULE

COMPILED = (".so", ".pyc")
ALWAYS = frozenset((When.TOP, When.FUNCTION))


@dataclass(slots=True)
class Node:
    """One reachable file under one of its names."""

    place: str  # its real path
    placed: Placed
    read: str | None = None  # the file name that tells its language; None: it is not read
    facts: Facts | None = None
    main: bool = False  # it may run as `__main__`
    told: frozenset[When] = frozenset()  # whose wishes are known

    @property
    def source(self) -> str:
        """What a doubt names."""
        return self.placed.path or self.place

    @property
    def closed(self) -> bool:
        """Nobody can read it."""
        return self.placed.mode == SUBMODULE or self.place.endswith(COMPILED)

    @property
    def active(self) -> frozenset[When]:
        return ALWAYS | {When.MAIN} if self.main else ALWAYS

    @property
    def is_data(self) -> bool:
        """Is it read for the names in it, and not loaded?"""
        return self.read is not None and self.read.endswith(DATA)


def read_as(path: str, run: Ask) -> str | None:
    """The file name that tells the language of what is run without being called `.py`; None when it is not read."""
    name = path.rpartition("/")[2]
    if run.kind is AskKind.PROGRAM:
        return name
    if run.kind is AskKind.SCRIPT or (run.kind is AskKind.FILES and "*" not in run.text):
        return name if name.endswith((".sh", ".bash")) else f"{name}.py"
    return None


def anchored(space: Space, cwd: str, path: str, place: str, anchor: Anchor) -> Iterator[str]:
    """The folders that a file found at `path`, really at `place`, means by it."""
    if anchor.origin is not Origin.FILE:
        yield from space.joined("" if anchor.origin is Origin.ROOT else cwd, anchor.path)
        return
    above = anchor.path.partition("/")
    for file in dict.fromkeys((path, place)):
        if above[0] == "..":
            yield from space.joined(file.rpartition("/")[0], above[2])
        else:
            yield from space.joined(file, anchor.path)


def suffix_of(name: str) -> str:
    return name[name.rfind(".") :] if "." in name else ""
