"""The record of releases: one SQLite file beside services.toml to which lines are added, and nothing else.

Each call opens the file anew. There are few calls and a release may be interrupted anywhere: a connection that is
gone has no half transaction, and cannot be carried into another thread or a forked process.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from deploytool.adapters.ledger_layout import LAYOUT, MAKING
from deploytool.domain.release import FIRST, Event, EventKind, hash_of
from deploytool.errors import CouldNotLook, LeaseLost

Answer = TypeVar("Answer")
PATIENCE = 10.0  # seconds for a file that others are writing
MOST_FENCE = 2**63 - 1  # what SQLite can keep
PAUSE = 0.05  # between two tries; short, because a signal is only heard between them
COLUMNS = "number, release, at, kind, step, data, fence, previous, hash"
# ValueError: damage that SQLite quotes in a message and that is no text.
TROUBLE = (sqlite3.Error, OSError, ValueError)
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
SHUT = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)

LOCKED = "Another process has it open. Run the same command again; who is at it: deploytool lock list"
FULL = "Free some space, then run the same command again."
CLOSED = "Make the file and its folder yours to read and write, then run the same command again."
DAMAGED = "Put a good copy back in its place, or move it away: then a new one begins, which knows of no release."
VERSION = "Use the deploytool that wrote it, or a newer one."


class SqliteLedger:
    """The `Ledger` in one file. What only reads makes no file; where there is none, nothing was released."""

    def __init__(
        self,
        file: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        patience: float = PATIENCE,
    ) -> None:
        self.file = file
        self._clock = clock
        self._patience = patience

    def append(self, release: str, kind: EventKind, step: str, data: Mapping[str, Any], *, fence: int) -> Event:
        """One more line, on disk before this returns; CouldNotLook leaves open whether it was written."""
        at = self._clock().astimezone(UTC)
        text = json.dumps(_plain(data), sort_keys=True, separators=(",", ":"))
        step = step.encode("utf-8", "backslashreplace").decode()

        def write() -> Event:
            with self._writing() as db:
                self._refuse_latecomers(db, release, fence)
                number, previous = self._end_of(db)
                event = Event(number + 1, release, at, kind, step, json.loads(text), fence, previous)
                event = replace(event, hash=hash_of(event))
                _add(db, event, text)
                return event

        return self._answer("written", write)

    def copy(self, events: Sequence[Event]) -> None:
        """Lines that were written elsewhere, at the end of ours: all of them or none, with numbers of our own."""

        def write() -> None:
            with self._writing() as db:
                for told in events:
                    self._refuse_latecomers(db, told.release, MOST_FENCE)
                    number, previous = self._end_of(db)
                    event = replace(told, number=number + 1, previous=previous, hash="")
                    event = replace(event, hash=hash_of(event))
                    _add(db, event, json.dumps(_plain(event.data), sort_keys=True, separators=(",", ":")))

        self._answer("written", write)

    def adopt(self, release: str) -> tuple[Event, ...]:
        """Nobody else writes what is not here already."""
        return self.events(release)

    def events(self, release: str | None = None) -> tuple[Event, ...]:
        """All lines, or those of one release, oldest first."""

        def read() -> tuple[Event, ...]:
            with self._reading() as db:
                return () if db is None else _events(db, release)

        return self._answer("read", read)

    def head(self) -> tuple[int, str] | None:
        """Number and hash of the last line, kept apart from the lines; None for an empty ledger."""
        return self._answer("read", lambda: self._chain(lines=False))[1]

    def chain(self) -> tuple[tuple[Event, ...], tuple[int, str] | None]:
        """All lines and the head, as they were at one moment: for `broken_links` while others write."""
        return self._answer("read", lambda: self._chain(lines=True))

    def _chain(self, *, lines: bool) -> tuple[tuple[Event, ...], tuple[int, str] | None]:
        with self._reading() as db:
            if db is None:
                return (), None
            found = _events(db, None) if lines else ()
            return found, _head(db) or ((0, FIRST) if found else None)  # lines without a head: it was taken away

    def _answer(self, done: str, ask: Callable[[], Answer]) -> Answer:
        """What `ask` answers, after as many tries as a busy file needs. Everything else is CouldNotLook."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return ask()
            except TROUBLE as trouble:
                if _code(trouble) not in BUSY or time.monotonic() >= deadline:
                    raise self._unusable(done, trouble) from trouble
            time.sleep(PAUSE)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction of our own that nobody writes beside; what is raised inside undoes it."""
        self._make_file()
        with closing(sqlite3.connect(self.file, isolation_level=None, timeout=PAUSE)) as db:
            db.execute("BEGIN")  # one moment: another first release may be making the tables right now
            self._layout(db)  # before anything is written to a file that may be somebody else's
            db.execute("ROLLBACK")
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA fullfsync=ON")  # macOS: past the cache of the disk as well
            db.execute("BEGIN IMMEDIATE")
            if self._layout(db) == 0:
                for statement in MAKING:
                    db.execute(statement)
            yield db
            db.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """The file as it is at one moment; None where there is nothing in it yet."""
        if not self.file.exists():
            yield None
            return
        with closing(self._opened_to_read()) as db:
            yield db if self._layout(db) else None

    def _opened_to_read(self) -> sqlite3.Connection:
        """With `rw` the last reader tidies up; a folder that nobody may write to is read as it lies there."""
        try:
            return self._begun("mode=rw")
        except sqlite3.OperationalError as trouble:
            if _code(trouble) not in SHUT or _size(Path(f"{self.file}-wal")):
                raise
        return self._begun("immutable=1")

    def _begun(self, mode: str) -> sqlite3.Connection:
        db = sqlite3.connect(f"{self.file.absolute().as_uri()}?{mode}", uri=True, isolation_level=None, timeout=PAUSE)
        try:
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # only now the moment is fixed
        except BaseException:
            db.close()
            raise
        return db

    def _layout(self, db: sqlite3.Connection) -> int:
        """LAYOUT, or 0 for a file with nothing in it. Raises CouldNotLook for what is not a ledger of ours."""
        [layout] = db.execute("PRAGMA user_version").fetchone()
        [tables] = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        [page] = db.execute("PRAGMA page_size").fetchone()
        if 0 < _size(self.file) < page:  # SQLite takes it for a new file
            raise sqlite3.DatabaseError("file is torn")
        if layout == LAYOUT or (layout == 0 and not tables):
            return int(layout)
        raise CouldNotLook(
            f"The ledger {self.file} is of another version (layout {layout}, and this one knows {LAYOUT}).",
            hint=VERSION,
        )

    def _make_file(self) -> None:
        """For its owner alone. Only ever created here: closing a file that SQLite has open would drop its locks."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            folder = os.open(self.file.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _refuse_latecomers(self, db: sqlite3.Connection, release: str, fence: int) -> None:
        found = "SELECT coalesce(max(fence), 0), coalesce(max(kind = ?), 0) FROM events WHERE release = ?"
        latest, ended = db.execute(found, (EventKind.ENDED.value, release)).fetchone()
        if not ended and latest <= fence:
            return
        why = "has ended" if ended else "was taken over by somebody else"
        raise LeaseLost(
            f"Release {release} {why}: nothing more is written for it.",
            hint=f"See how it went: deploytool releases show {release}",
        )

    def _end_of(self, db: sqlite3.Connection) -> tuple[int, str]:
        """What the next line follows. Raises CouldNotLook when the last line is not the one it should be."""
        head = _head(db) or (0, FIRST)
        last = db.execute("SELECT number, hash FROM events ORDER BY number DESC LIMIT 1").fetchone() or (0, FIRST)
        if head != tuple(last):
            raise CouldNotLook(
                f"The ledger {self.file} ends at event {last[0]} and should end at event {head[0]}: nothing is added.",
                hint="See what does not hold: deploytool releases --verify",
            )
        return head

    def _unusable(self, done: str, trouble: Exception) -> CouldNotLook:
        why = trouble.strerror if isinstance(trouble, OSError) else str(trouble)
        hints = {
            **dict.fromkeys(BUSY, LOCKED),
            **dict.fromkeys(SHUT, CLOSED),
            sqlite3.SQLITE_PERM: CLOSED,
            sqlite3.SQLITE_FULL: FULL,
            sqlite3.SQLITE_IOERR: FULL,
        }
        hint = CLOSED if isinstance(trouble, OSError) else hints.get(_code(trouble), DAMAGED)
        return CouldNotLook(f"The ledger {self.file} could not be {done}: {why}.", hint=hint)


