"""What a service is made of, as a question to a tree: which paths are taken and which are left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol


class Rules(Protocol):
    """Ignore rules that compare equal exactly when they say the same of every path (frozen, hashable)."""

    def ignores(self, path: str) -> bool:
        """Is this repository path left out? A match on a parent folder counts, as Docker counts it."""
        ...

    def prunes(self, folder: str) -> bool:
        """Is everything below this folder certainly left out, so that nobody need look?"""
        ...


@dataclass(frozen=True, slots=True)
class Selection:
    """Files at or below `roots`, less what any rule ignores, plus `inputs` whatever the rules say."""

    roots: frozenset[str]  # repository paths; one that does not exist takes nothing; "" is everything
    rules: tuple[Rules, ...] = ()
    inputs: frozenset[str] = frozenset()  # Dockerfile and ignore file: they shape the image without being in it

    def takes(self, path: str) -> bool:
        """Is the file at `path` part of what the service is made of?"""
        if path in self.inputs:
            return True
        return self.under_root(path) and not any(rule.ignores(path) for rule in self.rules)

    def plus(self, inputs: Iterable[str]) -> Selection:
        """The same, with these files in any case."""
        return replace(self, inputs=self.inputs | frozenset(inputs))

    def under_root(self, path: str) -> bool:
        if "" in self.roots or path in self.roots:
            return True
        cut = path.rfind("/")
        while cut > 0:
            if path[:cut] in self.roots:
                return True
            cut = path.rfind("/", 0, cut)
        return False
