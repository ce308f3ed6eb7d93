"""A file that is damaged, full, locked or not ours is never taken for a free lease; and nobody's clock frees one."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from deploytool.adapters.leases import Leases
from deploytool.adapters.leases.machine_clock import Reading, reading
from deploytool.adapters.leases.sqlite import SqliteShelf
from deploytool.errors import CouldNotLook, LeaseHeld
from tests.lease_backends import KEY, holder

HOUR = 3600.0


class Clocks:
    def __init__(self, boot: str = "first") -> None:
        self.read = Reading(boot, 1000.0, 1_770_000_000.0)

    def __call__(self) -> Reading:
        return self.read

    def passes(self, seconds: float) -> None:
        self.read = replace(self.read, since_boot=self.read.since_boot + seconds, wall=self.read.wall + seconds)

    def is_set(self, by: float) -> None:
        self.read = replace(self.read, wall=self.read.wall + by)

    def boots(self, name: str, wall: float = 0.0) -> None:
        self.read = Reading(name, 5.0, self.read.wall + wall)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "leases.sqlite"


def leases(file: Path, clocks: Clocks | None = None) -> Leases:
    return Leases(SqliteShelf(file, clocks=clocks or reading, patience=0.2))


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 30 * 24 * HOUR, -30 * 24 * HOUR])
def test_a_clock_that_jumps_neither_frees_nor_prolongs(file: Path, clocks: Clocks, jump: float) -> None:
    store = leases(file, clocks)
    store.take(KEY, holder(), 600)
    clocks.is_set(jump)
    clocks.passes(599)
    with pytest.raises(LeaseHeld) as said:
        leases(file, clocks).take(KEY, holder(user="bob"), 600)
    assert said.value.seconds_left == pytest.approx(1)
    clocks.passes(1)
    store.take(KEY, holder(user="bob"), 600)


def test_time_goes_on_over_a_restart(file: Path, clocks: Clocks) -> None:
    leases(file, clocks).take(KEY, holder(), 600)
    clocks.passes(300)
    clocks.boots("second")
    with pytest.raises(LeaseHeld) as said:
        leases(file, clocks).take(KEY, holder(), 600)
    assert said.value.seconds_left == pytest.approx(300)


def test_after_a_restart_with_a_wrong_clock_a_hold_lasts_as_long_as_it_had_left(file: Path, clocks: Clocks) -> None:
    leases(file, clocks).take(KEY, holder(), 600)
    clocks.boots("second", wall=-24 * HOUR)
    with pytest.raises(LeaseHeld) as said:
        leases(file, clocks).take(KEY, holder(), 600)
    assert said.value.seconds_left == pytest.approx(600)
    clocks.passes(600)
    leases(file, clocks).take(KEY, holder(), 600)


def test_where_starts_cannot_be_told_time_never_goes_back(file: Path) -> None:
    clocks = Clocks("")
    store = leases(file, clocks)
    lease = store.take(KEY, holder(), 600)
    clocks.passes(100)
    store.renew(lease, 600)
    clocks.is_set(-HOUR)
    assert store.records()[0].seconds_left == pytest.approx(600)


def test_looking_makes_no_file(file: Path) -> None:
    assert leases(file).records() == ()
    assert not file.exists()
    assert not file.parent.exists()


def test_nothing_is_left_beside_the_file(file: Path) -> None:
    store = leases(file)
    store.release(store.take(KEY, holder(), 60))
    assert [one.name for one in file.parent.iterdir()] == ["leases.sqlite"]


def _torn(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _no_database(file: Path) -> None:
    file.write_bytes(b"\x00\xff" * 5000)


def _overwritten(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096:6000] = b"\xff" * (6000 - 4096)
    file.write_bytes(content)


def _edited(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("UPDATE books SET body = '{\"held\": null}'")
    db.close()


def _newer(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_torn, "damaged"),
        (_empty, "damaged"),
        (_no_database, "damaged"),
        (_overwritten, "damaged"),
        (_edited, "damaged"),
        (_newer, "layout 2"),
        (_folder, "cannot be used"),
    ],
)
def test_a_damaged_file_is_no_free_lease(file: Path, damage, words: str) -> None:  # type: ignore[no-untyped-def]
    store = leases(file)
    lease = store.take(KEY, holder(), 60)
    damage(file)
    asks = (
        lambda: store.take(KEY, holder(), 60),
        lambda: store.renew(lease, 60),
        lambda: store.release(lease),
        lambda: store.break_(lease.id, "x"),
        store.records,
    )
    for ask in asks:
        with pytest.raises(CouldNotLook, match=words) as said:
            ask()
        assert said.value.hint
        assert said.value.exit_code == 3


def test_a_file_that_another_process_keeps_busy(file: Path) -> None:
    store = leases(file)
    lease = store.take(KEY, holder(), 60)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CouldNotLook, match="busy"):
        store.renew(lease, 60)
    assert store.records()[0].held == lease
    other.execute("ROLLBACK")
    other.close()
    store.renew(lease, 60)


def test_a_full_disk(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = leases(file)
    lease = store.take(KEY, holder(), 60)
    opened = SqliteShelf._opened

    def small(shelf: SqliteShelf) -> sqlite3.Connection:
        db = opened(shelf)
        db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
        return db

    monkeypatch.setattr(SqliteShelf, "_opened", small)
    with pytest.raises(CouldNotLook, match="disk is full"):
        store.take("p/r/other", holder(reason="x" * 20_000), 60)
    monkeypatch.undo()
    assert store.records()[0].held == lease


def test_a_file_that_may_not_be_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = leases(file)
    store.take(KEY, holder(), 60)
    opened = SqliteShelf._opened

    def for_reading(shelf: SqliteShelf) -> sqlite3.Connection:
        opened(shelf).close()
        return sqlite3.connect(f"{shelf.path.as_uri()}?mode=ro", uri=True, isolation_level=None)

    monkeypatch.setattr(SqliteShelf, "_opened", for_reading)  # whoever tests may be root, whom no mode stops
    with pytest.raises(CouldNotLook, match="may not be written"):
        store.take("p/r/other", holder(), 60)


def test_a_file_that_is_replaced_half_way_is_noticed(file: Path, tmp_path: Path) -> None:
    shelf = SqliteShelf(file)
    Leases(shelf).take(KEY, holder(), 60)

    def replaced(book, now):  # type: ignore[no-untyped-def]
        file.rename(tmp_path / "away")
        file.touch()
        return replace(book, number=book.number + 1)

    with pytest.raises(CouldNotLook, match="replaced"):
        shelf.change(KEY, replaced)
