"""A Dockerfile as instructions: continuations joined, comments dropped, heredocs collected, flags set apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from deploytool.domain.dockerfile_words import BLANKS, Unreadable, Words

LARGEST = 1024 * 1024  # bytes
LONGEST_LINE = 65_535  # bytes; Docker refuses longer ones
MOST_LINES = 50_000
MOST_INSTRUCTIONS = 10_000

_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(.*?)[ \t\r]*\Z")
_SPACES = re.compile(r"[ \t\v\f\r\n]+")
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)\Z")
_WITH_HEREDOCS = ("ADD", "COPY", "RUN")


class Heredoc(NamedTuple):
    name: str
    text: str
    expands: bool  # `<<"EOF"` does not


class Instruction(NamedTuple):
    line: int  # of its first line, counted from 1
    name: str  # upper case
    flags: tuple[str, ...]
    rest: str
    heredocs: tuple[Heredoc, ...] = ()


@dataclass(slots=True)
class Lines:
    """The physical lines and how far they are read."""

    lines: list[str]
    words: Words
    at: int = 0
    syntax: str = ""
    seen: set[str] = field(default_factory=set)


def lines_of(content: bytes) -> Lines:
    """The lines with the parser directives at their top obeyed. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(f"larger than {LARGEST} bytes", too_large=True)
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    if text.count("\n") > MOST_LINES:
        raise Unreadable(f"more than {MOST_LINES} lines", too_large=True)
    found = Lines([line.rstrip("\r") for line in text.split("\n")], Words())
    for line in found.lines:
        match = _DIRECTIVE.match(line)
        if match is None:
            break
        _obey(found, match[1].lower(), match[2])
    return found


def _obey(lines: Lines, key: str, value: str) -> None:
    if key not in ("escape", "syntax", "check"):
        return
    if key in lines.seen:
        raise Unreadable(f"the directive {key} is given twice")
    lines.seen.add(key)
    if key == "escape":
        if value not in ("\\", "`"):
            raise Unreadable(f"escape={value[:20]} is neither \\ nor `")
        lines.words.escape = value
    elif key == "syntax":
        lines.syntax = value


def instructions_of(lines: Lines) -> Iterator[Instruction]:
    """Each instruction in order. Raises Unreadable; `lines.at` then tells where."""
    count = 0
    while lines.at < len(lines.lines):
        first = lines.at + 1
        text = _logical(lines)
        if not text.strip(BLANKS):
            continue
        count += 1
        if count > MOST_INSTRUCTIONS:
            raise Unreadable(f"more than {MOST_INSTRUCTIONS} instructions", too_large=True)
        yield _instruction(lines, first, text)


def _logical(lines: Lines) -> str:
    """One line with its continuations; comments and empty lines between them vanish. "" for nothing."""
    ending = _continuation(lines.words.escape)
    parts: list[str] = []
    while lines.at < len(lines.lines):
        line = lines.lines[lines.at]
        lines.at += 1
        if len(line) > LONGEST_LINE:
            raise Unreadable(f"a line of more than {LONGEST_LINE} characters", too_large=True)
        bare = line.lstrip(BLANKS)
        if bare.startswith("#") or not bare:
            if parts:
                continue
            return ""
        match = ending.search(line)
        parts.append((line if match is None else line[: match.start()]) if parts else bare[: len(bare) - _cut(match)])
        if match is None:
            break
    return "".join(parts)


def _cut(match: re.Match[str] | None) -> int:
    return 0 if match is None else match.end() - match.start()


_CONTINUATIONS = {escape: re.compile(rf"(?<!{re.escape(escape)}){re.escape(escape)}[ \t]*\Z") for escape in "\\`"}


def _continuation(escape: str) -> re.Pattern[str]:
    return _CONTINUATIONS[escape]


def _instruction(lines: Lines, first: int, text: str) -> Instruction:
    name, rest = _named(text)
    flags, rest = lines.words.flags(rest)
    carrier = _named(rest)[0] if name == "ONBUILD" else name
    heredocs: tuple[Heredoc, ...] = ()
    if carrier in _WITH_HEREDOCS and "<<" in rest and not (rest.startswith("[") and rest.endswith("]")):
        heredocs = tuple(_heredocs(lines, rest))
    return Instruction(first, name, tuple(flags), rest.strip(BLANKS), heredocs)


def _named(text: str) -> tuple[str, str]:
    name, *rest = _SPACES.split(text.strip(BLANKS), maxsplit=1)
    return name.upper(), rest[0] if rest else ""


def _heredocs(lines: Lines, rest: str) -> Iterator[Heredoc]:
    for word in lines.words.split(rest):
        match = _HEREDOC.match(word)
        if match is None:
            continue
        name = lines.words.expanded(match[2], {}).text
        yield Heredoc(name, _body(lines, name, chomp=bool(match[1])), expands=name == match[2])


def _body(lines: Lines, name: str, *, chomp: bool) -> str:
    body: list[str] = []
    while lines.at < len(lines.lines):
        line = lines.lines[lines.at]
        lines.at += 1
        if (line.lstrip("\t") if chomp else line) == name:
            return "".join(f"{one.lstrip(chr(9)) if chomp else one}\n" for one in body)
        body.append(line)
    raise Unreadable(f"the heredoc {name} has no end")
