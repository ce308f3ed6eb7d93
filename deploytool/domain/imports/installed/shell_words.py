"""A RUN line as the simple commands of a shell, quotes taken off. Nothing is expanded: `$` stays in the words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

from deploytool.domain.dockerfile_recipe import Run
from deploytool.domain.ignorepattern import cleaned

LONGEST = 20_000  # characters of one script; longer ones are not read

_PREFIXES = "sudo exec nice time command env then else do if while until elif ! { ("
_BEFORE = frozenset(_PREFIXES.split())
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*\Z", re.DOTALL)
_SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh"))
_MARKS = "();<>|&\n"
_NUMBERED = re.compile(r"(?<=\s)\d+(?=[<>])")  # the 2 of `2>&1`


class Spoken(NamedTuple):
    """One command and the folder it runs in; `cwd` is None after a `cd` that cannot be followed."""

    words: tuple[str, ...]
    cwd: str | None
    fed: bool = False  # its input comes from a pipe


def spoken_by(run: Run) -> tuple[Spoken, ...] | None:
    """The commands of a RUN line, in order; None when the shell text cannot be read."""
    if run.argv:
        inner = _inner(list(run.argv))
        return (Spoken(run.argv, run.workdir),) if inner is None else _spoken(inner, run.workdir)
    return _spoken(_script(run), run.workdir)


def _script(run: Run) -> str:
    left = re.sub(r"\d*<<-?\S+", "", run.text).strip() if run.heredocs else run.text
    return left or "".join(heredoc.text for heredoc in run.heredocs).replace("\\\n", " ")


def _spoken(script: str, workdir: str) -> tuple[Spoken, ...] | None:
    if len(script) > LONGEST:
        return None
    found: list[Spoken] = []
    cwd: str | None = workdir
    try:
        for words, fed in _commands(script):
            inner = _inner(words)
            if inner is not None and cwd is not None:
                nested = _spoken(inner, cwd)
                if nested is None:
                    return None
                found.extend(nested)
            elif words[0] in ("cd", "pushd"):
                cwd = _moved(cwd, words)
            else:
                found.append(Spoken(tuple(words), cwd, fed))
    except (ValueError, RecursionError):  # an open quote
        return None
    return tuple(found)


def _moved(cwd: str | None, words: list[str]) -> str | None:
    target = words[1] if len(words) > 1 else "$HOME"
    if "$" in target or target.startswith(("~", "-")) or cwd is None:
        return None
    return cleaned(target if target.startswith("/") else f"{cwd}/{target}")


def _inner(words: list[str]) -> str | None:
    """The script of `bash -c script`."""
    if words[0].rsplit("/", 1)[-1] not in _SHELLS:
        return None
    for at, word in enumerate(words[1:-1], 1):
        if re.fullmatch(r"-[a-z]*c", word):
            return words[at + 1]
        if not word.startswith("-"):
            break
    return None


def _commands(script: str) -> Iterator[tuple[list[str], bool]]:
    lines = "\n".join(line for line in script.split("\n") if not line.lstrip().startswith("#"))
    reader = shlex.shlex(_NUMBERED.sub(" ", lines), posix=True, punctuation_chars=_MARKS)
    reader.whitespace, reader.whitespace_split, reader.commenters = " \t\r", True, ""
    words: list[str] = []
    fed = redirected = False
    for token in reader:
        if token and all(mark in _MARKS for mark in token):
            if "<" in token or ">" in token:
                redirected = True
                continue
            if words:
                yield from _trimmed(words, fed)
            words, fed, redirected = [], token == "|", False
        elif redirected:
            redirected = False
        else:
            words.append(token)
    if words:
        yield from _trimmed(words, fed)


def _trimmed(words: list[str], fed: bool) -> Iterator[tuple[list[str], bool]]:
    """Without what stands before the program: assignments, `then`, `sudo`."""
    while words and (words[0] in _BEFORE or _ASSIGNMENT.match(words[0]) or words[0].startswith("--mount")):
        words = words[1:]
    if words:
        yield words, fed
