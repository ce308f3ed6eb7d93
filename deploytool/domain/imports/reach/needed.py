"""What reachable files import and no file of the image answers to.

Here, and only here, Python's own order counts: a package in an earlier folder of sys.path hides whatever later folders
have under its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from deploytool.domain.imports.closure import Needed
from deploytool.domain.imports.facts import Dynamic, Facts, Import, Subject, When
from deploytool.domain.imports.reach.requests import folder_above
from deploytool.domain.imports.reach.resolve import NOTHING, Names


@dataclass(slots=True)
class Judge:
    """Says which imports find nothing. `orders`: the sys.path of each process, as far as it is known for certain."""

    names: Names
    orders: Sequence[tuple[str, ...]]
    _known: dict[str, bool] = field(default_factory=dict)
    _later: list[str] = field(default_factory=list)  # roots added while the program runs, we do not know where

    def __post_init__(self) -> None:
        certain = {root for order in self.orders for root in order}
        self._later = [root for root in self.names.roots if root not in certain]

    def needs(self, path: str, by: str, facts: Facts, whens: frozenset[When]) -> Iterator[Needed]:
        """Of one file, found at `path` and reported as `by`."""
        firsts = self.names.space.firsts
        for each in facts.imports:
            if each.when not in whens:
                continue
            if not each.level and each.module.partition(".")[0] not in firsts:
                yield Needed(each.module, by, each.line, each.when, each.guarded, each.names)
            else:
                yield from self._import(path, by, each)
        for dynamic in facts.dynamics:
            if dynamic.when in whens and dynamic.bounded and dynamic.subject is Subject.MODULE:
                yield from self._dynamic(path, by, dynamic)

    def finds(self, name: str) -> bool:
        """Is there a module or package of this absolute name, where Python looks first?"""
        if name not in self._known:
            self._known[name] = self.names.level(name).found and not self._hidden(name)
        return self._known[name]

    def _dynamic(self, path: str, by: str, what: Dynamic) -> Iterator[Needed]:
        """Of several names that a value may have, some may be none that it ever has: then each is needed perhaps."""
        missing: list[Needed] = []
        names = [pattern for pattern in what.patterns if pattern.strip(".") and not pattern.endswith((".", "*"))]
        for pattern in (one for one in names if "*" not in one):
            name = pattern.lstrip(".")
            each = Import(name, (), len(pattern) - len(name), what.line, what.when, what.guarded)
            missing += self._import(path, by, each)
        perhaps = len(missing) < len(what.patterns)
        yield from (one._replace(perhaps=perhaps) for one in missing)

    def _import(self, path: str, by: str, what: Import) -> Iterator[Needed]:
        folder = folder_above(path, what.level) if what.level else None
        if what.level and (folder is None or self._beyond_top(path, folder)):
            name = "." * what.level + what.module
            yield Needed(name, by, what.line, what.when, what.guarded, what.names)
            return
        missing = self._missing(what, folder)
        if missing is not None:
            yield Needed(self._full(what, folder), by, what.line, what.when, what.guarded, missing)

    def _missing(self, what: Import, folder: str | None) -> tuple[str, ...] | None:
        """The names that are not there, all of them when the module itself is not; None when all is well."""
        if folder is None:
            if not self.finds(what.module):
                return what.names
            files = self.names.level(what.module).files
        else:
            levels = [level for _, level in self.names.ways(folder, what.module) if level.found]
            if not levels:
                return what.names
            files = tuple(file for level in levels for file in level.files)
        if files:
            return None  # what is no submodule may be an attribute
        below = [f"{what.module}.{name}" if what.module else name for name in what.names if name != "*"]
        absent = tuple(name.rpartition(".")[2] for name in below if not self._is_there(folder, name))
        return absent or None

    def _is_there(self, folder: str | None, name: str) -> bool:
        return any(level is not NOTHING and level.found for _, level in self.names.ways(folder, name))

    def _beyond_top(self, path: str, folder: str) -> bool:
        """Is the file in no package, under any root, that goes so far up? A file below no root is loaded otherwise."""
        if not any(True for _ in self.names.packages(path.rpartition("/")[0])):
            return False
        return not any(self.names.packages(folder))

    def _full(self, what: Import, folder: str | None) -> str:
        if folder is None:
            return what.module
        package = next((each for each in self.names.packages(folder) if each), "")
        if not package:
            return "." * what.level + what.module
        return f"{package}.{what.module}" if what.module else package

    def _hidden(self, name: str) -> bool:
        """Does a package that Python finds first lack what another one of its name has?"""
        first, _, rest = name.partition(".")
        if not rest:
            return False
        for order in self.orders:
            if self.names.found_in_order(name, order) or not self.names.found_in_order(first, order):
                return False
        return bool(self.orders) and not any(self.names.found_in_order(name, (root,)) for root in self._later)


def needed_of(judge: Judge, files: Iterable[tuple[str, str, Facts | None, frozenset[When]]]) -> tuple[Needed, ...]:
    """Each once per name and line. `files`: where found, as reported, what they ask for, what of that counts."""
    found: dict[tuple[str, tuple[str, ...], str, int], Needed] = {}
    for path, by, facts, whens in files:
        for each in judge.needs(path, by, facts, whens) if facts is not None else ():
            found.setdefault((each.name, each.names, each.by, each.line), each)
    return tuple(found.values())
