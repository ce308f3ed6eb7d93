"""The word for each changed file of one service: can it be loaded, and does its content mean something else?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from deploytool.detect.contents import Contents
from deploytool.domain.impact import Side, change_between
from deploytool.domain.report import FileChange, Relevance
from deploytool.domain.tree import FOLDER, LINK, SUBMODULE, Tree


@dataclass(slots=True)
class Judge:
    """Answers for one pair of commits; asked once per file, for several commits touch the same."""

    trees: tuple[Tree, Tree]
    sides: tuple[Side, Side]  # what serves, and the target
    contents: Contents
    imported: Callable[[], Mapping[str, str]]  # distribution -> a file that imports it; asked only when one changed
    _known: dict[str, FileChange] = field(default_factory=dict)
    _imported: Mapping[str, str] | None = None

    def change(self, path: str) -> FileChange:
        """What the net change of `path` means for the service."""
        if path not in self._known:
            self._known[path] = self._looked_into(change_between(path, *self.sides))
        return self._known[path]

    def _looked_into(self, change: FileChange) -> FileChange:
        """Where imports were followed, contents are read as well: a comment changes nothing."""
        if not change.relevance.reaches or not any(side.impact for side in self.sides):
            return change
        old, new = (tree.entry(change.path) for tree in self.trees)
        if old is None or new is None or old.mode != new.mode or new.mode in (FOLDER, LINK, SUBMODULE):
            return change
        with suppress(KeyError):  # not in this clone: then it may mean anything
            if change.relevance is Relevance.BUILD_INPUT:
                return self._build_input(change, old.oid, new.oid)
            if change.path.endswith(".py") and self.contents.same_program(old.oid, new.oid):
                return replace(change, relevance=Relevance.NO_OP, chain=(), note="the same syntax tree")
        return change

    def _build_input(self, change: FileChange, old: str, new: str) -> FileChange:
        """Named are the distributions that changed, and who imports them; the word stays, for all are installed."""
        from deploytool.domain.imports.installed.input_changes import described

        found = self.contents.change(change.path, old, new)
        if found.same:
            return replace(change, relevance=Relevance.NO_OP, note=described(found, {}))
        if not found.distributions:
            return change
        if self._imported is None:
            self._imported = self.imported()
        return replace(change, note=described(found, self._imported))
