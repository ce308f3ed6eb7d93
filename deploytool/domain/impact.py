"""Does a changed file matter? What a service's program can load at one commit, and the word for a change of each file.

A change matters when the file is reachable at the serving commit or at the target: either program may be the one
that misses it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from deploytool.domain.doubt import Doubt
from deploytool.domain.relevance import is_build_input, relevance_of
from deploytool.domain.report import FileChange, Relevance

SCOPE = b"deploytool scope 1\n"  # says how the id is made; another way of making it must begin differently

LONGEST_WAY = 200  # files; each file has its own way, and each way could lead through all files


@dataclass(frozen=True, slots=True)
class Impact:
    """What one service's program can load at one commit. Every file of the service is in one of the three sets."""

    by: Mapping[str, str | None]  # reachable source file -> the file that asks for it; None for where it begins
    silent: frozenset[str]  # in the image, and nothing reachable can load or read it
    rest: frozenset[str]  # data, and whatever an earlier stage of the build takes
    proven: bool = True  # False: imports could not be followed to the end, so nothing is silent
    doubts: tuple[Doubt, ...] = ()  # why not; or what makes the answer coarser than it could be
    command: str = ""

    @property
    def live(self) -> Set[str]:
        """Everything that the program can load or read, and what the build reads."""
        return self.by.keys() | self.rest

    def chain(self, path: str) -> tuple[str, ...]:
        """The shortest way of imports from where the program begins to `path`; empty for what is not imported.

        Of a way that nobody reads to its end, only the last steps.
        """
        way: list[str] = []
        step: str | None = path
        while step is not None and step in self.by and len(way) < LONGEST_WAY:
            way.append(step)
            step = self.by[step]
        return tuple(reversed(way))


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison. Without an impact, imports were not looked at."""

    inputs: frozenset[str] = frozenset()  # Dockerfile and ignore file
    impact: Impact | None = None

    def change_of(self, path: str) -> FileChange | None:
        """What a change of `path` means for the program of this side; None when the file is not part of it."""
        impact = self.impact
        if path in self.inputs:
            return FileChange(path, Relevance.BUILD_INPUT)
        if impact is None:
            return FileChange(path, relevance_of(path))
        if path in impact.by:
            return FileChange(path, Relevance.IMPORTED, impact.chain(path))
        if path in impact.silent:
            note = "" if path.endswith(".py") else "a document that nothing it runs names"
            return FileChange(path, Relevance.NOT_IMPORTED, note=note)
        if path not in impact.rest:
            return None
        return _of_rest(path, impact)


def _of_rest(path: str, impact: Impact) -> FileChange:
    if is_build_input(path):
        return FileChange(path, Relevance.BUILD_INPUT)
    word = relevance_of(path)
    if word is Relevance.CANNOT_PROVE and impact.doubts and not impact.proven:
        return FileChange(path, word, note=_said(impact.doubts[0]))
    return FileChange(path, word)


def _said(doubt: Doubt) -> str:
    place = f"{doubt.path}:{doubt.line}" if doubt.line else doubt.path
    return f"{place}: {doubt.why}" if place else doubt.why


def change_between(path: str, before: Side, after: Side) -> FileChange:
    """What a changed file means for a service: the worse of both sides; of equal ones the target's chain is shown."""
    found = [change for side in (after, before) if (change := side.change_of(path)) is not None]
    if not found:  # it differs, so it was part of one side; nobody knows as what
        return FileChange(path, relevance_of(path))
    order = list(Relevance)
    return max(found, key=lambda change: order.index(change.relevance))


def scope_of(taken: Iterable[tuple[str, int, str]]) -> str:
    """An id of these files: (repository path, mode, blob id or a digest of what counts in it), in whatever order.

    40 hex digits, short enough for a label. With the Dockerfile among them, equal ids mean the same program.
    """
    digest = hashlib.sha256(SCOPE)
    for path, mode, content in sorted(taken):
        digest.update(f"{mode:o} {content} ".encode() + path.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()[:40]
