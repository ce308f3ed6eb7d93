"""The ledger: nothing is changed, lost or half written, and whatever stands in the way is said in a sentence."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sqlite3
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.adapters import ledger as adapter
from deploytool.adapters.ledger import SqliteLedger
from deploytool.domain.release import FIRST, EventKind, broken_links
from deploytool.errors import CouldNotLook, ExitCode, LeaseLost

FORK = multiprocessing.get_context("fork")
MOMENT = datetime(2026, 2, 5, 0, 45, 0, 123456, UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".deploytool" / "ledger.sqlite"


@pytest.fixture
def ledger(file: Path) -> SqliteLedger:
    return SqliteLedger(file, patience=0.2)


def add(ledger: SqliteLedger, count: int = 1, release: str = "r1") -> None:
    for _ in range(count):
        ledger.append(release, EventKind.NOTED, "step", {"what": "x"}, fence=1)


def holds(ledger: SqliteLedger) -> int:
    """How many lines there are; every one must be where it belongs."""
    events, head = ledger.chain()
    assert broken_links(events, head) == ()
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    return len(events)


def without_rules(file: Path) -> sqlite3.Connection:
    """What somebody has who does not play by the rules."""
    db = sqlite3.connect(file, isolation_level=None)
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    return db


def test_reading_makes_nothing(ledger: SqliteLedger, file: Path) -> None:
    assert ledger.events() == ledger.events("r1") == ()
    assert ledger.head() is None
    assert ledger.chain() == ((), None)
    assert not file.parent.exists()


def test_what_is_written_is_read_back(file: Path) -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=-8)))
    ledger = SqliteLedger(file, clock=lambda: elsewhere)
    written = ledger.append("r1", EventKind.BEGUN, "plan", {"b": [1, {"z": None}], "a": "Zoë \ud800"}, fence=7)
    [read] = SqliteLedger(file).events()
    assert read == written
    assert (read.number, read.previous, read.fence, read.at, read.at.tzinfo) == (1, FIRST, 7, MOMENT, UTC)
    assert list(read.data) == ["a", "b"]
    assert ledger.head() == (1, read.hash)


def test_only_the_owner_may_look(ledger: SqliteLedger, file: Path) -> None:
    add(ledger)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_evidence_of_any_kind_is_kept_and_hashed_as_it_is_stored(ledger: SqliteLedger) -> None:
    odd = {1: float("nan"), "when": MOMENT, "kind": EventKind.BEGUN, "rows": (1, 2), "far": float("inf"), "set": {3}}
    written = ledger.append("r1", EventKind.OBSERVED, "verify \udcff", odd, fence=0)  # type: ignore[arg-type]
    assert written.data == {
        "1": "nan",
        "when": str(MOMENT),
        "kind": "begun",
        "rows": [1, 2],
        "far": "inf",
        "set": [3],
    }
    assert written.step == r"verify \udcff"
    assert holds(ledger) == 1


def test_a_line_is_on_disk_before_append_returns(ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    opened = sqlite3.connect

    def watched(*arguments: Any, **named: Any) -> sqlite3.Connection:
        db = opened(*arguments, **named)
        db.set_trace_callback(asked.append)
        return db

    monkeypatch.setattr(adapter.sqlite3, "connect", watched)
    add(ledger)
    assert "PRAGMA synchronous=FULL" in asked
    assert asked.index("BEGIN IMMEDIATE") < asked.index("COMMIT")


def test_a_later_holder_shuts_out_the_earlier_one(ledger: SqliteLedger) -> None:
    ledger.append("r1", EventKind.BEGUN, "plan", {}, fence=3)
    ledger.append("r1", EventKind.NOTED, "resumed", {}, fence=5)
    for fence in (3, 4):
        with pytest.raises(LeaseLost, match="taken over") as refused:
            ledger.append("r1", EventKind.INTENT, "shift 50", {}, fence=fence)
        assert "deploytool releases show r1" in refused.value.hint
    ledger.append("r1", EventKind.INTENT, "shift 50", {}, fence=5)
    ledger.append("r2", EventKind.BEGUN, "plan", {}, fence=1)  # numbers of another release say nothing about this one
    assert holds(ledger) == 4


def test_nothing_follows_the_end(ledger: SqliteLedger) -> None:
    ledger.append("r1", EventKind.BEGUN, "plan", {}, fence=3)
    ledger.append("r1", EventKind.ENDED, "", {"outcome": "succeeded"}, fence=3)
    with pytest.raises(LeaseLost, match="has ended") as refused:
        ledger.append("r1", EventKind.ENDED, "", {"outcome": "aborted"}, fence=9)
    assert refused.value.exit_code is ExitCode.FAILED_SAFE
    assert holds(ledger) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET data = '{}' WHERE number = 1",
        "DELETE FROM events WHERE number = 3",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events SELECT * FROM events WHERE number = 2",
        "INSERT INTO events SELECT 9, release, at, kind, step, data, fence, previous, hash FROM events",
        "UPDATE head SET number = 2",
        "DELETE FROM head",
        "INSERT OR REPLACE INTO head VALUES (1, 2, 'x')",
    ],
)
def test_sqlite_itself_refuses_to_change_a_line(ledger: SqliteLedger, file: Path, statement: str) -> None:
    add(ledger, 3)
    db = sqlite3.connect(file, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="ledger"):
        db.execute(statement)
    db.close()
    assert holds(ledger) == 3


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ('UPDATE events SET data = \'{"what":"y"}\' WHERE number = 2', "event 2 was changed"),
        ("UPDATE events SET at = '2026-02-05T00:45:00.000000+00:00' WHERE number = 2", "event 2 was changed"),
        ("UPDATE events SET fence = 9 WHERE number = 3", "event 3 was changed"),
        ("DELETE FROM events WHERE number = 2", "event 2 is missing"),
        ("DELETE FROM events WHERE number = 3", "the last event should be 3, and it is 2"),
        ("DELETE FROM events", "the last event should be 3, and it is 0"),
        ("DELETE FROM head", "the last event should be 0, and it is 3"),
    ],
)
def test_what_was_tampered_with_is_found(ledger: SqliteLedger, file: Path, statement: str, found: str) -> None:
    add(ledger, 3)
    without_rules(file).execute(statement)
    assert any(line.startswith(found) for line in broken_links(*ledger.chain()))


def test_nothing_is_added_to_a_ledger_that_was_cut(ledger: SqliteLedger, file: Path) -> None:
    add(ledger, 3)
    without_rules(file).execute("DELETE FROM events WHERE number = 3")
    with pytest.raises(CouldNotLook, match="ends at event 2 and should end at event 3") as refused:
        add(ledger)
    assert "deploytool releases --verify" in refused.value.hint


def _append_many(file: Path, release: str, count: int) -> None:
    ledger = SqliteLedger(file)
    for number in range(count):
        ledger.append(release, EventKind.NOTED, "step", {"n": number}, fence=1)


def test_eight_processes_append_at_once(ledger: SqliteLedger, file: Path) -> None:
    racers = [FORK.Process(target=_append_many, args=(file, f"r{n}", 12)) for n in range(8)]
    for racer in racers:
        racer.start()
    while any(racer.is_alive() for racer in racers):  # whoever reads meanwhile sees a whole chain
        assert broken_links(*SqliteLedger(file).chain()) == ()
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0] * 8
    assert holds(ledger) == 8 * 12
    for n in range(8):
        assert [event.data["n"] for event in ledger.events(f"r{n}")] == list(range(12))


def test_threads_append_at_once(ledger: SqliteLedger, file: Path) -> None:
    threads = [threading.Thread(target=_append_many, args=(file, f"r{n}", 5)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert holds(ledger) == 20


def _die_at(file: Path, statement: str) -> None:
    """A process that is killed while it appends: just before a statement."""
    opened = sqlite3.connect

    def watched(*arguments: Any, **named: Any) -> sqlite3.Connection:
        db = opened(*arguments, **named)
        db.set_trace_callback(lambda said: os.kill(os.getpid(), signal.SIGKILL) if said.startswith(statement) else None)
        return db

    adapter.sqlite3.connect = watched  # type: ignore[attr-defined]
    add(SqliteLedger(file))


@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize(
    "statement", ["PRAGMA journal", "BEGIN IMMEDIATE", "INSERT INTO events", "UPDATE head", "COMMIT"]
)
def test_a_process_that_is_killed_leaves_no_half_line(
    ledger: SqliteLedger, file: Path, statement: str, before: int
) -> None:
    add(ledger, before)
    killed = FORK.Process(target=_die_at, args=(file, statement))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    assert holds(ledger) == before
    add(ledger)
    assert holds(ledger) == before + 1


def test_processes_killed_at_any_moment_leave_a_whole_chain(ledger: SqliteLedger, file: Path) -> None:
    add(ledger)
    for attempt in range(12):
        killed = FORK.Process(target=_append_many, args=(file, f"r{attempt}", 10**6))
        killed.start()
        time.sleep(0.02 + attempt / 300)
        os.kill(killed.pid or 0, signal.SIGKILL)
        killed.join()
        assert holds(ledger)
    before = holds(ledger)
    add(ledger)
    assert holds(ledger) == before + 1 > 2


class Stopped(BaseException):
    """Stands for SIGTERM and Ctrl-C, which are raised where the program stands."""


@pytest.mark.parametrize("place", ["hash_of", "_add", "_head"])
def test_an_interruption_leaves_nothing_half_done(
    ledger: SqliteLedger, file: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    add(ledger, 2)
    real: Callable[..., Any] = getattr(adapter, place)

    def interrupted(*arguments: Any) -> Any:
        real(*arguments)
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(adapter, place, interrupted)
        with pytest.raises(Stopped):
            add(ledger)
    assert holds(ledger) == 2
    add(ledger)
    assert holds(SqliteLedger(file)) == 3


@pytest.fixture
def writer(ledger: SqliteLedger, file: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else in the middle of a change."""
    add(ledger)
    db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    db.execute("BEGIN IMMEDIATE")
    yield db
    db.close()


