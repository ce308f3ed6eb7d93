"""A story's history as text that people can read: one file per commit, told in the order of the names.

A chapter begins with `date:`, `author:` and, where needed, `branch:` or `merges:`; after an empty line follows
the message, then the changes, each under a line of its own:

    === file PATH             the lines below are its content
    === program PATH          the same, executable
    === link PATH -> TARGET   a symbolic link
    === edit PATH             one or more pairs of `--- was` and `--- is`, in whole lines

Empty lines at the end of a part do not count, so chapters can be spaced for the eye.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

REGULAR, EXECUTABLE, LINK = 0o100644, 0o100755, 0o120000
MAIN = "main"
HEADING = re.compile(r"^=== (file|program|link|edit) (\S+)(?: -> (\S+))?$", re.MULTILINE)
PAIR = re.compile(r"^--- was\n(.*?)^--- is\n(.*?)(?=^--- was\n|\Z)", re.MULTILINE | re.DOTALL)


class BrokenStory(Exception):
    """A chapter does not follow from the ones before it: a mistake of ours that the tests must catch."""


@dataclass(frozen=True, slots=True)
class File:
    mode: int  # as git stores it
    content: bytes


@dataclass(frozen=True, slots=True)
class Edit:
    path: str
    was: str  # whole lines that stand exactly once in the file
    becomes: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One commit; `name` is its file's name without the ending."""

    name: str
    told_at: datetime  # of author and committer alike, with its offset
    author: str  # "Role <address>"
    branch: str
    merges: str  # the branch whose work comes in; empty for an ordinary commit
    message: str
    files: Mapping[str, File]
    edits: tuple[Edit, ...]


def chapters_in(folder: Path) -> tuple[Chapter, ...]:
    """Every chapter of a story, in order. Line endings are read as any, so no checkout can change a commit id."""
    return tuple(chapter_of(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.txt")))


def chapter_of(name: str, text: str) -> Chapter:
    """Read one chapter. Raises BrokenStory when a part of it is not understood."""
    top, _, rest = text.partition("\n\n")
    given = dict(line.split(": ", 1) for line in top.splitlines())
    message, *changes = re.split(r"^(?==== )", rest, flags=re.MULTILINE)
    files: dict[str, File] = {}
    edits: list[Edit] = []
    for change in changes:
        heading, _, body = change.partition("\n")
        found = HEADING.match(heading)
        if found is None:
            raise BrokenStory(f"{name}: cannot read {heading!r}")
        kind, path, target = found.groups()
        if kind == "edit":
            edits.extend(edits_of(name, path, body))
        else:
            files[path] = file_of(kind, target, body)
    return Chapter(
        name=name,
        told_at=datetime.fromisoformat(given["date"]),
        author=given["author"],
        branch=given.get("branch", MAIN),
        merges=given.get("merges", ""),
        message=lines_of(message),
        files=files,
        edits=tuple(edits),
    )


def file_of(kind: str, target: str | None, body: str) -> File:
    if kind == "link":
        return File(LINK, (target or "").encode())
    return File(EXECUTABLE if kind == "program" else REGULAR, lines_of(body).encode())


def edits_of(name: str, path: str, body: str) -> Iterator[Edit]:
    pairs = PAIR.findall(body)
    if not pairs:
        raise BrokenStory(f"{name}: the edit of {path} says nothing")
    for was, becomes in pairs:
        yield Edit(path, lines_of(was), lines_of(becomes))


def lines_of(text: str) -> str:
    """Text without empty lines at its end, and with a line feed after its last line, if it has one."""
    kept = text.rstrip("\n")
    return f"{kept}\n" if kept else ""
