"""Which files answer to a dotted name, under every root that has an answer.

The order of `sys.path` at run time is not known for certain, so all roots answer, each by itself: what one of them
would load is reached. `found_in_order` asks the other question: would Python, in its own order, find it?
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from deploytool.domain.imports.reach.namespace import Space


class Level(NamedTuple):
    """What one dotted name is. A folder without `__init__` that holds modules somewhere is a folder without files."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()  # where its submodules are looked for

    @property
    def found(self) -> bool:
        return bool(self.files or self.folders)


NOTHING = Level()


class Names:
    """Dotted names under roots that may become more."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.roots: dict[str, None] = {}
        self._having: dict[str, list[str]] = {}  # first part of a name -> the roots that have it
        self._levels: dict[str, tuple[Level, ...]] = {}
        self._packages: dict[str, tuple[str, ...]] = {}
        self._beside: dict[tuple[str, str], tuple[Level, ...]] = {}

    def add(self, roots: Iterable[str]) -> dict[str, None]:
        """Look in these folders too; the first parts of names to which the answer may have changed."""
        changed: dict[str, None] = {}
        for root in roots:
            listing = self.space.listing(root) if root not in self.roots else None
            self.roots[root] = None
            for first in () if listing is None else (*listing.modules, *listing.folders):
                self._having.setdefault(first, []).append(root)
                changed[first] = None
        self._levels.clear()
        self._packages.clear()
        return changed

    def levels(self, name: str) -> tuple[Level, ...]:
        """The answer for every leading part of a name, as far as there is one."""
        found = self._levels.get(name)
        if found is not None:
            return found
        above, _, last = name.rpartition(".")
        levels = self._levels.get(above) if above else ()
        if levels is None:
            return self._levels.setdefault(name, self._each_level(name))
        if not above or (len(levels) > above.count(".") and levels[-1].folders):
            start = levels[-1] if above else Level((), tuple(self._having.get(last, ())))
            here = self.step(start, last)
            levels = (*levels, here) if here.found else levels
        self._levels[name] = levels
        return levels

    def _each_level(self, name: str) -> tuple[Level, ...]:
        """From the first part on: a name may have thousands, of which the first is not there."""
        done = ""
        levels: tuple[Level, ...] = ()
        for depth, part in enumerate(name.split(".")):
            done = f"{done}.{part}" if done else part
            levels = self.levels(done)
            if len(levels) <= depth:
                break
        return levels

    def level(self, name: str) -> Level:
        return self._way(name)[1]

    def beside(self, folder: str, name: str) -> tuple[Level, ...]:
        """Like `levels`, for a name that is looked for in one folder; its own level, as a package, comes first."""
        key = (folder, name)
        if key not in self._beside:
            here = Level(self._package(folder), (folder,))
            levels = [here]
            for part in name.split(".") if name else ():
                here = self.step(here, part)
                if not here.found:
                    break
                levels.append(here)
            self._beside[key] = tuple(levels)
        return self._beside[key]

    def ways(self, folder: str | None, name: str) -> Iterator[tuple[Sequence[Level], Level]]:
        """Each way to read a name: the levels on it, and that of the name itself.

        An absolute name has one. One that is relative to a folder has one there, and one more for every name that the
        folder has as a package: the parts of a namespace package lie in several places.
        """
        if folder is None:
            yield self._way(name)
            return
        levels = self.beside(folder, name)
        wanted = 1 + (name.count(".") + 1 if name else 0)
        yield levels, levels[-1] if len(levels) == wanted else NOTHING
        for package in self.packages(folder):
            if package:
                yield self._way(f"{package}.{name}" if name else package)

    def _way(self, name: str) -> tuple[Sequence[Level], Level]:
        levels = self.levels(name)
        return levels, levels[-1] if len(levels) > name.count(".") else NOTHING

    def starting_with(self, text: str) -> list[str]:
        """The first parts of names that begin like this."""
        return [first for first in self._having if first.startswith(text)]

    def step(self, above: Level, part: str) -> Level:
        """What `part` is in the folders of the level above: a module, a package and a namespace alike."""
        files: list[str] = []
        folders: list[str] = []
        for folder in above.folders:
            listing = self.space.listing(folder)
            if listing is None:
                files.append(folder)  # a submodule: whatever is asked of it may be in it
                folders.append(folder)
                continue
            if part in listing.folders:
                package = f"{folder}/{part}"
                if self._is_python(package):
                    folders.append(package)
                    files.extend(self._package(package))
            files.extend(f"{folder}/{name}" for name in listing.modules.get(part, ()))
        return Level(tuple(files), tuple(folders)) if files or folders else NOTHING

    def _is_python(self, folder: str) -> bool:
        listing = self.space.listing(folder)
        return listing is None or listing.python

    def _package(self, folder: str) -> tuple[str, ...]:
        listing = self.space.listing(folder)
        if listing is None:
            return (folder,)
        return tuple(f"{folder}/{name}" for name in listing.modules.get("__init__", ()))

    def packages(self, folder: str) -> tuple[str, ...]:
        """The dotted names that a folder has below the roots; "" when it is one of them itself."""
        if folder not in self._packages:
            self._packages[folder] = tuple(self._packages_of(folder))
        return self._packages[folder]

    def _packages_of(self, folder: str) -> Iterator[str]:
        parts: list[str] = []
        while True:
            if folder in self.roots:
                yield ".".join(reversed(parts))
            if not folder:
                return
            folder, _, name = folder.rpartition("/")
            parts.append(name)

    def submodules(self, level: Level) -> Iterator[str]:
        """The last parts of the names directly below a level."""
        for folder in level.folders:
            listing = self.space.listing(folder)
            for name in () if listing is None else (*listing.modules, *listing.folders):
                if name != "__init__":
                    yield name

    def found_in_order(self, name: str, roots: Sequence[str]) -> bool:
        """Would Python find it, in this order: in each folder a package, then a module, namespaces only at the end?"""
        folders = tuple(roots)
        for part in name.split("."):
            folders, found = self._first_of(folders, part)
            if not found:
                return False
        return True

    def _first_of(self, folders: Sequence[str], part: str) -> tuple[tuple[str, ...], bool]:
        """The folders in which the next part is looked for, and whether this one is there at all."""
        spaces: list[str] = []
        for folder in folders:
            listing = self.space.listing(folder)
            if listing is None:
                if self.space.place(folder) is not None:
                    return (folder,), True  # a submodule
                continue  # a root that is not there
            package = f"{folder}/{part}"
            if part in listing.folders:
                if self._package(package):
                    return (package,), True
                spaces += [package] if self._is_python(package) else []
            if part in listing.modules:
                return (), True
        return tuple(spaces), bool(spaces)
