"""The questions that files ask of an image, and their answers: which files may be meant.

A plain text is an absolute dotted name, by far the most frequent question. The answers hold for the roots of the
moment; `firsts_of` says which new roots could change one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum, auto
from typing import NamedTuple

from deploytool.domain.imports.reach.matching import fits, paths_like, programs_in
from deploytool.domain.imports.reach.namespace import module_name
from deploytool.domain.imports.reach.resolve import Level, Names

ANY_FIRST = ""  # of a question that every new root may answer
MOST_ATTRIBUTES = 2  # `package.module.Class.method`


class AskKind(StrEnum):
    BESIDE = auto()  # a dotted name in one folder and in the packages it is: a relative import
    STAR = auto()  # what `from name import *` loads besides the name itself
    MAIN = auto()  # a dotted name, run with `-m`
    PATTERN = auto()  # dotted, with `*`
    TEXT = auto()  # text that may be a dotted name of a module or of something in it
    PROGRAM = auto()  # text that may be the path of a program
    LOOSE = auto()  # like TEXT, where a module of one part is enough: `jobs.Run`, `jobs`
    DATA = auto()  # text that may be the path of a file with settings
    FILES = auto()  # a path, perhaps with `*`, of what is loaded as Python
    SCRIPT = auto()  # a file as named, run as Python
    PLACED = auto()  # files as named, separated by NUL


class Ask(NamedTuple):
    kind: AskKind
    text: str
    folder: str | None = None  # what a name is relative to; None: the roots


class From(NamedTuple):
    """`from module import names`: each name may be a submodule."""

    module: str
    names: tuple[str, ...]
    folder: str | None = None


Key = str | Ask | From

# What these questions find may run as the program itself.
RUN = frozenset((AskKind.SCRIPT, AskKind.MAIN, AskKind.TEXT, AskKind.PROGRAM, AskKind.FILES))


def firsts_of(key: Key) -> Iterable[str]:
    """The first parts of dotted names on which the answer depends."""
    if isinstance(key, str):
        return (key.partition(".")[0],)
    if key.folder is not None:
        return key.folder.split("/")[1:]
    if isinstance(key, From):
        return (key.module.partition(".")[0],)
    if key.kind in (AskKind.PROGRAM, AskKind.DATA, AskKind.FILES, AskKind.SCRIPT, AskKind.PLACED):
        return ()
    name = known_part(key.text) if key.kind is AskKind.PATTERN else key.text.partition(":")[0]
    return (name.partition(".")[0] or ANY_FIRST,)


def answer_of(key: Key, names: Names) -> Iterator[str]:
    """The files, as named, that may be meant; with a module those of its packages too. Raises TooManyNames."""
    if isinstance(key, str):
        yield from files_of(names, None, key)
        return
    if isinstance(key, From):
        yield from _files_from(names, key)
        return
    match key.kind:
        case AskKind.BESIDE:
            yield from files_of(names, key.folder, key.text)
        case AskKind.MAIN:
            yield from files_of(names, None, f"{key.text}.__main__")
        case AskKind.PATTERN:
            for name in sorted(_fitting(names, key)):
                yield from files_of(names, key.folder, name)
        case AskKind.TEXT:
            yield from _mentioned(names, key.text)
        case AskKind.PROGRAM:
            yield from programs_in(names.space, key.text)
        case AskKind.LOOSE:
            yield from _mentioned(names, key.text, 1)
        case AskKind.FILES | AskKind.DATA:
            yield from paths_like(names.space, key.text)
        case AskKind.SCRIPT:
            yield key.text
        case AskKind.PLACED:
            yield from key.text.split("\0")


def files_of(names: Names, folder: str | None, name: str) -> Iterator[str]:
    """The files of a module and of the packages around it, as far as each exists."""
    for levels, _ in names.ways(folder, name):
        for level in levels:
            yield from level.files


def _files_from(names: Names, key: From) -> Iterator[str]:
    for levels, level in names.ways(key.folder, key.module):
        for each in levels:
            yield from each.files
        for name in key.names if level.folders else ():
            yield from names.step(level, name).files


def known_part(pattern: str) -> str:
    """The whole components of a dotted pattern before its first `*`."""
    return pattern.partition("*")[0].rpartition(".")[0]


def _fitting(names: Names, key: Ask) -> set[str]:
    """The dotted names of modules that a pattern fits."""
    pieces = key.text.split("*")
    known = known_part(key.text)
    starts = [known] if known or key.folder is not None else names.starting_with(pieces[0])
    found: set[str] = set()
    for start in starts:
        for _, level in names.ways(key.folder, start):
            found.update(name for name in _names_below(names, level, start) if fits(pieces, name))
    return found


def _names_below(names: Names, level: Level, name: str) -> Iterator[str]:
    """The dotted name of every module at or below a level that has this name."""
    if level.files:
        yield name
    for folder in level.folders:
        for path in names.space.below(folder):
            *parents, file = path[len(folder) + 1 :].split("/")
            module = module_name(file)
            if module is not None:
                last = () if module == "__init__" else (module,)
                yield ".".join((*((name,) if name else ()), *parents, *last))


def _mentioned(names: Names, text: str, least: int = 2) -> Iterator[str]:
    """A module by its full name, or by that of something in it: so many parts at least must be the module's."""
    module, colon, _ = text.partition(":")
    parts = module.split(".")
    levels = names.levels(module)
    depth = len(levels)
    if depth == len(parts) if colon else depth >= max(least, len(parts) - MOST_ATTRIBUTES):
        for level in (*levels, *names.levels(f"{module}.__main__")):
            yield from level.files
