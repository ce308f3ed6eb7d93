"""What one source file asks for: its imports, and whatever else can make Python load a file.

Facts depend on the bytes of the file alone, never on where it lies, so they are kept by blob id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol


class When(StrEnum):
    """What must happen before an import runs."""

    TOP = "top"  # the module is loaded
    FUNCTION = "function"  # a function is called
    MAIN = "main"  # the file is run as the program: below `if __name__ == "__main__"`
    TYPE_CHECKING = "type-checking"  # never, at run time


@dataclass(frozen=True, slots=True)
class Import:
    """`import module` (no names) or `from module import names`; `level` counts the leading dots."""

    module: str
    names: tuple[str, ...] = ()  # ("*",) for a star
    level: int = 0
    line: int = 0
    when: When = When.TOP
    guarded: bool = False  # inside a `try` whose handler would catch ImportError


class Subject(StrEnum):
    """What a computed name is a name of."""

    MODULE = "module"  # dotted, relative ones begin with dots; `*` stands for an unknown part of any length
    FILE = "file"  # a path as text, `*` likewise; relative to a folder that is not known


@dataclass(frozen=True, slots=True)
class Dynamic:
    """An import by a computed name. Unbounded: it may load anything of the image, and `why` says so to a person."""

    line: int
    subject: Subject = Subject.MODULE
    patterns: tuple[str, ...] = ()  # everything it may load, when `bounded`
    bounded: bool = True
    why: str = ""  # `import_module(name): name comes from os.environ`
    when: When = When.TOP
    guarded: bool = False
    open: bool = False  # besides, whatever other files name: they pass the name on, or a file that it is read from
    altered: str = ""  # counts only when a file that is loaded changes a name of another module that is called so


class Origin(StrEnum):
    FILE = "file"  # from the source file itself: `path` ".." is its folder
    CWD = "cwd"  # from the folder the program is started in
    ROOT = "root"  # absolute


@dataclass(frozen=True, slots=True)
class Anchor:
    """A folder or file named in code, before it is known where that code lies."""

    origin: Origin
    path: str  # `/`-separated, may hold `..`; joined to the origin and normalised by whoever knows the place


@dataclass(frozen=True, slots=True)
class PathEdit:
    """A change of `sys.path`. `folder` is None when it cannot be told; then any folder may have been added."""

    line: int
    folder: Anchor | None
    why: str = ""
    when: When = When.TOP


@dataclass(frozen=True, slots=True)
class Facts:
    imports: tuple[Import, ...] = ()
    dynamics: tuple[Dynamic, ...] = ()
    edits: tuple[PathEdit, ...] = ()
    exports: tuple[str, ...] | None = ()  # `__all__`: what a star import loads; None when it cannot be told
    strings: tuple[str, ...] = ()  # constants, docstrings aside, that could name a module or a file; sorted
    words: tuple[
        str, ...
    ] = ()  # constants that are one plain word, which names a module when an import is open; sorted
    alters: tuple[str, ...] = ()  # names of other modules that it changes or adds to; "*": any; sorted
    moves: tuple[Anchor | None, ...] = ()  # where it changes the working folder to; None when it cannot be told
    lists: bool = False  # it lists folders (iterdir, listdir, glob, walk), so it may read files that it never names
    error: str = ""  # why it could not be read; then it may ask for anything
    error_line: int = 0


class FactsOf(Protocol):
    """Facts by blob id, from a cache or from git."""

    def of(self, blobs: Mapping[str, str]) -> Mapping[str, Facts]:
        """The facts of each blob id; the values are a file name of it, which tells the language. In one wave.

        Raises KeyError when git does not have one of them.
        """
        ...

    def of_text(self, text: str, name: str) -> Facts:
        """The facts of a file that is not in git: a heredoc of the Dockerfile."""
        ...


def equal_but_for_lines(one: Facts, other: Facts) -> bool:
    """Do both ask for the same, wherever in the file?"""
    return _without_lines(one) == _without_lines(other)


def _without_lines(facts: Facts) -> Facts:
    return replace(
        facts,
        imports=tuple(replace(each, line=0) for each in facts.imports),
        dynamics=tuple(replace(each, line=0) for each in facts.dynamics),
        edits=tuple(replace(each, line=0) for each in facts.edits),
        error_line=0,
    )
