"""An answer that got lost on its way is looked up, never guessed: nobody is locked out by their own lease."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from deploytool.adapters.googleapi import NoAnswer, Refused
from deploytool.adapters.leases import Leases
from deploytool.adapters.leases.gcs import GcsShelf, gcs_shelf
from deploytool.domain.lease_book import Book
from deploytool.errors import CouldNotLook, LeaseHeld, LeaseLost
from tests.lease_backends import KEY, bucket, holder

LOST = NoAnswer("lost", hint="", acted=True)
TROUBLE = {
    "acted, no answer": (True, LOST),
    "not acted, no answer": (False, LOST),
    "acted, 503": (True, Refused("503", hint="", code=503)),
    "not acted, 503": (False, Refused("503", hint="", code=503)),
    "not acted, 429": (False, Refused("429", hint="", code=429)),
}


@pytest.fixture(scope="module")
def place() -> Iterator[str]:
    with bucket() as made:
        yield made


class Troubled:
    """The shelf whose next write goes wrong."""

    def __init__(self, place: str, key: str) -> None:
        self.shelf: GcsShelf = gcs_shelf(place, "locks")
        self.write = self.shelf.write
        self.trouble: list[tuple[bool, Exception]] = []
        self.between: Callable[[], object] = lambda: None
        self.shelf.write = self.troubled  # type: ignore[method-assign]
        self.store, self.key = Leases(self.shelf), key

    def troubled(self, book: Book, version: str) -> bool:
        if not self.trouble:
            return self.write(book, version)
        acted, error = self.trouble.pop()
        if acted:
            self.write(book, version)
        self.between()
        raise error


@pytest.fixture
def troubled(place: str, request: pytest.FixtureRequest) -> Troubled:
    return Troubled(place, f"p/r/{request.node.name}")


@pytest.mark.parametrize("what", TROUBLE)
def test_a_change_is_made_once_whatever_became_of_the_answer(troubled: Troubled, what: str) -> None:
    store, key = troubled.store, troubled.key

    def in_trouble(change: Callable[[], object]) -> object:
        troubled.trouble.append(TROUBLE[what])
        return change()

    first = in_trouble(lambda: store.take(key, holder(), 60))
    renewed = in_trouble(lambda: store.renew(first, 600))  # type: ignore[arg-type]
    assert [one.held for one in store.records() if one.key == key] == [renewed]
    assert renewed.expires_at > first.expires_at  # type: ignore[attr-defined]
    second = in_trouble(lambda: store.take_over(key, first.id, holder(process=2), 60))  # type: ignore[attr-defined]
    assert in_trouble(lambda: store.release(second)) is True  # type: ignore[arg-type]
    third = store.take(key, holder(), 60)
    in_trouble(lambda: store.break_(third.id, "a test"))
    [record] = [one for one in store.records() if one.key == key]
    assert (record.held, [hold.how for hold in record.past]) == (None, ["broken: a test", "released", "taken over"])


def test_whoever_came_in_between_is_found(troubled: Troubled, place: str) -> None:
    store, other = troubled.store, Leases(gcs_shelf(place, "locks"))
    troubled.trouble.append((False, LOST))
    troubled.between = lambda: other.take(troubled.key, holder(user="bob"), 60)
    with pytest.raises(LeaseHeld, match="bob"):
        store.take(troubled.key, holder(), 60)


def test_a_hold_that_was_broken_in_between_is_lost(troubled: Troubled, place: str) -> None:
    store, other = troubled.store, Leases(gcs_shelf(place, "locks"))
    lease = store.take(troubled.key, holder(), 60)
    troubled.trouble.append((True, LOST))
    troubled.between = lambda: other.break_(lease.id, "a test")
    with pytest.raises(LeaseLost, match="broken"):
        store.renew(lease, 600)


def test_a_refusal_is_not_asked_again(troubled: Troubled) -> None:
    troubled.trouble += [(False, Refused("no", hint="", code=403)), (False, Refused("403: no", hint="", code=403))]
    with pytest.raises(CouldNotLook, match="403"):
        troubled.store.take(troubled.key, holder(), 60)
    assert len(troubled.trouble) == 1


def test_who_gives_up_in_the_middle_leaves_no_lease(troubled: Troubled) -> None:
    troubled.trouble.append((True, KeyboardInterrupt()))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        troubled.store.take(troubled.key, holder(), 60)
    troubled.store.take(troubled.key, holder(user="bob"), 60)


def test_a_record_that_a_person_spoiled_is_no_free_lease(troubled: Troubled) -> None:
    troubled.store.take(troubled.key, holder(), 60)
    seen = troubled.shelf.read(troubled.key)
    api, name = troubled.shelf._api, f"deploytool/leases/{troubled.key}.json"
    asked = {"uploadType": "media", "name": name, "ifGenerationMatch": seen.version}
    answer = api.call("POST", "/upload/storage/v1/b/locks/o", params=asked, content=b'{"held": null}')
    for ask in (lambda: troubled.store.take(troubled.key, holder(), 60), troubled.store.records):
        with pytest.raises(CouldNotLook, match=r"gs://locks/deploytool/leases.* cannot be understood") as said:
            ask()
        assert "gcloud storage rm" in said.value.hint
    asked["ifGenerationMatch"] = answer.json["generation"]
    api.call("POST", "/upload/storage/v1/b/locks/o", params=asked, content=b"[" * 100_000)
    with pytest.raises(CouldNotLook):
        troubled.store.records()
    api.call("DELETE", f"/storage/v1/b/locks/o/{name.replace('/', '%2F')}")


def test_two_keepers_of_one_store_do_not_disturb_each_other(place: str) -> None:
    store, failed = Leases(gcs_shelf(place, "locks")), []

    def work(name: str) -> None:
        try:
            for _ in range(5):
                store.release(store.renew(store.take(f"p/r/{name}", holder(), 60), 60))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(f"{KEY[-3:]}{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
