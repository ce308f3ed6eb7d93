"""Leases in one SQLite file: for one machine, whose own clock decides.

The file is opened for each change, so that a process that was forked, stopped or outlived by its file never writes into
something that nobody else reads.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from deploytool.adapters.leases.machine_clock import Reading, keep_time, moment, reading, store_time
from deploytool.adapters.leases.store import Turn
from deploytool.domain.lease_book import Book
from deploytool.domain.lease_json import book_from, json_of
from deploytool.errors import CouldNotLook, DeployToolError

LAYOUT = 1
PATIENCE = 10.0  # seconds to wait for another process that writes
SCHEMA = f"""
CREATE TABLE books (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE clock (boot TEXT PRIMARY KEY, ahead REAL NOT NULL, latest REAL NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {LAYOUT};
"""
DAMAGE = (sqlite3.Error, OSError, ValueError)  # the latter for damage that is quoted in a message and is no text


class SqliteShelf:
    grain = 0.0

    def __init__(self, path: Path, *, clocks: Callable[[], Reading] = reading, patience: float = PATIENCE) -> None:
        self.path, self._clocks, self._patience = path, clocks, patience

    def change(self, key: str, turn: Turn) -> Book:
        with self._explained():
            if not self._is_there():
                self._create()
            with closing(self._opened()) as db, _transaction(db, "BEGIN IMMEDIATE"):
                file = self._file()
                read = self._clocks()  # only now: a wait for the file must not make the time old
                now = store_time(db, read)
                row = db.execute("SELECT body FROM books WHERE key = ?", (key,)).fetchone()
                was = Book(key) if row is None else _book(row[0])
                keep_time(db, read, now)
                book = turn(was, moment(now))
                if book != was:
                    body = json.dumps(json_of(book))
                    db.execute("INSERT OR REPLACE INTO books (key, body) VALUES (?, ?)", (key, body))
                if self._file() != file:
                    raise OSError("it was replaced in the meantime")
            return book

    def books(self) -> tuple[list[Book], datetime]:
        with self._explained():
            if not self._is_there():
                return [], moment(self._clocks().wall)
            with closing(self._opened()) as db, _transaction(db, "BEGIN"):
                rows = db.execute("SELECT body FROM books").fetchall()
                return [_book(body) for (body,) in rows], moment(store_time(db, self._clocks()))

    def _opened(self) -> sqlite3.Connection:
        if self.path.stat().st_size == 0:
            raise sqlite3.DatabaseError("file is empty")  # we never make it so
        db = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw", uri=True, timeout=self._patience, isolation_level=None
        )
        try:
            db.execute("PRAGMA synchronous = FULL")
            layout = db.execute("PRAGMA user_version").fetchone()[0]
            if layout != LAYOUT:
                raise ValueError(f"layout {layout}, this version knows {LAYOUT}")
            said = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if said != "ok":
                raise sqlite3.DatabaseError("malformed")
        except BaseException:
            db.close()
            raise
        return db

    def _create(self) -> None:
        """All of it or nothing: whoever comes at the same time finds no file, or a whole one."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        try:
            with closing(sqlite3.connect(made, isolation_level=None)) as db:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = FULL")
                db.executescript(SCHEMA)
            with suppress(FileExistsError):
                os.link(made, self.path)
        finally:
            for end in ("", "-wal", "-shm"):
                with suppress(OSError):
                    Path(f"{made}{end}").unlink(missing_ok=True)

    def _is_there(self) -> bool:
        """Whatever else is in the way is no absence."""
        try:
            self.path.stat()
        except FileNotFoundError:
            return False
        return True

    def _file(self) -> tuple[int, int]:
        found = self.path.stat()
        return found.st_dev, found.st_ino

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DAMAGE as damage:
            what, hint = _told(damage, self.path)
            raise CouldNotLook(f"The leases in {self.path} cannot be used: {what}.", hint=hint) from damage


def _book(body: str) -> Book:
    try:
        return book_from(json.loads(body))
    except (ValueError, RecursionError, TypeError) as problem:
        raise sqlite3.DatabaseError(f"malformed record ({type(problem).__name__})") from problem


@contextmanager
def _transaction(db: sqlite3.Connection, begin: str) -> Iterator[None]:
    db.execute(begin)
    try:
        yield
        db.execute("COMMIT")
    except DeployToolError:  # a refusal is an answer too: that time has passed must be remembered
        db.execute("COMMIT")
        raise
    except BaseException:
        if db.in_transaction:  # a full disk has already ended it
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
        raise


def _told(damage: Exception, path: Path) -> tuple[str, str]:
    """What is wrong with the file, and what to do about it."""
    said = str(damage).lower()
    if isinstance(damage, ValueError) and said.startswith("layout"):
        return f"they have {damage}", "Use the version of deploytool that the others use."
    if "locked" in said or "busy" in said:
        return "another process keeps them busy", f"Run it again, or see who has them open: fuser {path}"
    if "full" in said or getattr(damage, "errno", 0) == 28:
        return "the disk is full", f"Free some space: df -h {path.parent}"
    if "readonly" in said or "read-only" in said or isinstance(damage, PermissionError) or "unable to open" in said:
        return "they may not be written", f"Check who may write there: ls -la {path.parent}"
    if isinstance(damage, OSError):
        return f"{damage.strerror or damage}", f"Check it: ls -la {path.parent}"
    away = f"mv {path} {path}.damaged"
    return "the file is damaged", f"Make sure that nobody is releasing, then begin anew: {away}"
