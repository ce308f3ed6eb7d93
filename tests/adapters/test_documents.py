"""Documents are read whole or not at all, page by page; Firestore's own emulator agrees where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from deploytool.adapters.cloudrun.retry import Patience
from deploytool.adapters.documents import FirestoreDocuments
from deploytool.adapters.googleapi import GoogleApi
from deploytool.errors import CouldNotLook
from tests.adapters.doubles import BROKEN, broken, double
from tests.adapters.fake_firestore import PROJECT, ROOT, firestore_of
from tests.lease_backends import emulator_jar, firestore

THEN = datetime(2026, 2, 5, 0, 45, tzinfo=UTC)
FIELDS = {
    "count": {"integerValue": "21"},
    "share": {"doubleValue": 0.5},
    "lost": {"doubleValue": "NaN"},
    "done": {"booleanValue": True},
    "name": {"stringValue": "phase3"},
    "nothing": {"nullValue": None},
    "at": {"timestampValue": "2026-02-05T00:45:00.123456789Z"},
    "raw": {"bytesValue": "AAE="},
    "where": {"geoPointValue": {"latitude": 34.0}},
    "of": {"referenceValue": f"{ROOT}/a/b"},
    "list": {"arrayValue": {"values": [{"integerValue": "1"}, {"nullValue": None}]}},
    "none": {"arrayValue": {}},
    "map": {"mapValue": {"fields": {"at": {"timestampValue": "2026-02-05T00:45:00Z"}}}},
    "empty": {"mapValue": {}},
}


def reader(url: str, page: int = 2, **more: float) -> FirestoreDocuments:
    api = GoogleApi(url, name="Firestore", local=True, token="owner", patience=Patience(2.0, 1.0, 2, 0.01))
    return FirestoreDocuments(api, PROJECT, page=page, **more)


def test_a_document_with_values_of_every_type() -> None:
    with firestore_of({"completion/2026-02-05": (FIELDS, THEN)}, now=THEN) as fake:
        found = reader(fake.url).document("(default)", "completion/2026-02-05")
    (document,) = found.found
    assert (document.id, document.created_at, found.read_at) == ("2026-02-05", THEN, THEN)
    fields = dict(document.fields)
    assert fields.pop("lost") != 0
    assert fields == {
        "count": 21,
        "share": 0.5,
        "done": True,
        "name": "phase3",
        "nothing": None,
        "at": THEN.replace(microsecond=123456),
        "raw": "AAE=",
        "where": {"latitude": 34.0, "longitude": 0},
        "of": f"{ROOT}/a/b",
        "list": [1, None],
        "none": [],
        "map": {"at": THEN},
        "empty": {},
    }


def test_a_document_that_is_not_there() -> None:
    with firestore_of({}) as fake:
        assert reader(fake.url).document("(default)", "a/b").found == ()


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 5])
def test_all_pages_of_a_collection(number: int) -> None:
    documents = {f"locks/{n}": ({"n": {"integerValue": n}}, THEN + timedelta(n)) for n in range(number)}
    with firestore_of({**documents, "locks/0/below/x": ({}, THEN), "lock": ({}, THEN)}) as fake:
        found = reader(fake.url).collection("(default)", "locks", contents=True)
        bare = reader(fake.url).collection("(default)", "locks", contents=False)
    assert [(one.id, dict(one.fields)) for one in found.found] == [(str(n), {"n": n}) for n in range(number)]
    assert [one.created_at for one in bare.found] == [THEN + timedelta(n) for n in range(number)]
    assert all(not one.fields for one in bare.found)


def test_a_collection_below_a_document() -> None:
    with firestore_of({"a/b/c/d e": ({}, THEN)}) as fake:
        assert [one.id for one in reader(fake.url).collection("(default)", "a/b/c", contents=False).found] == ["d e"]


def test_pages_without_an_end() -> None:
    def again(_):
        document = {"name": f"{ROOT}/locks/a", "createTime": "2026-02-05T00:00:00Z"}
        return [{"document": document, "readTime": "2026-02-05T00:00:00Z"}]

    with double(again) as made, pytest.raises(CouldNotLook, match="same page again"):
        reader(made.url, page=1).collection("(default)", "locks", contents=False)

    number = [0]

    def more(_):
        number[0] += 1
        document = {"name": f"{ROOT}/locks/{number[0]:09}", "createTime": "2026-02-05T00:00:00Z"}
        return [{"document": document, "readTime": "2026-02-05T00:00:00Z"}]

    with double(more) as made, pytest.raises(CouldNotLook, match="more than 100 documents"):
        reader(made.url, page=1).collection("(default)", "locks", contents=False)
    with double(more) as made, pytest.raises(CouldNotLook, match="within 0 s"):
        reader(made.url, page=1, deadline=0).collection("(default)", "locks", contents=False)


@pytest.mark.parametrize(
    "document",
    [
        {"name": f"{ROOT}/other/x", "createTime": "2026-02-05T00:00:00Z"},
        {"name": f"{ROOT}/locks/x"},
        {"name": f"{ROOT}/locks/x", "createTime": "yesterday"},
        {"name": f"{ROOT}/locks/x", "createTime": "2026-02-05T00:00:00"},
        {"name": f"{ROOT}/locks/x", "createTime": "2026-02-05T00:00:00Z", "fields": []},
        {"name": f"{ROOT}/locks/x", "createTime": "2026-02-05T00:00:00Z", "fields": {"a": {"newValue": 1}}},
        {"name": f"{ROOT}/locks/x", "createTime": "2026-02-05T00:00:00Z", "fields": {"a": 3}},
        {"name": 3, "createTime": "2026-02-05T00:00:00Z"},
        None,
    ],
)
def test_a_document_that_is_not_understood(document) -> None:
    row = {"document": document, "found": document, "readTime": "2026-02-05T00:00:00Z"}
    with double(lambda _: [row]) as made:
        with pytest.raises(CouldNotLook):
            reader(made.url).collection("(default)", "locks", contents=True)
        with pytest.raises(CouldNotLook):
            reader(made.url).document("(default)", "locks/x")


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_neighbour_is_never_an_answer(how: str) -> None:
    with broken(how) as url:
        with pytest.raises(CouldNotLook):
            reader(url).document("(default)", "a/b")
        if how != "slow":
            with pytest.raises(CouldNotLook):
                reader(url).collection("(default)", "a", contents=False)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if emulator_jar() is None:
        pytest.skip("the Cloud SDK here has no Firestore emulator, or there is no java")
    with firestore() as place:
        yield place


def put(url: str, path: str, fields: dict) -> None:
    done = requests.patch(
        f"{url}/v1/{ROOT}/{path}", json={"fields": fields}, headers={"authorization": "Bearer owner"}, timeout=10
    )
    done.raise_for_status()


def test_googles_own_emulator_answers_as_the_double_does(real: str) -> None:
    for n in range(5):
        put(real, f"locks/lock-{n}", {"n": {"integerValue": str(n)}})
    put(real, "completion/2026-02-05", FIELDS)
    put(real, "locks/lock-1/below/x", {})
    documents = reader(real)
    found = documents.collection("(default)", "locks", contents=True)
    assert [(one.id, dict(one.fields)) for one in found.found] == [(f"lock-{n}", {"n": n}) for n in range(5)]
    bare = documents.collection("(default)", "locks", contents=False)
    assert [one.created_at for one in bare.found] == [one.created_at for one in found.found]
    assert all(not one.fields for one in bare.found)
    assert abs(bare.read_at - bare.found[0].created_at) < timedelta(minutes=1)
    assert documents.collection("(default)", "nothing", contents=True).found == ()
    assert [one.id for one in documents.collection("(default)", "locks/lock-1/below", contents=True).found] == ["x"]
    assert documents.document("(default)", "completion/none").found == ()
    (document,) = documents.document("(default)", "completion/2026-02-05").found
    with firestore_of({"completion/2026-02-05": (FIELDS, THEN)}) as fake:
        (same,) = reader(fake.url).document("(default)", "completion/2026-02-05").found
    wanted = {name: value for name, value in same.fields.items() if name != "lost"}
    assert {name: value for name, value in document.fields.items() if name != "lost"} == wanted
