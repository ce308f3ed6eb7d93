"""Lock files and project files, as the distributions they list.

Lock files are read line by line, since their tools write them in one shape: that gives line numbers, and no document
can cost more than its length. Only pyproject.toml, which people write, goes through a TOML reader.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from deploytool.domain.imports.installed.distributions import Distribution, Listed, normalised
from deploytool.domain.imports.installed.requirement_lines import Listing

LARGEST = 16 * 1024 * 1024  # bytes of a lock file
LARGEST_PROJECT = 512 * 1024  # bytes of a pyproject.toml
MOST_DOTS = 400  # on one line: reading a dotted key costs the square of its parts

BLOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
GROUPS = (("project", "optional-dependencies"), ("dependency-groups",), ("tool", "pdm", "dev-dependencies"))
LOCKS = (*BLOCKS, "Pipfile.lock")

_BLOCK = re.compile(r"\[\[?([A-Za-z0-9_.-]+)\]\]?\s*(?:#.*)?\Z")
_PAIR = re.compile(r'(name|version)\s*=\s*"([^"]*)"\s*(?:#.*)?\Z')
_OURS = re.compile(r'source\s*=\s*\{\s*(?:virtual|editable|directory)\s*=\s*"([^"]*)"')


def locked_in(content: bytes, path: str) -> Listed:
    """The distributions of a lock file; `path` tells its kind by its name."""
    if len(content) > LARGEST:
        return Listed(unclear=((0, f"larger than {LARGEST} bytes"),))
    text = content.decode("utf-8", "surrogateescape")
    if path.rsplit("/", 1)[-1] == "Pipfile.lock":
        return _pipfile_lock(text, path)
    found = tuple(_blocks(text, path))
    if not found and text.strip():
        unclear = () if "[[package" not in text else ((0, "no package of it is understood here"),)
        return Listed(locked=True, unclear=unclear)
    return Listed(found, locked=True)


def _blocks(text: str, path: str) -> Iterator[Distribution]:
    """`[[package]]` with `name = ` and `version = ` below it; the project itself is no distribution."""
    name, version, line, ours, inside = "", "", 0, False, False
    for number, raw in enumerate([*text.splitlines(), "[[end]]"], 1):
        header = _BLOCK.match(raw) if raw.startswith("[") else None
        if header is not None and raw.startswith("[["):
            if name and not ours:
                yield Distribution(normalised(name), f"=={version}" if version else "", path, line)
            name, version, line, ours = "", "", number, False
        if header is not None:
            inside = header[1] in ("package", "packages") and raw.startswith("[[")
        elif inside and (pair := _PAIR.match(raw)):
            name, version = (pair[2], version) if pair[1] == "name" else (name, pair[2])
        elif inside and (match := _OURS.match(raw)):
            ours = match[1] in (".", "")


def _pipfile_lock(text: str, path: str) -> Listed:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return Listed(unclear=((0, "is not JSON"),))
    lines = {name: number for number, name in _json_names(text)}
    found = []
    for group in ("default", "develop"):
        packages = data.get(group) if isinstance(data, dict) else None
        for name, about in packages.items() if isinstance(packages, dict) else ():
            version = about.get("version") if isinstance(about, dict) else None
            spec = version if isinstance(version, str) else ""
            found.append(Distribution(normalised(name), spec, path, lines.get(name, 0)))
    return Listed(tuple(found), locked=True)


def _json_names(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*"([^"]+)"\s*:\s*\{', line)
        if match is not None:
            yield number, match[1]


def project_in(content: bytes, path: str, *, groups: bool = True) -> Listed:
    """What a pyproject.toml or Pipfile asks for itself: with its optional and development groups, whichever is used,
    unless `groups` says that none is."""
    data = toml_of(content)
    if data is None:
        return Listed(unclear=((0, "cannot be read as TOML"),))
    found = Listing(path)
    lines = content.decode("utf-8", "surrogateescape").splitlines()
    for text in _plain(data, groups):
        found.take(text, _line_of(text, lines))
    for name, about in _named(data):
        version = about if isinstance(about, str) else about.get("version", "") if isinstance(about, dict) else ""
        if name != "python" and isinstance(version, str):
            spec = "" if version in ("", "*") else version
            found.distributions.append(Distribution(normalised(name), spec, path, _line_of(name, lines)))
    dynamic = _at(data, "project", "dynamic")
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        found.unclear.append((0, "its dependencies are computed when it is built"))
    return found.listed()


def toml_of(content: bytes) -> dict[str, Any] | None:
    """The document, None when it is no TOML or would cost too much to read."""
    text = content.decode("utf-8", "replace")
    if len(content) > LARGEST_PROJECT or any(line.count(".") > MOST_DOTS for line in text.splitlines()):
        return None
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError):
        return None


def _at(data: Any, *names: str) -> Any:
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _plain(data: Mapping[str, Any], groups: bool) -> Iterator[str]:
    """Requirements written as text."""
    lists = [_at(data, "project", "dependencies")]
    lists.extend([_at(data, "tool", "uv", "dev-dependencies")] if groups else ())
    for place in GROUPS if groups else ():
        named = _at(data, *place)
        lists.extend(named.values() if isinstance(named, dict) else ())
    for each in lists:
        yield from (text for text in each if isinstance(text, str)) if isinstance(each, list) else ()


def _named(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Requirements written as `name = version`: Poetry's and Pipenv's."""
    tables = [_at(data, "packages"), _at(data, "dev-packages")]
    tables.extend(_at(data, "tool", "poetry", name) for name in ("dependencies", "dev-dependencies"))
    groups = _at(data, "tool", "poetry", "group")
    every: Iterable[Any] = groups.values() if isinstance(groups, dict) else ()
    tables.extend(_at(group, "dependencies") for group in every)
    for table in tables:
        yield from table.items() if isinstance(table, dict) else ()


def _line_of(text: str, lines: list[str]) -> int:
    return next((number for number, line in enumerate(lines, 1) if text in line), 0)
