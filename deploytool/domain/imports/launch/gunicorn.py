"""gunicorn: its options, its configuration file, and the file's own settings."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Sequence

from deploytool.domain.imports.launch.found import Process
from deploytool.domain.imports.launch.options import Options, all_but, options_of
from deploytool.domain.imports.launch.values import Field

_FLAGS = """
    -h --help -v --version -R -D --reload --spew --check-config --print-config --preload --daemon --initgroups
    --capture-output --enable-stdio-inheritance --log-syslog --no-sendfile --reuse-port --proxy-protocol
    --disable-redirect-access-to-syslog --do-handshake-on-connect --suppress-ragged-eofs --permit-obsolete-folding
    --strip-header-spaces --permit-unconventional-http-method --permit-unconventional-http-version
    --casefold-http-method --forwarder-headers-dangerous --dirty
"""
_VALUED = all_but(_FLAGS)
_SETTINGS = ("chdir", "pythonpath", "wsgi_app", "worker_class", "logger_class", "paste", "logconfig")
_CLASS = re.compile(r"(?:egg:\S+#)?([\w.]+)\.\w+\Z")


def gunicorn(process: Process, arguments: Sequence[Field]) -> None:
    """What later sources say wins in gunicorn; here everything that any of them says counts."""
    lines = [options_of(_environment(process), _VALUED), options_of(arguments, _VALUED)]
    for options in lines:
        for folder in options.all("--chdir"):
            process.change_folder(folder)
    _roots(process, lines)
    settings = _configurations(process, lines)
    apps = [field for field in lines[-1].words if field.text or field.unknown][:1] or lines[0].words[:1]
    named = list(apps) + [Field(value) for value in settings.get("wsgi_app", ())]
    for field in named:
        process.app(field)
    if not named and "wsgi_app" not in settings:
        process.doubt("gunicorn is given no application")
    _classes(process, lines, settings)
    for option, what in (("--paste", "paste"), ("--paster", "paste")):
        if any(options.all(option) for options in lines) or what in settings:
            process.doubt("gunicorn loads its application from a paste file")
    for options in lines:
        for value in options.all("--log-config", "--log-config-json"):
            process.names_in(value)
        for _, value in options.named:
            process.found.word(value.text)


def _environment(process: Process) -> list[Field]:
    ways = process.state.variables.get("GUNICORN_CMD_ARGS", ())
    found: list[Field] = []
    for way in ways:
        for field in way:
            try:
                found.extend(Field(text, field.unknown) for text in shlex.split(field.text))
            except ValueError:
                process.doubt("GUNICORN_CMD_ARGS cannot be read")
    return found


def _roots(process: Process, lines: list[Options]) -> None:
    process.root(process.cwd)
    for options in lines:
        for value in options.all("--pythonpath"):
            for text in value.text.split(","):
                process.root(Field(text.strip(), value.unknown))
    process.python_path()


def _configurations(process: Process, lines: list[Options]) -> dict[str, list[str]]:
    settings: dict[str, list[str]] = {}
    given = [value for options in lines for value in options.all("-c", "--config")]
    if not given and process.found.place.file("gunicorn.conf.py", process.cwd.text):
        given = [Field("gunicorn.conf.py")]
    for value in given:
        path = _configuration(process, value)
        if path is not None:
            _settings(process, path, settings)
    return settings


def _configuration(process: Process, value: Field) -> str | None:
    """The file, when it is one; a module is started."""
    if value.text.startswith("python:"):
        process.app(Field(value.text.removeprefix("python:"), value.unknown))
        name = value.text.removeprefix("python:").replace(".", "/")
        found = (process.found.place.file(f"{root}/{name}.py") for root in process.found.roots)
        return next((path for path in found if path), None)
    return process.script(Field(value.text.removeprefix("file:"), value.unknown))


def _settings(process: Process, path: str, settings: dict[str, list[str]]) -> None:
    """The constants that the file assigns to settings that name code."""
    text = process.found.place.text(path)
    try:
        tree = ast.parse(text or "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        process.doubt(f"{path} cannot be parsed")
        return
    for node in (each for each in ast.walk(tree) if isinstance(each, ast.Assign | ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [target.id for target in targets if isinstance(target, ast.Name) and target.id in _SETTINGS]
        value = node.value
        for name in names:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                settings.setdefault(name, []).append(value.value)
            elif not isinstance(value, ast.Constant):
                settings.setdefault(name, [])
                if name in ("chdir", "pythonpath", "wsgi_app", "paste"):
                    process.doubt(f"{path}:{node.lineno} computes {name}")
    for folder in settings.get("chdir", ()):
        process.change_folder(Field(folder))
        process.root(process.cwd)
    for folders in settings.get("pythonpath", ()):
        for folder in folders.split(","):
            process.root(Field(folder.strip()))


def _classes(process: Process, lines: list[Options], settings: dict[str, list[str]]) -> None:
    names = [value.text for options in lines for value in options.all("-k", "--worker-class", "--logger-class")]
    for name in (*names, *settings.get("worker_class", ()), *settings.get("logger_class", ())):
        match = _CLASS.match(name)
        if match is not None:
            process.optional_module(match[1])
