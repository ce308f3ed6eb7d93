"""Which files that are not Python a program may read.

All of them, but for documents: those are left out where nothing reachable could name them. A program reads a file that
it never names only after listing a folder, and the folders it can list without naming one are its own and its working
folder: so a file that lists makes readable what lies in its folder and below, and what lies in a folder of sys.path
itself. To list any other folder a text must name that one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from deploytool.domain.image_layout import Layout
from deploytool.domain.imports.closure import Closure
from deploytool.domain.imports.reach.matching import fits

DOCUMENTS = (".md", ".rst")
TESTS = frozenset(("test", "tests", "__tests__"))


class Said(NamedTuple):
    """The last parts of all that reachable texts could name, in lower case."""

    names: frozenset[str]  # of files or folders
    suffixes: frozenset[str]  # ".md"
    patterns: tuple[tuple[str, ...], ...]  # the pieces between `*`


def reads(closure: Closure, layout: Layout, path: str) -> bool:
    """May the program read the file at this path of the image? For files that are not Python."""
    if closure.everything or path in closure.reached or not _is_document(path):
        return True
    folder, _, name = path.lower().rpartition("/")
    said = _said(closure.strings)
    if name in said.names or any(name.endswith(suffix) for suffix in said.suffixes):
        return True
    if any(fits(pieces, name) for pieces in said.patterns):
        return True
    return _in_named_folder(folder, said, _tops(closure.roots)) or _in_listed_folder(path, closure)


def _is_document(path: str) -> bool:
    """A module below `tests` is none: whether it is loaded is told by the imports."""
    lower = path.lower()
    return lower.endswith(DOCUMENTS) or not (lower.endswith(".py") or TESTS.isdisjoint(lower.split("/")[:-1]))


def _in_named_folder(folder: str, said: Said, tops: frozenset[str]) -> bool:
    """A folder that holds the program itself is named for its modules, not for its documents."""
    while folder and folder not in tops:
        folder, _, name = folder.rpartition("/")
        if name in said.names:
            return True
    return False


def _in_listed_folder(path: str, closure: Closure) -> bool:
    folder = path.rpartition("/")[0]
    if closure.lists and (folder or "/") in closure.roots:
        return True
    listing = _folders(closure.lists)
    while folder not in listing:
        if not folder:
            return False
        folder = folder.rpartition("/")[0]
    return True


@lru_cache(maxsize=64)
def _folders(files: frozenset[str]) -> frozenset[str]:
    return frozenset(file.rpartition("/")[0] for file in files)


@lru_cache(maxsize=64)
def _tops(roots: tuple[str, ...]) -> frozenset[str]:
    """The roots of sys.path and the folders above them, in lower case."""
    tops = set()
    for root in roots:
        folder = root.lower().rstrip("/")
        while folder and folder not in tops:
            tops.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(tops)


@lru_cache(maxsize=64)
def _said(strings: frozenset[str]) -> Said:
    names: set[str] = set()
    suffixes: set[str] = set()
    patterns: set[tuple[str, ...]] = set()
    for text in strings:
        name = text.lower().rstrip("/").rpartition("/")[2]
        if "*" in name:
            pieces = tuple(name.split("*"))
            if any(pieces):
                patterns.add(pieces)
        elif name.startswith(".") and name.count(".") == 1 and len(name) > 1:
            suffixes.add(name)
            names.add(name)
        elif name:
            names.add(name)
    return Said(frozenset(names), frozenset(suffixes), tuple(sorted(patterns)))
