"""What changed in a file that the build reads, comments and layout aside: which distributions, from what to what."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from deploytool.domain.dockerfile import recipe_of
from deploytool.domain.dockerfile_lines import instructions_of, lines_of
from deploytool.domain.dockerfile_recipe import Run
from deploytool.domain.dockerfile_words import Unreadable
from deploytool.domain.ignorefile import ignorefile_of
from deploytool.domain.imports.installed.distributions import Distribution
from deploytool.domain.imports.installed.install_commands import install_of
from deploytool.domain.imports.installed.known_dependencies import needs_of
from deploytool.domain.imports.installed.lockfiles import BLOCKS, locked_in, project_in, toml_of
from deploytool.domain.imports.installed.requirement_lines import HASH, Listing, listed_in, logical_lines
from deploytool.domain.imports.installed.shell_words import spoken_by

MOST_SHOWN = 5


class Changed(NamedTuple):
    """One distribution; a spec of None: not asked for on that side."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class FileDifference:
    same: bool  # for whoever builds with it
    distributions: tuple[Changed, ...] = ()


class _Reader(NamedTuple):
    """How one kind of file is compared. `meaning` is None for a text that cannot be read as that kind."""

    meaning: Callable[[bytes, str], object | None]
    distributions: Callable[[bytes, str], Iterable[Distribution]]


def changes_between(before: bytes | None, after: bytes | None, path: str) -> FileDifference:
    """The difference of the two contents of the file at `path`, whose name tells its kind; None: it is not there."""
    if before == after:
        return FileDifference(True)
    reader = _reader(path)
    specs = [_specs(() if content is None else reader.distributions(content, path)) for content in (before, after)]
    changed = tuple(
        Changed(name, specs[0].get(name), specs[1].get(name))
        for name in sorted({*specs[0], *specs[1]})
        if specs[0].get(name) != specs[1].get(name)
    )
    if before is None or after is None:
        return FileDifference(False, changed)
    meanings = reader.meaning(before, path), reader.meaning(after, path)
    return FileDifference(meanings[0] is not None and meanings[0] == meanings[1], changed)


def essence_of(content: bytes, path: str) -> bytes:
    """What counts in a Dockerfile or a list of requirements, as bytes: equal for contents that differ in comments.

    Other files stand for themselves.
    """
    reader = _reader(path)
    meaning = reader.meaning(content, path) if reader.meaning in (_instructions, _requirements) else None
    return content if meaning is None else repr(meaning).encode("utf-8", "surrogateescape")


def described(difference: FileDifference, imported: Mapping[str, str | None]) -> str:
    """One sentence without a full stop; `imported` has a repository path for each distribution that a file imports."""
    if difference.same:
        return "nothing but comments or layout changed"
    if not difference.distributions:
        return "no distribution changed, other lines did"
    order = sorted(difference.distributions, key=lambda one: (imported.get(one.name) is None, one.name))
    shown = order[:MOST_SHOWN] if len(order) > MOST_SHOWN + 1 else order
    words = [f"{_change(one)} ({_import(one.name, imported)})" for one in shown]
    rest = order[len(shown) :]
    if rest:
        count = sum(imported.get(one.name) is not None for one in rest)
        words.append(f"and {len(rest)} more, {count or 'none'} of them imported")
    return ", ".join(words)


def _change(one: Changed) -> str:
    if one.before is None:
        return f"{one.name}{_spec(one.after, ' ')} added"
    if one.after is None:
        return f"{one.name} removed"
    return f"{one.name} {_spec(one.before) or 'any version'} -> {_spec(one.after) or 'any version'}"


def _spec(spec: str | None, before: str = "") -> str:
    text = (spec or "").removeprefix("==")
    return before + text if text else ""


def _import(name: str, imported: Mapping[str, str | None]) -> str:
    path = imported.get(name)
    if path is not None:
        return f"imported by {path}"
    above = next((one for one, by in imported.items() if by is not None and name in needs_of(one)), None)
    return "not imported" if above is None else f"not imported; {above} needs it"


def _specs(distributions: Iterable[Distribution]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for each in distributions:
        extras = f"[{','.join(each.extras)}]" if each.extras else ""
        marker = f"; {each.marker}" if each.marker else ""
        found.setdefault(each.name, []).append(f"{extras}{each.spec}{marker}")
    return {name: ", ".join(sorted(set(specs))) for name, specs in found.items()}


def _reader(path: str) -> _Reader:
    name = path.rpartition("/")[2]
    if name.endswith(".dockerignore"):
        return _Reader(_rules, _nothing)
    if "dockerfile" in name.lower():
        return _Reader(_instructions, _installed)
    if name == "Pipfile.lock":
        return _Reader(_json, lambda content, where: locked_in(content, where).distributions)
    if name in BLOCKS:
        return _Reader(_lines, lambda content, where: locked_in(content, where).distributions)
    if name in ("pyproject.toml", "Pipfile"):
        return _Reader(lambda content, _: toml_of(content), lambda content, where: project_in(content, where)[0])
    if name.endswith((".txt", ".in", ".lock")) and ("requirements" in name or "constraints" in name):
        return _Reader(_requirements, lambda content, where: listed_in(content, where).distributions)
    return _Reader(lambda content, _: content, _nothing)


def _nothing(content: bytes, path: str) -> Iterable[Distribution]:
    return ()


def _rules(content: bytes, path: str) -> object | None:
    file = ignorefile_of(content, "", path)
    return None if file.doubts else file.rules


def _instructions(content: bytes, path: str) -> object | None:
    """Every instruction as words: how a line is broken does not matter, what stands in quotes and heredocs does."""
    try:
        lines = lines_of(content)
        found = [
            (each.name, each.flags, tuple(lines.words.split(each.rest)), each.heredocs)
            for each in instructions_of(lines)
        ]
    except Unreadable:
        return None
    return lines.syntax, lines.words.escape, found


def _installed(content: bytes, path: str) -> Iterable[Distribution]:
    """What the RUN lines name themselves."""
    listing = Listing(path)
    runs = [step for stage in recipe_of(content, path).stages for step in stage.steps if isinstance(step, Run)]
    for run in runs:
        for spoken in spoken_by(run) or ():
            install = install_of(spoken)
            for word in () if install is None else install.words:
                listing.take(word, run.line)
    return listing.distributions


def _json(content: bytes, path: str) -> object | None:
    try:
        return (json.loads(content),)
    except (ValueError, RecursionError):
        return None


def _lines(content: bytes, path: str) -> object | None:
    lines = (line.rstrip() for line in content.splitlines())
    return [line for line in lines if line and not line.startswith(b"#")]


def _requirements(content: bytes, path: str) -> object | None:
    """Options in their order, requirements in any."""
    options: list[str] = []
    plain: Counter[tuple[object, ...]] = Counter()
    for line, text in logical_lines(content.decode("utf-8", "surrogateescape")):
        if text.startswith("-"):
            options.append(" ".join(text.split()))
            continue
        listing = Listing(path)
        listing.take(text, line)
        known = tuple(each._replace(line=0) for each in listing.distributions)
        plain[known or (re.sub(r"\s+", " ", text),), tuple(sorted(set(HASH.findall(text))))] += 1
    return options, sorted(plain.items(), key=repr)
