"""Everything the emulated Cloud Run remembers: one SQLite file per state folder.

One process writes it (the server of that folder), on one thread; other processes ask the server.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploytool.emulator.errors import EmulatorError
from deploytool.emulator.past import Past

VERSION = 1
SCHEMA = """
CREATE TABLE resources (
    name     TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,             -- services, revisions, jobs, operations, policies, events, …
    location TEXT NOT NULL,             -- projects/P/locations/R
    parent   TEXT NOT NULL,             -- the location, or the service of a revision or policy
    body     TEXT NOT NULL,             -- what a client sees, without addresses
    hidden   TEXT NOT NULL DEFAULT '{}',-- what only the emulator knows
    due      REAL                       -- epoch seconds at which an operation settles; NULL: never
) WITHOUT ROWID;
CREATE INDEX by_location ON resources (kind, location, name);
CREATE INDEX by_parent ON resources (kind, parent, name);
CREATE INDEX by_due ON resources (due) WHERE due IS NOT NULL;
"""


@dataclass(frozen=True)
class Row:
    name: str
    kind: str
    parent: str
    body: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)
    due: float | None = None

    @property
    def location(self) -> str:
        return "/".join(self.name.split("/")[:4])


class Store:
    """Rows by name, by parent, by due time. Raises EmulatorError when the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.past = Past()
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=5)
            self._prepare()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")  # a rehearsal survives a crash of the server, not of the power
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._db.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            raise EmulatorError(
                f"{self.path} was written by another version of the emulator (layout {version}, this is {VERSION}).",
                hint=f"Move it away to begin anew: mv {self.path} {self.path}.old",
            )

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: all of it or nothing."""
        with self._explained():
            self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            with self._explained():
                self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # a full disk has already ended it
                self._db.execute("ROLLBACK")
            raise

    def get(self, name: str) -> Row | None:
        return next(self._rows("name = ?", (name,)), None)

    def children(self, kind: str, parent: str) -> list[Row]:
        return list(self._rows("kind = ? AND parent = ? ORDER BY name", (kind, parent)))

    def all_of(self, kind: str) -> Iterator[Row]:
        return self._rows("kind = ? ORDER BY name", (kind,))

    def page(self, kind: str, *, column: str, value: str, after: str | None, size: int) -> list[Row]:
        """Up to `size` rows after a name. Revisions come newest first, as names count upwards."""
        assert column in {"location", "parent"}
        order, sign = ("DESC", "<") if kind == "revisions" else ("ASC", ">")
        where, values = f"kind = ? AND {column} = ?", [kind, value]
        if after is not None:
            where, values = f"{where} AND name {sign} ?", [*values, after]
        return list(self._rows(f"{where} ORDER BY name {order} LIMIT {int(size)}", tuple(values)))

    def due(self, now: float) -> list[Row]:
        return list(self._rows("due <= ? ORDER BY due, name", (now,)))

    def put(self, row: Row) -> None:
        if row.kind in {"services", "revisions", "jobs"}:
            self.past.remember(row.name, row.body)
        self._run(
            "INSERT OR REPLACE INTO resources (name, kind, location, parent, body, hidden, due) VALUES (?,?,?,?,?,?,?)",
            (row.name, row.kind, row.location, row.parent, json.dumps(row.body), json.dumps(row.hidden), row.due),
        )

    def delete(self, name: str) -> None:
        self._run("DELETE FROM resources WHERE name = ?", (name,))

    def delete_children(self, parent: str) -> None:
        self._run("DELETE FROM resources WHERE parent = ?", (parent,))

    def clear(self) -> None:
        self._run("DELETE FROM resources")
        self.past.clear()

    def _rows(self, where: str, values: tuple[Any, ...]) -> Iterator[Row]:
        query = f"SELECT name, kind, parent, body, hidden, due FROM resources WHERE {where}"
        for name, kind, parent, body, hidden, due in self._run(query, values).fetchall():
            yield Row(name, kind, parent, json.loads(body), json.loads(hidden), due)

    def _run(self, query: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        with self._explained():
            return self._db.execute(query, values)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as problem:
            raise EmulatorError(
                f"The embedded Cloud Run cannot use {self.path}: {problem}.",
                hint=f"See that the disk has room and the folder can be written: ls -ld {self.path.parent}",
            ) from problem
