"""Where it is kept what was said: one writer at a time, by one clock, and never a reason to be silent."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploytool.adapters.googleapi import GoogleApi
from deploytool.adapters.leases.machine_clock import Reading
from deploytool.adapters.said_bucket import READ, BucketNotebook
from deploytool.adapters.said_sqlite import SqliteNotebook
from deploytool.domain.message import Said, Standing, State, claimed, recorded
from deploytool.errors import CouldNotLook
from deploytool.ports import Notebook
from tests.adapters.fake_storage import BUCKET, Storage, storage

WRONG = Standing("Slack: drift", State.BAD, "a", "a title")


def in_bucket(server: Storage) -> BucketNotebook:
    api = GoogleApi(server.url, name="Cloud Storage", local=True, patience=READ, sleep=lambda _: None)
    return BucketNotebook(api, f"gs://{BUCKET}/runs")


@pytest.fixture(params=["file", "bucket"])
def notebook(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Notebook]:
    if request.param == "file":
        yield SqliteNotebook(tmp_path / "state" / "said.sqlite")
        return
    with storage() as server:
        yield in_bucket(server)


def seen(notebook: Notebook, key: str = WRONG.key) -> tuple[Said, datetime]:
    moments: list[datetime] = []

    def look(said: Said, now: datetime) -> Said:
        moments.append(now)
        return said

    return notebook.change(key, look), moments[-1]


def test_what_is_written_is_read_and_other_things_have_their_own(notebook: Notebook) -> None:
    assert seen(notebook)[0] == Said(WRONG.key)
    notebook.change(WRONG.key, lambda said, now: recorded(claimed(said, WRONG, "1", now), "1", now))
    said, now = seen(notebook)
    assert said.fingerprint == "bad:a"
    assert said.at is not None
    assert abs(now - said.at) < timedelta(seconds=30)
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=30)
    assert seen(notebook, "Slack: other")[0] == Said("Slack: other")


def test_of_many_at_once_none_is_lost(notebook: Notebook) -> None:
    def add(said: Said, _: datetime) -> Said:
        return Said(said.key, f"{said.fingerprint}x")

    def work() -> None:
        for _ in range(3):
            notebook.change(WRONG.key, add)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen(notebook)[0].fingerprint == "x" * 12


def test_a_file_for_its_owner_alone_whose_time_never_goes_back(tmp_path: Path) -> None:
    file, wall = tmp_path / "state" / "said.sqlite", [1_000_000.0]
    notebook = SqliteNotebook(file, clocks=lambda: Reading("boot", 5.0, wall[0]))
    first = seen(notebook)[1]
    wall[0] -= 80_000
    assert seen(notebook)[1] == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_damaged_file_makes_room_for_a_new_one(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "said.sqlite"
    file.write_bytes(damage)
    notebook = SqliteNotebook(file)
    notebook.change(WRONG.key, lambda said, now: recorded(claimed(said, WRONG, "1", now), "1", now))
    assert seen(notebook)[0].fingerprint == "bad:a"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to who may do everything")
def test_a_folder_that_nobody_may_write_to_is_no_answer(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CouldNotLook):
        seen(SqliteNotebook(tmp_path / "said.sqlite"))
    tmp_path.chmod(0o700)


def test_a_folder_in_the_way_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "said.sqlite").mkdir()
    with pytest.raises(CouldNotLook):
        seen(SqliteNotebook(tmp_path / "said.sqlite"))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"schema": "deploytool/said/9"}', b"[" * 100_000])
def test_an_object_that_cannot_be_understood_may_have_been_anything(content: bytes) -> None:
    with storage() as server:
        notebook = in_bucket(server)
        notebook.change(WRONG.key, lambda said, now: recorded(claimed(said, WRONG, "1", now), "1", now))
        (name,) = server.objects
        assert name.startswith("runs/said/")
        server.put(name, content)
        assert seen(notebook)[0] == Said(WRONG.key, doubt=True)
        notebook.change(WRONG.key, lambda said, now: recorded(claimed(said, WRONG, "2", now), "2", now))
        assert seen(notebook)[0].fingerprint == "bad:a"


def test_an_answer_that_got_lost_is_asked_for_again() -> None:
    with storage() as server:
        server.trouble.lost = 1
        asked: list[Said] = []

        def take(said: Said, now: datetime) -> Said:
            asked.append(said)
            return said if said.claim else claimed(said, WRONG, "1", now)

        assert in_bucket(server).change(WRONG.key, take).claim is not None
        assert len(asked) == 2


@pytest.mark.parametrize("status", [403, 503])
def test_a_bucket_out_of_reach_is_no_answer(status: int) -> None:
    with storage() as server:
        server.trouble.status = status
        with pytest.raises(CouldNotLook):
            seen(in_bucket(server))
