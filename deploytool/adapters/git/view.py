"""A repository without its configuration: its objects and refs, seen through a folder of our own.

Overriding dangerous settings one by one needs a list that is never complete, and one that matters cannot be
overridden at all: a promisor remote makes git fetch what is missing, whatever a later setting says. So git reads the
user's objects and refs through links in a bare repository whose configuration is ours. There, what is missing is
said to be missing, nobody's attributes and hooks apply, and paths are counted from the top wherever one stands.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

SHARED = ("objects", "refs", "packed-refs", "reftable", "shallow")  # some need not exist: then the link leads nowhere


class View:
    """The folder through which git reads one repository; kept in the cache, or made for once where there is none."""

    def __init__(self, git_dir: Path, common_dir: Path, *, id_length: int, cache: Path | None) -> None:
        self._once: tempfile.TemporaryDirectory[str] | None = None
        key = hashlib.sha256(os.fsencode(git_dir) + b"\0" + os.fsencode(common_dir)).hexdigest()[:24]
        try:
            if cache is None:
                raise FileNotFoundError
            self.folder = _made(cache / "views" / key, git_dir, common_dir, id_length)
        except OSError:  # a cache that cannot be written is done without
            self._once = tempfile.TemporaryDirectory(prefix="deploytool-")
            self.folder = _made(Path(self._once.name), git_dir, common_dir, id_length)

    def close(self) -> None:
        if self._once is not None:
            self._once.cleanup()


def _made(view: Path, git_dir: Path, common_dir: Path, id_length: int) -> Path:
    view.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in SHARED:
        _link(view / name, common_dir.resolve() / name)
    extensions = {"objectFormat = sha256": id_length == 64, "refStorage = reftable": (common_dir / "reftable").is_dir()}
    said = "".join(f"\t{line}\n" for line, holds in extensions.items() if holds)
    version = "1" if said else "0"
    config = f"[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n" + (
        f"[extensions]\n{said}" if said else ""
    )
    _write(view / "config", config.encode())
    _write(view / "HEAD", (git_dir / "HEAD").read_bytes())
    return view


def _link(link: Path, to: Path) -> None:
    if link.is_symlink() and link.readlink() == to:
        return
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(to)
    fresh.replace(link)


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all: another command may be reading."""
    if file.is_file() and file.read_bytes() == content:
        return
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(file)


def borrow(objects: Path, other: Path) -> None:
    """Let what is in the object store `other` be found through `objects`, which is made where it is missing."""
    (objects / "info").mkdir(parents=True, exist_ok=True)
    (objects / "info" / "alternates").write_bytes(_as_line(os.fsencode(other.resolve())) + b"\n")


def _as_line(path: bytes) -> bytes:
    """A path as git reads it from a line; one that would be mistaken for something else is quoted as in C."""
    if not path.startswith((b'"', b"#")) and b"\n" not in path:
        return path
    return b'"%s"' % b"".join(
        bytes([byte]) if 32 <= byte < 127 and byte not in b'"\\' else b"\\%03o" % byte for byte in path
    )