def _events(db: sqlite3.Connection, release: str | None) -> tuple[Event, ...]:
    chosen, values = ("", ()) if release is None else (" WHERE release = ?", (release,))
    rows = db.execute(f"SELECT {COLUMNS} FROM events{chosen} ORDER BY number", values)
    return tuple(_event(row) for row in rows)


def _event(row: tuple[Any, ...]) -> Event:
    """Raises ValueError for a line that is none."""
    number, release, at, kind, step, data, fence, previous, seal = row
    try:
        told = json.loads(data)
        moment = datetime.fromisoformat(at)
        if not isinstance(told, dict) or moment.tzinfo is None:
            raise ValueError
        return Event(number, release, moment.astimezone(UTC), EventKind(kind), step, told, fence, previous, seal)
    except (ValueError, TypeError, RecursionError, OverflowError) as damage:
        raise ValueError(f"line {number} is damaged") from damage


def _head(db: sqlite3.Connection) -> tuple[int, str] | None:
    row = db.execute("SELECT number, hash FROM head").fetchone()
    return None if row is None else (int(row[0]), str(row[1]))


def _add(db: sqlite3.Connection, event: Event, data: str) -> None:
    at = event.at.isoformat(timespec="microseconds")
    line = (
        event.number, event.release, at, event.kind.value, event.step, data, event.fence, event.previous, event.hash
    )  # fmt: skip
    db.execute(f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", line)
    end = (event.number, event.hash)
    if not db.execute("UPDATE head SET number = ?, hash = ?", end).rowcount:
        db.execute("INSERT INTO head (id, number, hash) VALUES (1, ?, ?)", end)


def _plain(value: Any) -> Any:
    """As JSON has it. What JSON has no word for is kept as text: evidence must never stop a release half-way."""
    match value:
        case Mapping():
            return {str(key): _plain(below) for key, below in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(below) for below in value]
        case float():
            return value if isfinite(value) else str(value)
        case str() | bool() | int() | None:
            return value
    return str(value)


def _code(trouble: BaseException) -> int:
    """SQLite's primary code; -1 for what is not of SQLite."""
    code = getattr(trouble, "sqlite_errorcode", None)
    return -1 if code is None else int(code) & 0xFF


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
