"""From a file to the document it holds: size, text, bombs and TOML itself, each refused with its place."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from deploytool.config.nearest import shown
from deploytool.config.tokens import signs
from deploytool.errors import ConfigurationError

LARGEST = 1024 * 1024  # bytes
DEEPEST = 64  # tables in tables, lists in lists, parts of a dotted key
# tomllib walks from the root for every part of every key; an ordinary megabyte of services needs a tenth of this.
MOST_WORK = 600_000
FILE_NAME = "services.toml"


def file_bytes(path: Path, said: str) -> bytes:
    """The bytes of the file, of which there may be a megabyte; `said` is how messages call it."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no file {shown(said)}.",
            hint=f"Write a {FILE_NAME} at the top of the repository, or name another file: --config FILE",
        ) from None
    except IsADirectoryError:
        raise ConfigurationError(
            f"{shown(said)} is a folder.", hint=f"Name the file in it: --config {said.rstrip('/')}/{FILE_NAME}"
        ) from None
    except (OSError, ValueError) as problem:  # ValueError: a NUL byte in the path
        why = getattr(problem, "strerror", None) or "it cannot be opened"
        raise ConfigurationError(
            f"{shown(said)} could not be read: {why}.", hint="Name a file that can be read: --config FILE"
        ) from None
    if len(content) > LARGEST:
        raise refused(said, None, f"the file is larger than {LARGEST // 1024} KiB", "no description of services is")
    return content


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
    """Refuse nesting beyond DEEPEST and keys whose reading would take seconds; linear in the text's length."""
    depth = dots = work = 0
    header = 0  # parts of the [table] that keys are in
    fresh = True  # nothing but spaces on this line yet
    in_header = False
    for sign, offset in signs(text):
        if sign == ".":
            dots += 1
        elif sign == "[" and fresh and depth == 0:
            in_header, dots, depth = True, 0, 1
        elif sign in "[{":
            depth, dots = depth + 1, 0
        elif sign == "=":
            work += (dots + 1) * (header + dots + 1)
            dots = 0
        elif sign in "]}":
            if in_header:
                header, in_header, work = dots + 1, False, work + dots + 1
            depth, dots = max(depth - 1, 0), 0
        else:
            in_header, dots = False, 0
        fresh = sign == "\n" and depth == 0
        if max(depth, dots, header) > DEEPEST:
            raise refused(said, _line(text, offset), f"more than {DEEPEST} levels deep", "write it flatter")
        if work > MOST_WORK:
            raise refused(said, _line(text, offset), "too many keys in too deep tables", "write it flatter")


def refused(said: str, line: int | None, why: str, remedy: str) -> ConfigurationError:
    place = said if line is None else f"{said}:{line}"
    return ConfigurationError(
        f"{shown(said)} was not read: {why}.", hint=f"{remedy[0].upper()}{remedy[1:]}.", mistakes=(f"{place}: {why}",)
    )


def _not_toml(problem: tomllib.TOMLDecodeError, text: str, said: str) -> ConfigurationError:
    """Python's sentence with the place in front, where editors and people look for it."""
    sentence, _, tail = str(problem).partition(" (at ")
    place = re.match(r"line (\d+), column (\d+)", tail)
    line, column = (int(place[1]), int(place[2])) if place else _end_of(text)
    visible = shown(sentence)[1:-1].replace('\\"', '"')
    return ConfigurationError(
        f"{shown(said)} is not TOML: {visible}.",
        hint=f"Correct line {line}, then: deploytool config check",
        mistakes=(f"{said}:{line}:{column}: {visible}",),
    )


def _end_of(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - text.rfind("\n")


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
