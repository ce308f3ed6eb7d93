"""Commands that stand before, or in files beside, the program that is meant."""

from __future__ import annotations

import configparser
import re
import shlex
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any

from deploytool.domain.imports.launch.names import Prefix
from deploytool.domain.imports.launch.place import Place
from deploytool.domain.imports.launch.values import Field, Fields

MOST_TOML = 50_000  # characters; a TOML file may be a bomb
LONGEST_TOML_LINE = 2_000
MOST_PROGRAMS = 50

_PROCFILE = re.compile(r"^([A-Za-z0-9_-]+):\s*(.+)$", re.MULTILINE)
_ENTRY = re.compile(r"\s*([^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*(?::.*)?\Z", re.DOTALL)


def subcommand(arguments: Sequence[Field], prefix: Prefix) -> str:
    """The first word: `run` of `poetry --quiet run`."""
    rest = _behind_options(arguments, prefix)
    return rest[0].text if rest else ""


def without_prefix(arguments: Sequence[Field], prefix: Prefix) -> Fields:
    """The command that a prefix program runs."""
    if prefix.separator:
        marks = [at for at, field in enumerate(arguments) if field.text == "--"]
        return tuple(arguments[marks[0] + 1 :]) if marks else ()
    rest = _behind_options(arguments, prefix)
    for _ in range(prefix.skips):
        rest = _behind_options(rest[1:], prefix)
    return tuple(rest)


def _behind_options(arguments: Sequence[Field], prefix: Prefix) -> Sequence[Field]:
    at = 0
    while at < len(arguments):
        text = arguments[at].text
        if text == "--":
            return arguments[at + 1 :]
        if not text.startswith("-"):
            break
        at += 2 if text in prefix.valued else 1
    return arguments[at:]


def configured(place: Place, name: str, arguments: Fields, cwd: Field) -> list[tuple[str, str]] | None:
    """(shell text, folder) of each program that a supervisor's file names; None for another program."""
    texts = [field.text for field in arguments]
    if name == "supervisord":
        given = [texts[at + 1] for at in range(len(texts) - 1) if texts[at] in ("-c", "--configuration")]
        given += [text[2:] for text in texts if text.startswith("-c") and len(text) > 2]
        usual = [
            "supervisord.conf",
            "etc/supervisord.conf",
            "/etc/supervisord.conf",
            "/etc/supervisor/supervisord.conf",
        ]
        return list(_supervised(place, given or usual, cwd.text))
    if name in ("honcho", "foreman", "forego", "hivemind", "overmind"):
        path = place.file("Procfile", cwd.text)
        return [(text, "") for _, text in procfile(place.text(path) or "" if path else "")][:MOST_PROGRAMS]
    if name == "concurrently":
        return [(text, "") for text in texts if " " in text]
    if name == "litestream":
        return [(texts[at + 1], "") for at in range(len(texts) - 1) if texts[at] in ("-exec", "--exec")]
    return None


def _supervised(place: Place, files: Sequence[str], cwd: str) -> Iterator[tuple[str, str]]:
    for named in files:
        path = place.file(named, cwd)
        if path is None:
            continue
        for each in (path, *_included(place, path)):
            for section in _sections(place, each).values():
                if "command" in section:
                    text = re.sub(
                        r"%\(ENV_(\w+)\)s", r"${\1}", section["command"].replace("%(here)s", path.rpartition("/")[0])
                    )
                    assigned = section.get("environment", "").replace(",", " ")
                    yield f"{assigned} {text}".strip(), section.get("directory", "")
        return


def _included(place: Place, path: str) -> list[str]:
    files = _sections(place, path).get("include", {}).get("files", "")
    return [found for pattern in files.split() for found in place.matching(pattern, path.rpartition("/")[0])]


def _sections(place: Place, path: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(";",), allow_no_value=True)
    try:
        parser.read_string(place.text(path) or "")
    except configparser.Error:
        return {}
    return {name: {key: value or "" for key, value in parser.items(name)} for name in parser.sections()[:MOST_PROGRAMS]}


def procfile(text: str) -> list[tuple[str, str]]:
    """(process type, command) of each line."""
    return [(match[1], match[2].strip()) for match in _PROCFILE.finditer(text)]


def console_module(place: Place, name: str, cwd: str) -> str | None:
    """The module behind a command that pyproject.toml in this folder declares."""
    project = toml(place, "pyproject.toml", cwd)
    for keys in (("project", "scripts"), ("tool", "poetry", "scripts"), ("project", "gui-scripts")):
        value = nested(project, *keys, name)
        if isinstance(value, dict):
            value = value.get("reference") or value.get("callable")
        match = _ENTRY.match(value) if isinstance(value, str) else None
        if match is not None:
            return match[1]
    return None


def toml(place: Place, name: str, cwd: str) -> dict[str, Any]:
    """A TOML file, empty when it is not there or cannot be read."""
    path = place.file(name, cwd)
    text = place.text(path) if path else None
    if not text or len(text) > MOST_TOML or any(len(line) > LONGEST_TOML_LINE for line in text.split("\n")):
        return {}
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def nested(values: Any, *keys: str) -> Any:
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []
