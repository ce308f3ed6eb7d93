"""Files of a commit put into a folder, exactly there and never through a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from deploytool.domain.tree import LINK
from deploytool.errors import RepositoryError

ODD = frozenset(("", ".", ".."))


def place(root: Path, path: str, mode: int, content: bytes, *, when: int | None = None) -> None:
    """Write one file or link at `path` below `root`; `when` is its time, in seconds since 1970.

    Raises RepositoryError for a path that would leave the folder or go through a link.
    """
    *above, name = _parts(path)
    at = make_folder(root, "/".join(above)) / name
    try:
        if mode == LINK:
            at.symlink_to(os.fsdecode(content))
        else:
            writing = os.open(at, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
            with os.fdopen(writing, "wb") as file:
                file.write(content)
                os.fchmod(writing, 0o755 if mode & 0o100 else 0o644)
    except FileExistsError:
        raise _odd(path, "two things want this place") from None
    if when is not None:
        os.utime(at, (when, when), follow_symlinks=False)


def make_folder(root: Path, path: str) -> Path:
    """The folder at `path` below `root`, made when it is not there."""
    here = root
    for name in _parts(path) if path else ():
        here = here / name
        try:
            here.mkdir(mode=0o755)
        except FileExistsError:
            if not stat.S_ISDIR(here.lstat().st_mode):
                raise _odd(path, f"{name!r} on the way is no folder") from None
    return here


def sync_below(folder: Path) -> None:
    """Files and folders in it survive a loss of power."""
    for here, _, files in os.walk(folder):
        for name in files:
            if not os.path.islink(os.path.join(here, name)):
                sync(Path(here, name))
        sync(Path(here))


def sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _parts(path: str) -> list[str]:
    parts = path.lstrip("/").split("/")
    if ODD.intersection(parts) or "\0" in path:
        raise _odd(path, "that is no path")
    return parts


def _odd(path: str, why: str) -> RepositoryError:
    return RepositoryError(
        f"{path!r} cannot be laid out: {why}.", hint="Give the file another name, or leave it out with .dockerignore."
    )
