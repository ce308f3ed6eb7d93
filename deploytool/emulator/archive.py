"""A source archive unpacked with suspicion: nothing of it lands outside its folder, and none of it is endless."""

from __future__ import annotations

import gzip
import io
import os
import posixpath
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

MAX_BYTES = 1024 * 1024 * 1024  # unpacked
MAX_ENTRIES = 200_000


class Unbuildable(Exception):
    """This build ends here; the text is the last line of its log."""


def unpack(archive: bytes, folder: Path) -> int:
    """Unpack a tar.gz into an empty folder; answers the number of entries. Unbuildable for one that cannot be trusted.

    Links come last, so that no file is written through one.
    """
    links: list[tuple[PurePosixPath, str]] = []
    count = left = 0
    left = MAX_BYTES
    try:
        with tarfile.open(fileobj=_Capped(gzip.GzipFile(fileobj=io.BytesIO(archive))), mode="r|") as tar:
            for member in tar:
                count, left = count + 1, left - max(member.size, 0)
                if count > MAX_ENTRIES or left < 0:
                    raise Unbuildable("The source archive is too large.")
                place = _place(member.name)
                if member.issym():
                    links.append((place, _target(place, member.linkname)))
                else:
                    _write(tar, member, folder / place)
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as problem:
        raise Unbuildable(f"The source is not a tar.gz archive: {type(problem).__name__}.") from problem
    _link(folder, links)
    return count


class _Capped(io.RawIOBase):
    """Refuses to hand out more than an archive may hold, whatever its headers say."""

    def __init__(self, source: gzip.GzipFile) -> None:
        self.source = source
        self.left = 2 * MAX_BYTES  # headers and padding come on top of the content

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise Unbuildable("The source archive is too large.")
        return data


def _place(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise Unbuildable(f"The source archive has an entry outside of itself: {name!a}.")
    return path


def _target(place: PurePosixPath, target: str) -> str:
    """Where a link leads, which must be inside."""
    whole = posixpath.normpath(posixpath.join(str(place.parent), target))
    if target.startswith("/") or whole == ".." or whole.startswith("../") or "\0" in target:
        raise Unbuildable(f"The source archive has a link that leads out of it: {str(place)!a}.")
    return target


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
        return
    content = tar.extractfile(member) if member.isreg() else None
    if content is None:
        raise Unbuildable(f"The source archive has something that is no file, folder or link: {member.name!a}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        shutil.copyfileobj(content, out)
    path.chmod(0o755 if member.mode & 0o100 else 0o644)


def _link(folder: Path, links: list[tuple[PurePosixPath, str]]) -> None:
    for place, target in links:
        path = folder / place
        try:
            # A folder made of an earlier link would lead this one astray.
            if os.path.realpath(path.parent) != os.path.normpath(os.path.join(os.path.realpath(folder), place.parent)):
                raise Unbuildable(f"The source archive has a link behind a link: {str(place)!a}.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)
        except OSError as problem:
            raise Unbuildable(f"The link {str(place)!a} of the source cannot be made.") from problem
