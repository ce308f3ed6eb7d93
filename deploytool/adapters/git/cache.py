"""What git never changes its mind about, kept on disk: the paths of a commit, the links below a tree, a file's facts.

Keys are full object ids, so an entry is true for ever and in every repository. The file may be deleted at any
time; a damaged one is replaced, and one that cannot be written is done without.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Literal, get_args

FORMAT = 2
DIGEST = 8  # bytes
Kind = Literal["source", "impact", "imported", "scope", "shape", "faults"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DAMAGE = (sqlite3.Error, ValueError)  # the latter for damage that is quoted in a message and is no text
CHUNK = 500  # parameters of one SELECT, below SQLite's oldest limit of 999


class FactCache:
    """A dictionary of bytes per kind of fact; without a folder it remembers nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._db: sqlite3.Connection | None = None
        if folder is not None:
            self._db = _opened(folder) or _opened(folder)  # the first try may have removed a damaged file

    @property
    def remembers(self) -> bool:
        return self._db is not None

    def touched(self, commits: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The changed paths of those commits that are known."""
        return {oid: _split(value) for oid, value in self._known("touched", commits)}

    def keep_touched(self, facts: Mapping[str, tuple[str, ...]]) -> None:
        self._keep("touched", ((oid, "\0".join(paths)) for oid, paths in facts.items()))

    def links(self, trees: Sequence[str]) -> dict[str, tuple[tuple[str, str], ...]]:
        """(path below the tree, blob id) of every link at or below those trees that are known."""
        return {
            oid: tuple((path, blob) for path, blob in json.loads(value)) for oid, value in self._known("links", trees)
        }

    def keep_links(self, facts: Mapping[str, tuple[tuple[str, str], ...]]) -> None:
        self._keep("links", ((oid, json.dumps(found)) for oid, found in facts.items()))

    def kept(self, kind: Kind, keys: Sequence[str]) -> dict[str, str]:
        """What was worked out about contents, as it was written; the keys are hex digits."""
        return dict(self._known(kind, keys))

    def keep(self, kind: Kind, facts: Mapping[str, str]) -> None:
        self._keep(kind, facts.items())

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _known(self, table: str, oids: Sequence[str]) -> Iterator[tuple[str, str]]:
        if self._db is None:
            return
        for start in range(0, len(oids), CHUNK):
            part = [bytes.fromhex(oid) for oid in oids[start : start + CHUNK]]
            marks = ",".join("?" * len(part))
            try:
                rows = self._db.execute(f"SELECT oid, value FROM {table} WHERE oid IN ({marks})", part).fetchall()
            except DAMAGE:  # or locked for too long: compute it again
                return
            for oid, entry in rows:
                value = entry[DIGEST:] if isinstance(entry, bytes) else b""
                if entry == _sealed(table, oid, value):  # else it is damaged: worked out again
                    yield oid.hex(), value.decode("utf-8", "surrogateescape")

    def _keep(self, table: str, facts: Iterable[tuple[str, str]]) -> None:
        if self._db is None:
            return
        keyed = ((bytes.fromhex(oid), value.encode("utf-8", "surrogateescape")) for oid, value in facts)
        rows = [(oid, _sealed(table, oid, value)) for oid, value in keyed]
        try:
            with self._db:
                self._db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", rows)
        except DAMAGE:  # full disk, read-only, locked: the answer stands without it
            return


def _sealed(table: str, oid: bytes, value: bytes) -> bytes:
    """The value behind a checksum of itself, its key and its kind: a flipped byte on a disk must not become a fact."""
    return blake2b(table.encode() + oid + value, digest_size=DIGEST).digest() + value


def _opened(folder: Path) -> sqlite3.Connection | None:
    file = folder / f"git-facts-{FORMAT}.sqlite"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        db = sqlite3.connect(file, timeout=2, check_same_thread=False)  # one thread at a time asks
    except (OSError, sqlite3.Error):
        return None
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=OFF")
        for table in ("touched", "links", *KINDS):
            db.execute(f"CREATE TABLE IF NOT EXISTS {table} (oid BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
    except DAMAGE as damage:
        db.close()
        if not isinstance(damage, sqlite3.OperationalError):
            with suppress(OSError):  # not ours to remove
                file.unlink(missing_ok=True)
        return None
    return db


def _split(value: str) -> tuple[str, ...]:
    return tuple(value.split("\0")) if value else ()
