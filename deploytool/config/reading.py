"""From a file to the document it holds: size, text, bombs and TOML itself, each refused with its place."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from deploytool.config.nearest import file_shown, shown
from deploytool.config.tokens import signs
from deploytool.errors import ConfigurationError

LARGEST = 1024 * 1024  # bytes
DEEPEST = 64  # tables in tables, lists in lists, parts of a dotted key
MOST_VALUES = 40_000  # keys and members of lists; a thousand ordinary services have 15,000
TABLE_WEIGHT = 3  # values that cost as much time as the heading of a table
MOST_STEPS = 250_000  # tomllib walks from the root for every part of every key; a thousand services need 50,000
FILE_NAME = "services.toml"


def file_bytes(path: Path, said: str) -> bytes:
    """The bytes of the file, at most one more than there may be; `said` is how messages call it."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no file {file_shown(said)}.",
            hint=f"Write a {FILE_NAME} at the top of the repository, or name another file: --config FILE",
        ) from None
    except IsADirectoryError:
        raise ConfigurationError(
            f"{file_shown(said)} is a folder.", hint=f"Name the file in it: --config {said.rstrip('/')}/{FILE_NAME}"
        ) from None
    except (OSError, ValueError) as problem:  # ValueError: a NUL byte in the path
        why = getattr(problem, "strerror", None) or "it cannot be opened"
        raise ConfigurationError(
            f"{file_shown(said)} could not be read: {why}.", hint="Name a file that can be read: --config FILE"
        ) from None


def text_of(content: bytes, said: str) -> str:
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise refused(said, line, "the file is not UTF-8 text", "save it as UTF-8") from None


def document_of(text: str, said: str) -> dict[str, Any]:
    """The parsed TOML. Nothing that would keep the parser busy or overflow its stack reaches it."""
    judge_depth(text, said)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise _not_toml(problem, text, said) from None
    except (ValueError, RecursionError, OverflowError):
        # A number of thousands of digits is a ValueError of Python's, without a place.
        raise refused(said, None, "a value in it is too large to be read", "shorten it") from None


def judge_depth(text: str, said: str) -> None:
    """Refuse what would overflow the parser's stack or keep it busy for seconds; linear in the text's length."""
    shape = _Shape()
    for sign, offset in signs(text):
        shape.take(sign)
        why = shape.excess
        if why:
            raise refused(said, _line(text, offset), why, "describe fewer things in one file, and less nested")


class _Shape:
    """How deep and how large the document is so far."""

    def __init__(self) -> None:
        self.depth = 0  # open brackets and braces
        self.dots = 0  # in the key that is being read
        self.header = 0  # parts of the [table] that the keys are in
        self.values = 0
        self.steps = 0
        self._line_start = True
        self._in_header = False

    @property
    def excess(self) -> str | None:
        if max(self.depth, self.dots, self.header) > DEEPEST:
            return f"more than {DEEPEST} levels deep"
        if self.values > MOST_VALUES:
            return f"more keys, tables and list members than {MOST_VALUES} (a table counts as {TABLE_WEIGHT})"
        return "too many keys with too many parts" if self.steps > MOST_STEPS else None

    def take(self, sign: str) -> None:
        if sign == ".":
            self.dots += 1
            return
        if sign == "[" and self._line_start:
            self._in_header = True
        if sign in "[{":
            self.depth += 1
        elif sign in "]}":
            self._close()
        elif sign in "=,":
            self._count(sign)
        else:
            self._in_header = False
        self._line_start = sign == "\n" and self.depth == 0
        self.dots = 0

    def _close(self) -> None:
        if self._in_header:
            self._in_header = False
            self.header = self.dots + 1
            self.steps += 2 * self.header
            self.values += TABLE_WEIGHT
        self.depth = max(self.depth - 1, 0)

    def _count(self, sign: str) -> None:
        self.values += 1
        if sign == "=":
            self.steps += (self.dots + 1) * (self.header + self.dots + 1)


def refused(said: str, line: int | None, why: str, remedy: str) -> ConfigurationError:
    place = said if line is None else f"{said}:{line}"
    return ConfigurationError(
        f"{file_shown(said)} was not read: {why}.",
        hint=f"{remedy[0].upper()}{remedy[1:]}.",
        mistakes=(f"{place}: {why}",),
    )


def _not_toml(problem: tomllib.TOMLDecodeError, text: str, said: str) -> ConfigurationError:
    """Python's sentence with the place in front, where editors and people look for it."""
    sentence, _, tail = str(problem).partition(" (at ")
    place = re.match(r"line (\d+), column (\d+)", tail)
    line, column = (int(place[1]), int(place[2])) if place else _end_of(text)
    visible = shown(sentence)[1:-1].replace('\\"', '"')
    return ConfigurationError(
        f"{file_shown(said)} is not TOML: {visible}.",
        hint=f"Correct line {line}, then: deploytool config check",
        mistakes=(f"{said}:{line}:{column}: {visible}",),
    )


def _end_of(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - text.rfind("\n")


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
