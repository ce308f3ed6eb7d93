"""What a Dockerfile's command starts, read in a few plain lines of its own: for the oracle, never for the tool."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping

from deploytool.domain.image import Image
from tests.python_oracle import Run, Start

_VALUE = re.compile(r"\$\{(\w+)(?::?[-=]([^}]*))?\}|\$(\w+)")
_SERVERS = ("gunicorn", "uvicorn", "hypercorn", "daphne", "waitress-serve")
_WITHOUT_VALUE = ("--preload", "--reload", "--no-sendfile", "--proxy-headers", "--debug", "--factory", "-u", "-O", "-B")


def run_of(image: Image) -> Run | None:
    """None when the command starts no Python, or nothing that is understood here."""
    if image.command is None:
        return None
    environment = dict(image.environment)
    text = image.command.shell or shlex.join(image.command.argv)
    words = shlex.split(_expanded(text, environment) if image.command.shell else text)
    return run_of_words(words, image.workdir, environment)


def run_of_words(words: list[str], cwd: str, environment: Mapping[str, str]) -> Run | None:
    path = tuple(entry for entry in environment.get("PYTHONPATH", "").split(":") if entry.startswith("/"))
    while words and (
        words[0] in ("exec", "ddtrace-run", "tini", "--", "opentelemetry-instrument", "time")
        or words[0].endswith("/tini")
        or words[0].endswith("dumb-init")
    ):
        words = words[1:]
    if len(words) > 2 and words[1] == "run" and words[0] in ("uv", "poetry", "pipenv"):
        words = [word for word in words[2:] if not word.startswith("--")]
    if not words:
        return None
    program, rest = posixpath.basename(words[0]), words[1:]
    starts, after = _starts(program, rest, cwd)
    return Run(starts, cwd, path, tuple(after), environment=environment) if starts else None


def _starts(program: str, rest: list[str], cwd: str) -> tuple[tuple[Start, ...], list[str]]:
    if program in _SERVERS:
        config = [posixpath.join(cwd, rest[at + 1]) for at, word in enumerate(rest) if word in ("--config", "-c")]
        targets = [word for word in _positional(rest) if re.fullmatch(r"[\w.]+(:[\w.()]+)?", word)]
        start = [Start("module", word.partition(":")[0]) for word in targets[-1:]]
        return (*(Start("config", path) for path in config if path.endswith(".py")), *start), []
    if re.fullmatch(r"python[\d.]*", program):
        while rest and rest[0].startswith("-") and rest[0] != "-m":
            if rest[0] == "-c":
                return (), []
            rest = rest[2:] if rest[0] in ("-X", "-W") else rest[1:]
        if rest[:1] == ["-m"] and len(rest) > 1:
            server = _starts(rest[1], rest[2:], cwd)
            return server if server[0] and rest[1] in _SERVERS else ((Start("main", rest[1]),), rest[2:])
        return ((Start("script", posixpath.join(cwd, rest[0])),), rest[1:]) if rest else ((), [])
    if program == "functions-framework":
        named = [word.partition("=")[2] for word in rest if word.startswith("--source=")]
        return (Start("file", posixpath.join(cwd, (named or ["main.py"])[0])),), []
    if program.endswith(".py"):
        return (Start("script", posixpath.normpath(posixpath.join(cwd, program))),), rest
    return (), []


def _positional(words: list[str]) -> list[str]:
    found, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = "=" not in word and word not in _WITHOUT_VALUE
        else:
            found.append(word)
    return found


def _expanded(text: str, environment: Mapping[str, str]) -> str:
    return _VALUE.sub(lambda found: environment.get(found[1] or found[3]) or found[2] or "", text)
