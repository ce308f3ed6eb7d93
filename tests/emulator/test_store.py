"""The state file: atomic, kept between runs, and clear about why it cannot be used."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploytool.emulator.errors import EmulatorError
from deploytool.emulator.store import Row, Store

NAME = "projects/demo-project/locations/us-west2/services/api"


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "cloudrun.sqlite")
    yield opened
    opened.close()


def row(name=NAME, **body):
    return Row(name, "services", "/".join(name.split("/")[:4]), body)


def test_a_failed_transaction_leaves_nothing(store):
    def half_done():
        with store.writing():
            store.put(row(a=1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()
    assert store.get(NAME) is None


def test_text_of_every_kind_comes_back_as_it_went_in(store):
    body = {"a": "é\u202e\x1b[31m\ud800", "b": [None, True, 1.5, {"": ""}]}
    store.put(row(**body))
    assert store.get(NAME).body == body


def test_a_full_disk_is_said_and_what_was_there_stays(store, tmp_path):
    store.put(row(a=1))
    store._db.execute("PRAGMA max_page_count = 20")
    with pytest.raises(EmulatorError, match="full") as full, store.writing():
        store.put(row(a="x" * 1_000_000))
    assert str(tmp_path) in full.value.hint
    assert store.get(NAME).body == {"a": 1}


def test_a_file_of_another_layout_is_left_alone(tmp_path):
    path = tmp_path / "cloudrun.sqlite"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(EmulatorError, match="another version") as refused:
        Store(path)
    assert "mv " in refused.value.hint


def test_of_many_writers_with_one_etag_exactly_one_wins(served):
    etag = served.create()["etag"]

    def write(at):
        body = {"etag": etag, "labels": {"writer": str(at)}}
        return served.call("PATCH", f"{served.v2}/services/api?updateMask=labels", body)[0]

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(write, range(8))) == [200] + [409] * 7
