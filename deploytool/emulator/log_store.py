"""Where log entries are kept: one SQLite file, written in batches, bounded, read in pieces."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploytool.emulator.errors import EmulatorError
from deploytool.emulator.log_entries import SEVERITIES, Entry

VERSION = 1
MAX_ENTRIES = 200_000
SPARE = 5_000  # so many above the limit are dropped together
BATCH = 500  # entries that are written without waiting for the next flush
SCHEMA = """
CREATE TABLE entries (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,          -- microseconds since 1970
    project  TEXT NOT NULL,
    log      TEXT NOT NULL,             -- logName
    service  TEXT NOT NULL,
    revision TEXT NOT NULL,
    severity INTEGER NOT NULL,
    entry    TEXT NOT NULL
);
CREATE INDEX by_time ON entries (project, at, seq);
"""
COLUMNS = ("log", "service", "revision")


@dataclass(frozen=True)
class Bounds:
    """What every match of a filter must have; loose is right, tight is fast."""

    since: int | None = None  # microseconds since 1970, both ends included
    until: int | None = None
    severity: int = 0  # at least
    equal: tuple[tuple[str, str], ...] = ()  # (column, value), whatever the case of letters


@dataclass(frozen=True)
class Place:
    """Where a page ended: entries are ordered by time, then by arrival."""

    at: int
    seq: int


class LogStore:
    """Used on one thread. Raises EmulatorError when the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: list[tuple[Any, ...]] = []
        self._count = 0
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=5)
            self._prepare()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")  # a log of a rehearsal may lose its end with the power
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._db.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            raise EmulatorError(
                f"{self.path} was written by another version of the emulator (layout {version}, this is {VERSION}).",
                hint=f"Move it away to begin anew: mv {self.path} {self.path}.old",
            )
        self._count = self._db.execute("SELECT count(*) FROM entries").fetchone()[0]

    def add(self, at: int, entry: Entry) -> None:
        """Keep an entry; it is on disk after the next `flush`."""
        labels = entry["resource"]["labels"]
        self._waiting.append(
            (
                at,
                labels["project_id"],
                entry["logName"],
                labels["service_name"],
                labels["revision_name"],
                SEVERITIES[entry["severity"]],
                json.dumps(entry),
            )
        )

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def flush(self) -> None:
        """Write what waits. What cannot be written is given up, so that memory stays bounded."""
        rows, self._waiting = self._waiting, []
        if not rows:
            return
        with self._explained(), self._transaction():
            self._db.executemany(
                "INSERT INTO entries (at, project, log, service, revision, severity, entry) VALUES (?,?,?,?,?,?,?)",
                rows,
            )
            self._count += len(rows)
            if self._count > MAX_ENTRIES + SPARE:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        newest = self.newest()
        self._db.execute("DELETE FROM entries WHERE seq <= ?", (newest - MAX_ENTRIES,))
        self._count = self._db.execute("SELECT count(*) FROM entries").fetchone()[0]

    def newest(self) -> int:
        """The number of the entry that came last; 0 when there is none."""
        with self._explained():
            return int(self._db.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()[0])

    def piece(
        self, project: str, bounds: Bounds, *, after: Place | None, upto: int, newest_first: bool, size: int
    ) -> list[tuple[Place, Entry]]:
        """Up to `size` entries after a place, of those that had come when `upto` was the newest."""
        found = self.texts(project, bounds, after=after, upto=upto, newest_first=newest_first, size=size)
        return [(place, json.loads(entry)) for place, entry in found]

    def texts(
        self, project: str, bounds: Bounds, *, after: Place | None, upto: int, newest_first: bool, size: int
    ) -> list[tuple[Place, str]]:
        """The same, each as the JSON that it is kept as."""
        where, values = ["project = ?", "seq <= ?"], [project, upto]
        for condition, value in _conditions(bounds):
            where.append(condition)
            values.append(value)
        order, sign = ("DESC", "<") if newest_first else ("ASC", ">")
        if after is not None:
            where.append(f"(at, seq) {sign} (?, ?)")
            values += [after.at, after.seq]
        query = f"SELECT at, seq, entry FROM entries WHERE {' AND '.join(where)} ORDER BY at {order}, seq {order}"
        with self._explained():
            found = self._db.execute(f"{query} LIMIT {int(size)}", values).fetchall()
        return [(Place(at, seq), entry) for at, seq, entry in found]

    def clear(self) -> None:
        self._waiting, self._count = [], 0
        with self._explained():
            self._db.execute("DELETE FROM entries")

    def close(self) -> None:
        try:
            self.flush()
        finally:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as problem:
            raise EmulatorError(
                f"The embedded Cloud Run cannot keep logs in {self.path}: {problem}.",
                hint=f"See that the disk has room; without its logs it begins anew: mv {self.path} {self.path}.old",
            ) from problem


def _conditions(bounds: Bounds) -> Iterator[tuple[str, Any]]:
    if bounds.since is not None:
        yield "at >= ?", bounds.since
    if bounds.until is not None:
        yield "at <= ?", bounds.until
    if bounds.severity:
        yield "severity >= ?", bounds.severity
    for column, value in bounds.equal:
        assert column in COLUMNS
        yield f"{column} = ? COLLATE NOCASE", value
