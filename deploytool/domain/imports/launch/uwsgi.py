"""uWSGI: its options on the line and in the ini files that they name."""

from __future__ import annotations

import configparser
from collections.abc import Sequence

from deploytool.domain.imports.launch.found import Process
from deploytool.domain.imports.launch.values import Field

MOST_FILES = 5

_MODULES = ("module", "wsgi", "w", "import", "shared-import", "spooler-import")
_FILES = ("wsgi-file", "file")
_FOLDERS = ("pythonpath", "python-path", "pp", "pyhome-path")
_OTHER_PROGRAMS = (
    "paste",
    "attach-daemon",
    "smart-attach-daemon",
    "mule",
    "exec-asap",
    "exec-pre-app",
    "yaml",
    "xml",
    "json",
)

Pairs = list[tuple[str, Field]]


def uwsgi(process: Process, arguments: Sequence[Field]) -> None:
    pairs = _given(arguments)
    for _, value in [pair for pair in pairs if pair[0] in ("ini", "i")][:MOST_FILES]:
        pairs.extend(_ini(process, value))
    for name, value in pairs:
        if name in ("chdir", "chdir2"):
            process.change_folder(value)
    process.root(Field(""))
    for name, value in pairs:
        if name in _FOLDERS:
            process.root(value)
    process.python_path()
    started = len(process.found.starts)
    for name, value in pairs:
        _one(process, name, value)
    if len(process.found.starts) == started:
        process.doubt("uwsgi is given no application")


def _given(arguments: Sequence[Field]) -> Pairs:
    """Long options have one dash or two; every word behind an option is its value."""
    pairs: Pairs = []
    for at, field in enumerate(arguments):
        name, equals, value = field.text.partition("=")
        if name.startswith("-"):
            follows = at + 1 < len(arguments) and not arguments[at + 1].text.startswith("-")
            given = Field(value, field.unknown) if equals else arguments[at + 1] if follows else Field("")
            pairs.append((name.lstrip("-"), given))
        elif name.endswith(".ini"):
            pairs.append(("ini", field))
    return pairs


def _ini(process: Process, value: Field) -> Pairs:
    path = None if value.unknown else process.found.place.file(value.text.partition(":")[0], process.cwd.text)
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, delimiters=("=",))
    try:
        parser.read_string((process.found.place.text(path) if path else None) or "")
        section = parser["uwsgi"] if parser.has_section("uwsgi") else {}
    except configparser.Error:
        section = {}
    if not section:
        process.doubt(f"the settings of uwsgi in {value.text} cannot be read")
    return [(name, Field(text or "", "$(" in (text or "") or "%" in (text or ""))) for name, text in section.items()]


def _one(process: Process, name: str, value: Field) -> None:
    if name in _MODULES:
        process.app(value)
    elif name in _FILES:
        process.script(value)
    elif name == "mount":
        _, _, app = value.text.partition("=")
        if app.partition(":")[0].endswith(".py"):
            process.script(Field(app.partition(":")[0], value.unknown))
        else:
            process.app(Field(app, value.unknown))
    elif name in _OTHER_PROGRAMS:
        process.doubt(f"what uwsgi starts by {name} is not known")
    else:
        process.found.word(value.text)
