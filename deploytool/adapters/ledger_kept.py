"""What is remembered of the copies of releases. It may be lost at any time: then it is asked for again."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

DAMAGE = (sqlite3.Error, OSError, ValueError)
MAKING = "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, version TEXT NOT NULL, value TEXT NOT NULL)"


class Kept:
    """A version and a text by name, in a file; without one that can be written, in memory for as long as we run."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._here: dict[str, tuple[str, str]] = {}

    def get(self, name: str) -> tuple[str, str] | None:
        return self._here.get(name) or self._stored(name)

    def put(self, name: str, version: str, value: str) -> None:
        if self._file is None or not self._written(self._file, name, version, value):
            self._here[name] = (version, value)
        else:
            self._here.pop(name, None)

    def _written(self, file: Path, name: str, version: str, value: str) -> bool:
        try:
            self._make(file)
            with closing(sqlite3.connect(file, timeout=2)) as db, db:
                db.execute("PRAGMA synchronous=OFF")
                db.execute(MAKING)
                db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (name, version, value))
        except DAMAGE as damage:  # a full disk, a lock: it goes on without. What is no database makes room for one.
            if isinstance(damage, sqlite3.DatabaseError) and not isinstance(damage, sqlite3.OperationalError):
                with suppress(OSError):
                    file.unlink(missing_ok=True)
            return False
        return True

    def _stored(self, name: str) -> tuple[str, str] | None:
        if self._file is None or not self._file.exists():
            return None
        try:
            with closing(sqlite3.connect(self._file, timeout=2)) as db:
                row = db.execute("SELECT version, value FROM kept WHERE name = ?", (name,)).fetchone()
        except DAMAGE:
            return None
        return None if row is None else (str(row[0]), str(row[1]))

    def _make(self, file: Path) -> None:
        """For its owner alone: a ledger says who did what."""
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
