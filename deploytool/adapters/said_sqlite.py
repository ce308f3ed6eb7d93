"""What was said to people, in one SQLite file beside the ledger: for the runners of one machine.

It is worth little: where it is damaged it makes room for a new one, and something may be said once more.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from deploytool.adapters.leases.machine_clock import Reading, keep_time, moment, reading, store_time
from deploytool.domain.message import Said
from deploytool.domain.said_json import json_of, said_from
from deploytool.errors import CouldNotLook

PATIENCE = 10.0  # seconds to wait for another process that writes
MAKING = (
    "CREATE TABLE IF NOT EXISTS said (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS clock (boot TEXT PRIMARY KEY, ahead REAL NOT NULL, latest REAL NOT NULL) WITHOUT ROWID",
)


class SqliteNotebook:
    """A Notebook in a file."""

    def __init__(self, file: Path, *, clocks: Callable[[], Reading] = reading) -> None:
        self.file, self._clocks = file, clocks

    def change(self, key: str, turn: Callable[[Said, datetime], Said]) -> Said:
        try:
            try:
                return self._changed(key, turn)
            except sqlite3.DatabaseError as damage:
                if isinstance(damage, sqlite3.OperationalError):
                    raise
                for end in ("", "-wal", "-shm"):
                    Path(f"{self.file}{end}").unlink(missing_ok=True)
                return self._changed(key, turn)
        except (sqlite3.Error, OSError, ValueError) as problem:
            raise CouldNotLook(
                f"What was said before cannot be read from {self.file}: {type(problem).__name__}.",
                hint="Make the file and its folder yours to read and write.",
            ) from problem

    def _changed(self, key: str, turn: Callable[[Said, datetime], Said]) -> Said:
        self._make()
        with closing(sqlite3.connect(self.file, timeout=PATIENCE, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=FULL")
            db.execute("BEGIN IMMEDIATE")  # what is raised from here on is undone when the connection is closed
            for statement in MAKING:
                db.execute(statement)
            read = self._clocks()  # only now: a wait for the file must not make the time old
            now = store_time(db, read)
            keep_time(db, read, now)
            row = db.execute("SELECT body FROM said WHERE key = ?", (key,)).fetchone()
            said = turn(Said(key) if row is None else _said(row[0], key), moment(now))
            body = json.dumps(json_of(said))
            db.execute("INSERT OR REPLACE INTO said (key, body) VALUES (?, ?)", (key, body))
            db.execute("COMMIT")
            return said

    def _make(self) -> None:
        """For its owner alone."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _said(body: str, key: str) -> Said:
    """What cannot be understood may have been anything."""
    try:
        return said_from(json.loads(body), key)
    except (ValueError, TypeError, RecursionError):
        return Said(key, doubt=True)
