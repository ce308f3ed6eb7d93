"""Files that a person names for an answer: whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from deploytool.errors import DeployToolError, ExitCode, UsageError

SPECIAL = ("/dev/", "/proc/")  # a place to write into, never a name to put something else behind


def must_be_possible(files: Sequence[Path]) -> None:
    """Raises UsageError where no file can come to be, and when two answers would go to one."""
    places: set[Path] = set()
    for file in files:
        if file.is_dir():
            raise UsageError(f"{file} is a folder.", hint=f"Name a file in it, such as {file / 'answer'}")
        if not file.parent.is_dir():
            raise UsageError(f"There is no folder {file.parent}.", hint=f"mkdir -p {file.parent}")
        place = file.parent.resolve() / file.name
        if place in places:
            raise UsageError(f"Two answers would go to {file}.", hint="Give each one a file of its own.")
        places.add(place)


def put(file: Path, text: str) -> None:
    """The text becomes the file's whole content at one moment. A link of that name is replaced, never followed.

    Raises DeployToolError.
    """
    content = text.encode("utf-8")
    try:
        if _is_special(file):
            _write(file, os.O_WRONLY, content)
        else:
            _replace(file, content)
    except OSError as error:
        raise not_written(file, error) from error


def add(file: Path, text: str) -> None:
    """The text at the end of the file, on a line of its own. Raises DeployToolError."""
    try:
        gap = "" if _ends_a_line(file) else "\n"
        _write(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, (gap + text).encode("utf-8"))
    except OSError as error:
        raise not_written(file, error) from error


def not_written(file: Path, error: OSError) -> DeployToolError:
    return DeployToolError(
        f"{file} could not be written: {error.strerror}.",
        hint="Free some space or name another file, then run the same command again.",
        exit_code=ExitCode.UNDETERMINED,
    )


def _replace(file: Path, content: bytes) -> None:
    beside = file.with_name(f".{file.name[:200]}.{secrets.token_hex(8)}")
    try:
        _write(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, content, like=file)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _write(file: Path, flags: int, content: bytes, like: Path | None = None) -> None:
    with open(os.open(file, flags, 0o666), "wb") as stream:
        if like is not None and like.is_file() and not like.is_symlink():
            os.fchmod(stream.fileno(), stat.S_IMODE(like.stat().st_mode))
        stream.write(content)


def _is_special(file: Path) -> bool:
    """A device, a pipe, a socket: what cannot be replaced without breaking it."""
    if os.path.abspath(file).startswith(SPECIAL):
        return True
    try:
        mode = file.lstat().st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))


def _ends_a_line(file: Path) -> bool:
    """Also of a file that is empty or not there."""
    try:
        with file.open("rb") as stream:
            if stream.seek(0, os.SEEK_END) == 0:
                return True
            stream.seek(-1, os.SEEK_END)
            return stream.read(1) == b"\n"
    except FileNotFoundError:
        return True
