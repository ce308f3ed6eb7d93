"""A clean export of a commit: what a builder is sent, as a folder or as one archive, the same bytes every time."""

from __future__ import annotations

import gzip
import io
import tarfile
from datetime import datetime
from pathlib import Path

from deploytool.adapters.builds.placing import make_folder, place
from deploytool.adapters.builds.sources import Source, Sources
from deploytool.domain.build import Wanted
from deploytool.domain.build_doubts import left_out_submodules
from deploytool.domain.tree import LINK
from deploytool.errors import BuildFailed

LARGEST = 1024 * 1024 * 1024  # bytes of one archive


def export_to_folder(sources: Sources, source: Source, wanted: Wanted, folder: Path) -> None:
    """Paths below `folder` are repository paths; every file carries the time of the commit."""
    when = seconds_of(wanted)
    for file in sources.files(source):
        place(folder, file.path, file.mode, file.content, when=when)
    make_folder(folder, source.made.context)


def export_to_archive(sources: Sources, source: Source, wanted: Wanted) -> bytes:
    """The same as a tar.gz: sorted, of nobody, with the time of the commit."""
    when = seconds_of(wanted)
    written = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=written, compresslevel=6, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        if source.made.context:
            archive.addfile(_row(source.made.context, tarfile.DIRTYPE, 0o755, when))
        for file in sources.files(source):
            if written.tell() > LARGEST:
                raise BuildFailed(
                    f"The sources of {wanted.service} are larger than {LARGEST >> 20} MiB when packed.",
                    hint="Leave out what the build does not need: .dockerignore.",
                )
            if file.mode == LINK:
                row = _row(file.path, tarfile.SYMTYPE, 0o777, when)
                row.linkname = file.content.decode("utf-8", "surrogateescape")
                archive.addfile(row)
            else:
                row = _row(file.path, tarfile.REGTYPE, 0o755 if file.mode & 0o100 else 0o644, when)
                row.size = len(file.content)
                archive.addfile(row, io.BytesIO(file.content))
    return written.getvalue()


def notes_of(source: Source) -> tuple[str, ...]:
    return tuple(
        f"{path} is a submodule: its files were left out, and nothing copies them"
        for path in left_out_submodules(source.made, source.tree)
    )


def seconds_of(wanted: Wanted) -> int:
    return int(datetime.fromisoformat(wanted.timestamp).timestamp())


def _row(path: str, kind: bytes, mode: int, when: int) -> tarfile.TarInfo:
    row = tarfile.TarInfo(path)
    row.type, row.mode, row.mtime = kind, mode, when
    row.uid = row.gid = 0
    row.uname = row.gname = ""
    return row