def test_a_file_that_stays_locked_is_said(ledger: SqliteLedger, writer: sqlite3.Connection) -> None:
    with pytest.raises(CouldNotLook, match=r"could not be written: database is locked\.$") as refused:
        add(ledger)
    assert "deploytool lock list" in refused.value.hint
    assert len(ledger.events()) == 1  # who reads does not wait for who writes


def test_a_locked_file_is_waited_for(file: Path, writer: sqlite3.Connection) -> None:
    threading.Timer(0.4, lambda: writer.execute("COMMIT")).start()
    add(SqliteLedger(file))
    assert holds(SqliteLedger(file)) == 2


def unusable(ledger: SqliteLedger) -> list[CouldNotLook]:
    """Every question ends in a sentence with a hint."""
    found = []
    for ask in (ledger.events, ledger.head, ledger.chain, lambda: add(ledger)):
        with pytest.raises(CouldNotLook) as refused:
            ask()
        assert refused.value.exit_code is ExitCode.UNDETERMINED
        assert refused.value.hint
        found.append(refused.value)
    return found


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000, b"x"])
def test_a_file_that_is_no_ledger_is_said_and_left_alone(ledger: SqliteLedger, file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    unusable(ledger)
    assert file.read_bytes() == content


def test_a_torn_file_is_never_read_as_a_shorter_ledger(ledger: SqliteLedger, file: Path) -> None:
    add(ledger, 40)
    whole = file.read_bytes()
    for size in range(1, len(whole), 1500):
        file.write_bytes(whole[:size])
        with pytest.raises(CouldNotLook):
            ledger.events()
        file.write_bytes(whole)
    assert holds(ledger) == 40


def test_damage_anywhere_is_an_error_or_a_broken_link(ledger: SqliteLedger, file: Path) -> None:
    add(ledger, 30)
    whole = file.read_bytes()
    events = ledger.events()
    for start in range(100, len(whole), 97):
        file.write_bytes(whole[:start] + bytes(byte ^ 0x5A for byte in whole[start : start + 16]) + whole[start + 16 :])
        try:
            found, head = ledger.chain()
        except CouldNotLook:
            continue
        assert found == events or broken_links(found, head), start


def test_an_empty_file_is_an_empty_ledger(ledger: SqliteLedger, file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    assert ledger.chain() == ((), None)
    add(ledger)
    assert holds(ledger) == 1


def test_a_line_that_is_no_line_is_said(ledger: SqliteLedger, file: Path) -> None:
    add(ledger, 2)
    for column, value in (("data", "{"), ("data", "[]"), ("kind", "other"), ("at", "then"), ("at", "2026-02-05")):
        copy = file.with_name(f"{column}{len(value)}.sqlite")
        copy.write_bytes(file.read_bytes())
        without_rules(copy).execute(f"UPDATE events SET {column} = ? WHERE number = 2", (value,))
        with pytest.raises(CouldNotLook, match="line 2 is damaged"):
            SqliteLedger(copy).events()


def test_a_ledger_of_another_version_is_left_alone(ledger: SqliteLedger, file: Path) -> None:
    add(ledger)
    without_rules(file).execute("PRAGMA user_version = 2")
    assert all("another version" in str(refused) for refused in unusable(ledger))


def test_somebody_elses_database_is_left_alone(ledger: SqliteLedger, file: Path) -> None:
    file.parent.mkdir()
    sqlite3.connect(file).execute("CREATE TABLE theirs (x)")
    unusable(ledger)
    assert [name for (name,) in sqlite3.connect(file).execute("SELECT name FROM sqlite_master")] == ["theirs"]


def test_a_folder_in_the_place_of_the_file_is_said(ledger: SqliteLedger, file: Path) -> None:
    file.mkdir(parents=True)
    unusable(ledger)


def test_a_file_in_the_place_of_the_folder_is_said(ledger: SqliteLedger, file: Path) -> None:
    file.parent.write_text("x")
    with pytest.raises(CouldNotLook, match="could not be written"):
        add(ledger)


def _read_only(file: Path, answers: Any) -> None:
    """As a user to whom nothing here belongs."""
    if os.getuid() == 0:
        os.setuid(65534)
    ledger = SqliteLedger(file, patience=0.2)
    try:
        add(ledger)
    except CouldNotLook as refused:
        answers.put((str(refused), refused.hint, len(ledger.events())))


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user of this machine can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_read_only_folder_can_be_read_and_not_written(public: Path) -> None:
    file = public / ".deploytool" / "ledger.sqlite"
    add(SqliteLedger(file), 2)
    file.chmod(0o444)
    file.parent.chmod(0o555)
    said, hint, count = answer_of(_read_only, file)
    file.parent.chmod(0o755)
    assert "could not be written" in said
    assert "yours to read and write" in hint
    assert count == 2
    assert [below.name for below in file.parent.iterdir()] == ["ledger.sqlite"]


def answer_of(work: Callable[[Path, Any], None], file: Path) -> Any:
    """What a process of its own says; an error of it is not waited for."""
    answers = FORK.SimpleQueue()
    process = FORK.Process(target=work, args=(file, answers))
    process.start()
    process.join(20)
    assert process.exitcode == 0
    return answers.get()


def _disk_full(file: Path, answers: Any) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (32_768, 32_768))  # no file may grow beyond this
    ledger = SqliteLedger(file, patience=0.2)
    try:
        for _ in range(1000):
            ledger.append("r1", EventKind.NOTED, "step", {"what": "x" * 3000}, fence=1)
    except CouldNotLook as refused:
        answers.put((str(refused), refused.hint))


def test_a_full_disk_is_said_and_loses_nothing(ledger: SqliteLedger, file: Path) -> None:
    add(ledger, 2)
    said, hint = answer_of(_disk_full, file)
    assert "could not be written" in said
    assert "space" in hint
    assert holds(ledger) >= 2
    add(ledger)


appends = st.tuples(
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(EventKind),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5) | st.none() | st.floats(), max_size=3),
    st.integers(0, 4),
)


class SlowLedger:
    """What the ledger must do, as a list."""

    def __init__(self) -> None:
        self.lines: list[tuple[Any, ...]] = []

    def takes(self, release: str, fence: int) -> bool:
        mine = [line for line in self.lines if line[0] == release]
        return all(line[4] <= fence and line[1] is not EventKind.ENDED for line in mine)


@given(st.lists(appends, max_size=12))
def test_it_says_what_a_list_would_say(tmp_path_factory: pytest.TempPathFactory, asked: list[Any]) -> None:
    file = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    slow = SlowLedger()
    for release, kind, step, data, fence in asked:
        ledger = SqliteLedger(file)
        if slow.takes(release, fence):
            written = ledger.append(release, kind, step, data, fence=fence)
            slow.lines.append((release, kind, step, written.data, fence))
        else:
            with pytest.raises(LeaseLost):
                ledger.append(release, kind, step, data, fence=fence)
    ledger = SqliteLedger(file)
    assert holds(ledger) == len(slow.lines)
    for release in ("a", "b", "c", None):
        told = [(e.release, e.kind, e.step, e.data, e.fence) for e in ledger.events(release)]
        assert told == [line for line in slow.lines if release in (None, line[0])]
