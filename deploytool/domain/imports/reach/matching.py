"""Names and paths with unknown parts, and what text in code may be a name of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from deploytool.domain.imports.reach.namespace import Space

_WORD = re.compile(r"""[^\s"'`;&|()<>=,\[\]{}]+""")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*(?::[\w.]*(?:\(.*\))?)?\Z", re.DOTALL)
_SHAPE = re.compile(r"[\w.*]+\Z")
_SOURCES = (".py", ".sh")


def fits(pieces: Sequence[str], text: str) -> bool:
    """Does the text consist of these pieces in order, with anything between two of them?"""
    if len(pieces) == 1:
        return text == pieces[0]
    first, last = pieces[0], pieces[-1]
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in pieces[1:-1]:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def tail_of(path: str) -> str:
    """The part of a path that says something wherever it starts: without `.`, and from behind the last `..`."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    while ".." in parts:
        parts = parts[parts.index("..") + 1 :]
    return "/".join(parts)


def paths_like(space: Space, pattern: str) -> Iterator[str]:
    """Files, as named, whose path ends with this one by whole components; `*` is any text. Raises TooManyNames."""
    tail = tail_of(pattern)
    name = tail.rpartition("/")[2]
    pieces = ("*/" + tail).split("*")
    if not tail:
        return
    for found in (name,) if "*" not in name else space.by_name:
        for path in space.by_name.get(found, ()):
            if fits(pieces, path):
                yield path


def words_of(text: str) -> Iterator[str]:
    """The text itself, and what a shell would read as its words."""
    yield text
    for word in _WORD.findall(text):
        if word != text:
            yield word


def is_dotted(text: str) -> bool:
    """Has the text the form of a module's name, or of something in it: `a.b`, `a.b.Class`, `a:app`?"""
    return ("." in text or ":" in text) and _DOTTED.match(text) is not None


def is_shape(text: str, least: int = 2) -> bool:
    """Is it the shape of a name that is put together: `package.folder.*`? So many parts must be known."""
    return "*" in text and text.partition("*")[0].count(".") >= least and _SHAPE.match(text) is not None


def programs_in(space: Space, text: str) -> Iterator[str]:
    """The files, as named, that a text names as programs: `x.py`, `bin/x.sh`, the path of an executable."""
    if not text.endswith(_SOURCES) and "/" not in text and "." not in text and text not in space.commands:
        return
    for path in paths_like(space, text) if "*" not in text and text != "__init__.py" else ():
        if text.endswith(_SOURCES) or space.executable(path):
            yield path
