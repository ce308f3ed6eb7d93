"""COPY, ADD, RUN, CMD and ENTRYPOINT lines -> values, with their flags and both of their forms."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple

from deploytool.domain.dockerfile_lines import Instruction
from deploytool.domain.dockerfile_recipe import CONTEXT, Copy, Origin, Run, Start
from deploytool.domain.dockerfile_words import BLANKS, Unreadable, Values, Word, Words
from deploytool.domain.ignorepattern import cleaned

StageBefore = Callable[[str], int | None]

_HEREDOC_WORD = re.compile(r"\d*<<-?([^<]+)\Z")
_SPACES = re.compile(r"[ \t\v\f\r\n]+")


def strings_of(text: str) -> tuple[str, ...] | None:
    """The strings of the JSON form, None when this is the shell form. Raises Unreadable for JSON of other things."""
    if not text.startswith("["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None  # Docker takes it as shell text, too
    if not all(isinstance(one, str) for one in found):
        raise Unreadable("only strings may stand in [ ]")
    return tuple(found)


def start_of(instruction: Instruction, shell: tuple[str, ...]) -> Start:
    argv = strings_of(instruction.rest)
    if argv is not None:
        return Start(argv, line=instruction.line)
    return Start(shell=instruction.rest, by=shell, line=instruction.line)


def copy_of(
    instruction: Instruction, words: Words, values: Values, workdir: str | None, stage_before: StageBefore
) -> tuple[Copy, bool]:
    """The line as a value, and whether its target was relative. Raises Unreadable."""
    parts = strings_of(instruction.rest)
    if parts is None:
        parts = tuple(part for part in _SPACES.split(instruction.rest.strip(BLANKS)) if part)
    if len(parts) < 2:
        raise Unreadable("needs a source and a target")
    names = {heredoc.name for heredoc in instruction.heredocs}
    plain = [part for part in parts[:-1] if not _is_heredoc(part, names, words)]
    sources = [words.expanded(part, values) for part in plain]
    target = words.expanded(parts[-1], values)
    flags = _flags(instruction)
    excludes = [words.expanded(value, values) for name, value in flags if name == "exclude"]
    copy = Copy(
        line=instruction.line,
        sources=tuple(source.text for source in sources),
        target=_absolute(target.text, workdir),
        origin=_origin(flags, words, values, stage_before),
        add=instruction.name == "ADD",
        unknown=any(source.unknown for source in sources),
        excludes=() if any(one.unknown for one in excludes) else tuple(one.text for one in excludes),
        parents=any(name == "parents" and value.lower() not in ("false", "0", "f") for name, value in flags),
        heredocs=instruction.heredocs,
    )
    return copy, not target.text.startswith("/")


def _is_heredoc(part: str, names: set[str], words: Words) -> bool:
    match = _HEREDOC_WORD.match(part)
    return match is not None and words.expanded(match[1], {}).text in names


def _absolute(target: str, workdir: str | None) -> str:
    """Absolute and clean; a folder keeps its slash, for `x`, `x/` and `x/.` are not the same target."""
    folder = target in ("", ".", "..") or target.endswith(("/", "/.", "/.."))
    path = cleaned(target if target.startswith("/") else f"{workdir or ''}/{target}")
    return path + "/" if folder and path != "/" else path


def _flags(instruction: Instruction) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (flag[2:].partition("=") for flag in instruction.flags)]


def _origin(flags: list[tuple[str, str]], words: Words, values: Values, stage_before: StageBefore) -> Origin:
    named = [words.expanded(value, values) for name, value in flags if name == "from"]
    if not named:
        return CONTEXT
    if named[-1].unknown or not named[-1].text:
        raise Unreadable("--from depends on a value that is not known here")
    stage = stage_before(named[-1].text)
    return Origin(stage) if stage is not None else Origin(elsewhere=named[-1].text)


def run_of(instruction: Instruction, words: Words, values: Values, workdir: str, stage_before: StageBefore) -> Run:
    mounts = [_mount(value, words, values) for name, value in _flags(instruction) if name == "mount"]
    binds: list[str] = []
    needs: set[int] = set()
    for mount in mounts:
        stage = stage_before(mount.origin) if mount.origin else None
        if stage is not None:
            needs.add(stage)
        elif not mount.origin and mount.kind == "bind":
            binds.append(mount.source)
    argv = strings_of(instruction.rest)
    return Run(
        instruction.line,
        instruction.rest if argv is None else "",
        argv or (),
        instruction.heredocs,
        tuple(binds),
        frozenset(needs),
        workdir,
    )


class _Mount(NamedTuple):
    kind: str
    origin: str
    source: str  # "" is everything: given so, or not told


def _mount(text: str, words: Words, values: Values) -> _Mount:
    options = {}
    for option in text.split(","):
        name, _, value = option.partition("=")
        options[name.strip("\"' ").lower()] = words.expanded(value.strip("\"'"), values)
    origin = options.get("from", Word(""))
    if origin.unknown:
        raise Unreadable("the from of a mount depends on a value that is not known here")
    source = options.get("source", options.get("src", Word("")))
    return _Mount(options.get("type", Word("bind")).text, origin.text, "" if source.unknown else source.text)
