"""One contract for every place where leases are kept."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploytool.errors import CouldNotLook, LeaseHeld, LeaseLost, UsageError
from tests.lease_backends import KEY, Backend, backend, emulator_jar, holder

FORK = multiprocessing.get_context("fork")
SOON = 0.3  # seconds: a ttl that lapses while a test waits


@pytest.fixture(params=["sqlite", "gcs", "embedded", "firestore"], scope="module")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    if request.param == "firestore" and emulator_jar() is None:
        pytest.skip("the Cloud SDK here has no Firestore emulator, or there is no java")
    with backend(request.param, tmp_path_factory.mktemp("leases")) as made:
        yield made


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    return f"demo-project/us-west2/{request.node.originalname.replace('_', '-')[:60]}"


def lapse(place: Backend) -> None:
    time.sleep(SOON + place.shelf().grain + (1.0 if place.shelf().grain else 0.05))


def record(place: Backend, key: str):  # type: ignore[no-untyped-def]
    return next((one for one in place.store().records() if one.key == key), None)


def test_a_lease_is_taken_renewed_and_given_back(served: Backend, key: str) -> None:
    store = served.store()
    lease = store.take(key, holder(commit="7c406c20"), 60, waited=1.5)
    assert (lease.key, lease.holder, lease.waited) == (key, holder(commit="7c406c20"), 1.5)
    assert 58 <= (lease.expires_at - lease.taken_at).total_seconds() <= 61
    renewed = store.renew(lease, 120)
    assert (renewed.id, renewed.number, renewed.taken_at) == (lease.id, lease.number, lease.taken_at)
    assert renewed.expires_at > lease.expires_at
    kept = record(served, key)
    assert kept.held == renewed
    assert 115 < kept.seconds_left <= 121
    assert store.release(renewed) is True
    assert store.release(renewed) is False
    kept = record(served, key)
    assert (kept.held, kept.seconds_left) == (None, 0)
    assert [(hold.id, hold.how, hold.waited) for hold in kept.past] == [(lease.id, "released", 1.5)]


def test_who_comes_second_is_told_who_has_it(served: Backend, key: str) -> None:
    store = served.store()
    lease = store.take(key, holder(), 60)
    with pytest.raises(LeaseHeld, match=r"ann@laptop is releasing .* \(deploy 7c406c20\)") as said:
        store.take(key, holder(user="bob"), 60)
    assert said.value.lease == lease
    assert 55 < said.value.seconds_left <= 61
    assert said.value.exit_code == 4
    store.take(f"{key}2", holder(user="bob"), 60)


def test_a_hold_that_lapsed_is_anybodys(served: Backend, key: str) -> None:
    store = served.store()
    first = store.take(key, holder(), SOON)
    lapse(served)
    assert record(served, key).held is None
    assert [hold.how for hold in record(served, key).past] == ["lapsed"]
    with pytest.raises(LeaseLost, match="lapsed") as said:
        store.renew(first, 60)
    assert said.value.how == "lapsed"
    second = store.take(key, holder(user="bob"), 60)
    assert second.number > first.number
    with pytest.raises(LeaseLost):
        store.renew(first, 60)
    assert store.release(first) is False
    assert record(served, key).held == second
    assert [(hold.id, hold.how, hold.ended_at) for hold in record(served, key).past] == [
        (first.id, "lapsed", first.expires_at)
    ]


def test_what_lapsed_cannot_be_given_back(served: Backend, key: str) -> None:
    store = served.store()
    lease = store.take(key, holder(), SOON)
    lapse(served)
    assert store.release(lease) is False


def test_a_hold_is_broken_by_its_id_alone(served: Backend, key: str) -> None:
    store = served.store()
    lease = store.take(key, holder(), 60)
    with pytest.raises(UsageError):
        store.break_("nobody", "because")
    assert store.break_(lease.id, "ann went home").id == lease.id
    with pytest.raises(UsageError):
        store.break_(lease.id, "twice")
    with pytest.raises(LeaseLost, match="broken: ann went home"):
        store.renew(lease, 60)
    assert store.release(lease) is False
    next_one = store.take(key, holder(user="bob"), 60)
    assert next_one.number > lease.number
    assert [hold.how for hold in record(served, key).past] == ["broken: ann went home"]


def test_the_place_of_one_hold_is_taken_over_once(served: Backend, key: str) -> None:
    store = served.store()
    first = store.take(key, holder(), 60)
    second = store.take_over(key, first.id, holder(process=2), 60)
    assert second.number > first.number
    with pytest.raises(LeaseHeld) as said:
        store.take_over(key, first.id, holder(process=3), 60)
    assert said.value.lease == second
    with pytest.raises(LeaseLost, match="taken over"):
        store.renew(first, 60)
    store.release(second)
    with pytest.raises(LeaseHeld, match="has ended"):
        store.take_over(key, second.id, holder(process=3), 60)


def test_numbers_only_grow_even_after_the_record_was_deleted(served: Backend, key: str) -> None:
    store, numbers = served.store(), []
    for turn in range(8):
        lease = store.take(key, holder(), 60)
        numbers.append(lease.number)
        if turn == 2:
            served.forget(key)
            with pytest.raises(LeaseLost, match="not in the records"):
                store.renew(lease, 60)
            assert store.release(lease) is False
            time.sleep(served.shelf().grain * 1.1)  # the clock stands in for the counter that was deleted
        elif turn == 4:
            store.break_(lease.id, "a test")
        elif turn == 6:
            numbers.append(store.take_over(key, lease.id, holder(process=2), 60).number)
            served.store().break_(record(served, key).held.id, "a test")
        else:
            store.release(lease)
    assert numbers == sorted(set(numbers))


def test_one_of_eight_wins(served: Backend, key: str) -> None:
    for turn in range(3):
        won = race(served, f"{key}{turn}")
        assert [sorted(won)] == [[False] * 7 + [True]], won


def race(place: Backend, key: str) -> list[bool]:
    start, answers = FORK.Barrier(8), FORK.SimpleQueue()
    racers = [FORK.Process(target=_try, args=(place, key, number, start, answers)) for number in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
        assert racer.exitcode == 0
    return [answers.get() for _ in racers]


def _try(place: Backend, key: str, number: int, start, answers) -> None:  # type: ignore[no-untyped-def]
    store = place.store()
    start.wait(20)
    try:
        store.take(key, holder(process=number), 60)
        answers.put(True)
    except LeaseHeld:
        answers.put(False)


def test_a_store_out_of_reach_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the way")
    places = [Backend("sqlite", str(tmp_path / "state" / "leases.sqlite"))]
    places += [Backend(name, "http://127.0.0.1:9") for name in ("gcs", "firestore")]
    for place in places:
        store = place.store()
        with _impatient(store):
            for ask in (lambda: store.take(KEY, holder(), 60), store.records, lambda: store.break_("x", "y")):  # noqa: B023
                with pytest.raises(CouldNotLook) as said:
                    ask()
                assert said.value.hint


@contextmanager
def _impatient(store) -> Iterator[None]:  # type: ignore[no-untyped-def]
    from deploytool.adapters.cloudrun.retry import Patience

    api = getattr(store._shelf, "_api", None)
    if api is not None:
        api.patience = Patience(attempts=1)
    yield
