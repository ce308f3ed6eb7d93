"""Paths and patterns inside the repository: what they may be, and how they are written once read.

Sources of the pattern rules: Docker's pattern matcher (`.dockerignore`) and Go's `filepath.Match`, which it stands on.
"""

from __future__ import annotations

import re
import warnings
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from deploytool.config.nearest import shown

LONGEST = 4096
MOST_REGEX = 200  # a rule for image tags, which are 128 characters at most
REPEATED_REPEAT = re.compile(r"[*+]\)(?:[*+]|\{\d*,\})")  # (a+)+ : the classic that never comes back


def tree_path(text: str) -> str:
    """The path as git trees spell it: the root, "." in services.toml, is ""."""
    return "" if text == "." else text


def _repository_path(text: str) -> str:
    """`./a//b/` is `a/b`; raises ValueError for what cannot lie inside a repository."""
    if not text.strip():
        raise ValueError('the path is empty; the root of the repository is "."')
    if "\0" in text or len(text) > LONGEST:
        raise ValueError(f"{shown(text)} cannot be a path: it contains a NUL byte or is too long")
    if text.startswith(("/", "\\", "~/")) or re.match(r"[A-Za-z]:[\\/]", text):
        raise ValueError(f"{shown(text)} is absolute; write it from the repository's root, with /")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ValueError(f'{shown(text)} contains ".."; write it from the repository\'s root')
    if any(part.lower() == ".git" for part in parts):
        raise ValueError(f"{shown(text)} lies in git's own folder, which is never part of a service")
    return "/".join(parts) or "."


def _file_path(text: str) -> str:
    path = _repository_path(text)
    if path == ".":
        raise ValueError(f"{shown(text)} is the repository's root; name a file")
    return path


def _repository_glob(text: str) -> str:
    path = _repository_path(text)
    _judge_brackets(path)
    return path


def _docker_pattern(text: str) -> str:
    """One line of a `.dockerignore`; kept as written."""
    pattern = text.strip()
    if not pattern:
        raise ValueError("the pattern is empty")
    if pattern == "!":
        raise ValueError('"!" alone takes nothing back; write the pattern after it')
    if "\0" in pattern or len(pattern) > LONGEST:
        raise ValueError(f"{shown(text)} cannot be a pattern: it contains a NUL byte or is too long")
    _judge_brackets(pattern)
    return text


def _judge_brackets(pattern: str) -> None:
    """Raises ValueError where Go's filepath.Match answers "syntax error in pattern"."""
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        at += 1
        if letter == "\\":
            at = _past_letter(pattern, at - 1)
        elif letter == "[":
            at = _past_class(pattern, at)


def _past_class(pattern: str, at: int) -> int:
    """From behind `[` to behind its `]`."""
    if pattern[at : at + 1] == "^":
        at += 1
    first = at
    while pattern[at : at + 1] != "]" or at == first:
        if pattern[at : at + 1] in ("-", "]"):
            raise ValueError(f'in {shown(pattern)} a "[" list is wrong: write "\\\\" before the "{pattern[at]}" in it')
        at = _past_letter(pattern, at)
        if pattern[at : at + 1] == "-":
            at = _past_letter(pattern, at + 1)
    return at + 1


def _past_letter(pattern: str, at: int) -> int:
    if pattern[at : at + 1] == "\\":
        at += 1
    if at >= len(pattern):
        what = 'ends with a "\\"' if pattern[-1] == "\\" else 'has a "[" that no "]" ends'
        raise ValueError(f"{shown(pattern)} {what}")
    return at + 1


def _tag_regex(text: str) -> str:
    """A regular expression with one group, or a group named `commit`, that finds the commit in an image tag."""
    if len(text) > MOST_REGEX:
        raise ValueError(f"the expression has {len(text)} characters; {MOST_REGEX} are enough for an image tag")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python may read differently one day is no mistake today
            found = re.compile(text, re.ASCII)
    except (re.error, OverflowError, RecursionError, ValueError) as problem:
        raise ValueError(f"{shown(text)} is not a regular expression: {problem}") from None
    if found.groups != 1 and "commit" not in found.groupindex:
        raise ValueError(f"{shown(text)} has {found.groups} groups; write one, or name one: (?P<commit>[0-9a-f]{{40}})")
    if REPEATED_REPEAT.search(text):
        raise ValueError(f"{shown(text)} repeats a repetition, which can take for ever; write it with one")
    return text


# A JSON Schema can say most of the rules: not empty, not absolute, no "..", no ".git", no NUL.
_INSIDE = r"^(?![/\\]|~/|[A-Za-z]:[\\/])(?!(?:[\s\S]*/)?(?:\.\.|\.[gG][iI][tT])(?:/|$))[^\x00]*[^\s\x00][^\x00]*$"

RepositoryPath = Annotated[
    str, AfterValidator(_repository_path), WithJsonSchema({"type": "string", "pattern": _INSIDE, "maxLength": LONGEST})
]
FilePath = Annotated[
    str, AfterValidator(_file_path), WithJsonSchema({"type": "string", "pattern": _INSIDE, "maxLength": LONGEST})
]
RepositoryGlob = Annotated[
    str, AfterValidator(_repository_glob), WithJsonSchema({"type": "string", "pattern": _INSIDE, "maxLength": LONGEST})
]
DockerPattern = Annotated[
    str,
    AfterValidator(_docker_pattern),
    WithJsonSchema({"type": "string", "pattern": r"^[^\x00]*[^\s\x00!][^\x00]*$", "maxLength": LONGEST}),
]
TagRegex = Annotated[
    str, AfterValidator(_tag_regex), WithJsonSchema({"type": "string", "format": "regex", "maxLength": MOST_REGEX})
]
