"""What the facts of one file ask for, as questions about names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from deploytool.domain.imports.facts import Dynamic, Import, Subject, When
from deploytool.domain.imports.reach.asking import Ask, AskKind, From, Key
from deploytool.domain.imports.reach.matching import is_dotted, is_shape, words_of
from deploytool.domain.imports.reach.namespace import Space
from deploytool.domain.imports.source.extract import DATA

PLAIN_FILES = (".py", ".csv", ".txt", ".md", ".html", ".xml", ".sql", ".sh", ".env", ".log")  # rather than a function


class Wish(NamedTuple):
    """One question of one file, and the line that puts it."""

    key: Key
    line: int = 0
    named: bool = False  # by a string or a computed name, not by an import statement
    startup: bool = False  # whenever the file is loaded, and no handler is prepared for its absence


def folder_above(path: str, level: int) -> str | None:
    """The folder that a relative import with so many dots starts from; None beyond the top of the image."""
    for _ in range(level):
        if not path:
            return None
        path = path.rpartition("/")[0]
    return path


def wishes_of_import(path: str, what: Import) -> Iterator[Wish]:
    """`path` is where the importing file was found."""
    folder = None
    if what.level:
        folder = folder_above(path, what.level)
        if folder is None:
            return
    startup = what.when in (When.TOP, When.MAIN) and not what.guarded
    for key in _keys_of_import(what, folder):
        yield Wish(key, what.line, startup=startup)


def _keys_of_import(what: Import, folder: str | None) -> tuple[Key, ...]:
    if not what.names:
        return (what.module,)
    if what.names == ("*",):
        return _dotted(what.module, folder), Ask(AskKind.STAR, what.module, folder)
    return (From(what.module, what.names, folder),)


def wishes_of_dynamic(path: str, what: Dynamic) -> Iterator[Wish]:
    """For one that is bounded."""
    for pattern in what.patterns:
        if what.subject is Subject.FILE:
            yield Wish(Ask(AskKind.FILES, pattern), what.line, True)
            continue
        name = pattern.lstrip(".")
        level = len(pattern) - len(name)
        folder = folder_above(path, level) if level else None
        if folder is None and level:
            continue
        yield Wish(Ask(AskKind.PATTERN, name, folder) if "*" in name else _dotted(name, folder), what.line, True)


def wishes_of_text(path: str, text: str, space: Space) -> Iterator[Wish]:
    """Of a constant in the code of the file at `path`."""
    if text.startswith(".") and text.strip(".").replace(".", "").isidentifier():
        name = text.lstrip(".")
        folder = folder_above(path, len(text) - len(name))
        if folder is not None and not text.endswith("."):
            yield Wish(_dotted(name, folder), 0, True)
    else:
        yield from wishes_of_word(text, space)


def wishes_of_word(text: str, space: Space) -> Iterator[Wish]:
    folder, _, name = text.rpartition("/")
    if name in space.by_name:
        yield Wish(Ask(AskKind.PROGRAM, text), 0, True)
    if not folder and name.partition(":")[0].partition(".")[0] in space.firsts:
        if is_dotted(text):
            yield Wish(Ask(AskKind.TEXT, text), 0, True)
        elif is_shape(text):
            yield Wish(Ask(AskKind.PATTERN, text), 0, True)


def wishes_when_open(text: str, space: Space) -> Iterator[Wish]:
    """Further ones of a text, where something imports whatever others name."""
    if text.endswith(DATA):
        yield Wish(Ask(AskKind.DATA, text), 0, True)
    elif text.partition(":")[0].partition(".")[0] in space.firsts:
        if text.isidentifier() or (is_dotted(text) and not text.endswith(PLAIN_FILES)):
            yield Wish(Ask(AskKind.LOOSE, text), 0, True)
        elif is_shape(text, 1):
            yield Wish(Ask(AskKind.PATTERN, text), 0, True)


def wishes_of_words(text: str, space: Space) -> Iterator[Wish]:
    """Of a whole argument, or the value of a variable."""
    for word in words_of(text):
        yield from wishes_of_word(word, space)


def _dotted(name: str, folder: str | None) -> Key:
    return name if folder is None else Ask(AskKind.BESIDE, name, folder)
