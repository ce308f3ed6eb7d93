"""Where the answer is read: how wide it is, whether it shows colour, which symbols it can show."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

from deploytool.errors import DeployToolError, ExitCode
from deploytool.render.obeyed import disarmed

SYMBOLS = "✓✗≠∅→├└│─"  # everything beyond ASCII that our own words use


class Colour(StrEnum):
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Screen:
    width: int | None = None  # None: as wide as needed, one line per row, as pipes like it
    colour: bool = False
    symbols: bool = True  # False: ASCII only


def screen_of(stream: TextIO, environ: Mapping[str, str], colour: Colour = Colour.AUTO) -> Screen:
    """What `stream` can show; `--color` beats NO_COLOR, which beats FORCE_COLOR, which beats asking the stream."""
    return Screen(_width(stream, environ), _colour(stream, environ, colour), _symbols(stream))


def say(text: str, stream: TextIO | None = None) -> None:
    """Write a whole text, ending in one newline, in which nothing is obeyed by who keeps the log."""
    write(disarmed(text), stream)


def write(text: str, stream: TextIO | None = None) -> bool:
    """Write it as it is, ending in one newline. False when the reader has gone away, which is not an error."""
    stream = sys.stdout if stream is None else stream
    encoding = stream.encoding or "utf-8"
    text = (text if text.endswith("\n") else text + "\n").encode(encoding, "backslashreplace").decode(encoding)
    try:
        stream.write(text)
        stream.flush()
        return True
    except BrokenPipeError:
        hush(stream)
        return False
    except OSError as error:
        hush(stream)
        raise DeployToolError(
            f"The answer could not be written: {error.strerror}.",
            hint="Free some space or write it somewhere else, then run the same command again.",
            exit_code=ExitCode.UNDETERMINED,
        ) from error


def hush(stream: TextIO) -> None:
    """Send what is still buffered nowhere, so that closing the stream cannot fail a second time."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    except (OSError, ValueError):
        return  # a stream without a descriptor has nothing to close
    finally:
        os.close(nowhere)


def _colour(stream: TextIO, environ: Mapping[str, str], choice: Colour) -> bool:
    if choice is not Colour.AUTO:
        return choice is Colour.ALWAYS
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


def _width(stream: TextIO, environ: Mapping[str, str]) -> int | None:
    told = environ.get("COLUMNS", "")
    if told.isascii() and told.isdigit() and 0 < int(told[:6]) < 10_000:
        return int(told)
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def _symbols(stream: TextIO) -> bool:
    try:
        SYMBOLS.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
