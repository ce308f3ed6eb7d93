"""An image's files as Python's import system sees them: folders, the modules in each, links followed.

Paths are absolute in the image and *as named*: they may pass links, because a relative import goes by the name under
which its file was found. `place` tells the real path. The folder "/" is written "".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.image_layout import Placed
from deploytool.domain.links import MOST_HOPS
from deploytool.domain.tree import LINK, SUBMODULE

_LIBRARY = re.compile(r"/usr(/local)?/lib/python3(\.\d+)?\Z")
EXECUTABLE = 0o100755
COMMAND_FOLDERS = ("/bin", "/sbin")
MOST_NAMES = 100_000  # further names that links give to files; there can be any number of them


class TooManyNames(Exception):
    """Links multiply the names of this image beyond what is worth following."""


class Place(NamedTuple):
    """Where a path really leads, and the links on the way. A path below a submodule leads to the submodule."""

    path: str
    links: tuple[str, ...] = ()


@dataclass(slots=True)
class Listing:
    """One real folder. A link counts as what it leads to; a submodule as a folder."""

    files: list[str] = field(default_factory=list)
    folders: dict[str, None] = field(default_factory=dict)  # in order
    modules: dict[str, list[str]] = field(default_factory=dict)  # module name -> files; `__init__` is one of them
    python: bool = False  # a module, link or submodule is in it or below: else it is no namespace package


def module_name(file: str) -> str | None:
    """The name under which Python would import a file of this name."""
    if file.endswith(".py"):
        return file[:-3]
    if file.endswith(".so"):
        return file.partition(".")[0]
    return file[:-4] if file.endswith(".pyc") else None


def as_folder(path: str) -> str:
    """An absolute path as this module writes it."""
    return "" if path == "/" else path


def is_library(folder: str) -> bool:
    """Is it on sys.path in every Python that an image may have?"""
    return folder.endswith(("/site-packages", "/dist-packages")) or _LIBRARY.match(folder) is not None


class Space:
    """The file system of one image."""

    def __init__(self, files: Mapping[str, Placed]) -> None:
        """Raises TooManyNames."""
        special = [path for path, placed in files.items() if placed.mode in (LINK, SUBMODULE)]
        self.links = [path for path in special if files[path].mode == LINK]
        self.indirect = bool(special)  # are there links or submodules, so that a path needs following?
        self.laid: Mapping[str, str] = {}  # the layout's name of a file that was copied to a place behind a link
        self.files = files
        if self.links:
            self.files, self.laid = _straightened(files)
        self.listings: dict[str, Listing] = {"": Listing()}
        self._places: dict[str, Place | None] = {}
        for path in self.files:
            folder, _, name = path.rpartition("/")
            listing = self.listings.get(folder) or self._made(folder)
            if not self.indirect or self.files[path].mode not in (LINK, SUBMODULE):
                self._add(folder, listing, name)
        for path in special:
            if path in self.files:
                self._add_link(path, *path.rsplit("/", 1))

    def _made(self, folder: str) -> Listing:
        made = self.listings[folder] = Listing()
        while folder:
            folder, _, name = folder.rpartition("/")
            known = folder in self.listings
            self.listings.setdefault(folder, Listing()).folders[name] = None
            if known:
                break
        return made

    def _add(self, folder: str, listing: Listing, name: str) -> None:
        listing.files.append(name)
        module = module_name(name)
        if module is not None:
            listing.modules.setdefault(module, []).append(name)
            self._mark(folder)

    def _add_link(self, path: str, folder: str, name: str) -> None:
        listing = self.listings[folder]
        place = self.place(path)
        if place is None:
            return  # it leads out of what git knows of the image
        self._mark(folder)
        if place.path in self.listings or self.is_submodule(place.path):
            listing.folders[name] = None
        else:
            self._add(folder, listing, name)

    def _mark(self, folder: str) -> None:
        while not self.listings[folder].python:
            self.listings[folder].python = True
            folder = folder.rpartition("/")[0]

    @cached_property
    def firsts(self) -> frozenset[str]:
        """Every name that an import could begin with, whatever the roots."""
        listings = self.listings.values()
        return frozenset(name for listing in listings for names in (listing.modules, listing.folders) for name in names)

    def is_submodule(self, path: str) -> bool:
        placed = self.files.get(path)
        return placed is not None and placed.mode == SUBMODULE

    def place(self, path: str) -> Place | None:
        """The real file, folder or submodule at `path`; None when there is none."""
        placed = self.files.get(path)
        if path in self.listings or (placed is not None and placed.mode != LINK):
            return Place(path)  # nothing lies below a link: that was made straight
        if not self.indirect:
            return None
        if path not in self._places:
            self._places[path] = self._followed(path)
        return self._places[path]

    def _followed(self, path: str) -> Place | None:
        place = _behind(path, self.files)
        if place is None or place.path in self.files or place.path in self.listings:
            return place
        return None

    def joined(self, folder: str, path: str) -> Iterator[str]:
        """A path from a folder: with `..` taken back in the text, and as the system walks through links."""
        text = f"{folder}/{path}"
        yield as_folder(cleaned("/" + text))
        place = self.place(text) if self.indirect else None
        if place is not None:
            yield place.path

    def listing(self, folder: str) -> Listing | None:
        """What the folder of this name holds; None when it is no folder, or a submodule."""
        found = self.listings.get(folder)
        if not self.indirect or found is not None:
            return found
        place = self.place(folder)
        return None if place is None else self.listings.get(place.path)

    def below(self, folder: str) -> Iterator[str]:
        """Every file at any depth below a folder, as named; a way through a folder that it came from is gone once.

        Raises TooManyNames.
        """
        start = self.place(folder)
        pending: list[tuple[str, str, tuple[str, ...]]] = [] if start is None else [(folder, start.path, ())]
        names = 0  # of files, beyond one for each
        while pending:
            here, real, above = pending.pop()
            if above.count(real) > 1:
                continue
            listing = self.listings.get(real)
            if listing is None:
                yield here  # a submodule
                continue
            names += (here != real) * (1 + len(listing.files) + len(listing.folders))
            if names > MOST_NAMES:
                raise TooManyNames
            chain = (*above, real) if self.indirect else ()
            for name in reversed(listing.folders):
                place = self.place(f"{real}/{name}")
                if place is not None:
                    pending.append((f"{here}/{name}", place.path, chain))
            for name in listing.files:
                yield f"{here}/{name}"

    def executable(self, path: str) -> bool:
        place = self.place(path)
        placed = None if place is None else self.files.get(place.path)
        return placed is not None and placed.mode == EXECUTABLE

    @cached_property
    def commands(self) -> frozenset[str]:
        """The executables that are found by their bare name."""
        folders = [(folder, listing) for folder, listing in self.listings.items() if folder.endswith(COMMAND_FOLDERS)]
        return frozenset(
            name for folder, listing in folders for name in listing.files if self.executable(f"{folder}/{name}")
        )

    @cached_property
    def by_name(self) -> Mapping[str, list[str]]:
        """Every file, as named, by the last part of its path. Raises TooManyNames."""
        named: dict[str, list[str]] = {}
        for path in self.below("") if self.indirect else self.files:
            named.setdefault(path.rpartition("/")[2], []).append(path)
        return named


def _straightened(files: Mapping[str, Placed]) -> tuple[Mapping[str, Placed], Mapping[str, str]]:
    """Files that were copied below a link lie where it leads; also the layout's names of those. Raises TooManyNames."""
    folders = {folder for path in files for folder in (path.rpartition("/")[0],)}
    if not any(_passes_link(folder, files) for folder in folders):
        return files, {}
    real: dict[str, Placed] = {}
    laid: dict[str, str] = {}
    for path, placed in files.items():
        folder, _, name = path.rpartition("/")
        place = _behind(folder, files)
        target = path if place is None else f"{place.path}/{name}"
        if real.setdefault(target, placed) != placed:
            raise TooManyNames  # two files for one place: which of them is there depends on the order of the steps
        if target != path:
            laid[target] = path
    return real, laid


def _passes_link(folder: str, files: Mapping[str, Placed]) -> bool:
    while folder:
        placed = files.get(folder)
        if placed is not None and placed.mode == LINK:
            return True
        folder = folder.rpartition("/")[0]
    return False


def _behind(path: str, files: Mapping[str, Placed]) -> Place | None:
    """Follow every link, whether or not something lies there; None in a circle."""
    steps = path.split("/")[::-1]
    real = ""
    passed: list[str] = []
    while steps:
        step = steps.pop()
        if step in ("", "."):
            continue
        if step == "..":
            real = real.rpartition("/")[0]
            continue
        here = f"{real}/{step}"
        placed = files.get(here)
        if placed is not None and placed.mode == SUBMODULE:
            return Place(here, tuple(passed))
        if placed is None or placed.mode != LINK:
            real = here
            continue
        passed.append(here)
        if len(passed) > MOST_HOPS:
            return None
        real = "" if placed.text.startswith("/") else real
        steps.extend(placed.text.split("/")[::-1])
    return Place(real, tuple(passed))
