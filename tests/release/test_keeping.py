"""A lease is never believed in for longer than the store believes in it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploytool.domain.lease import Lease
from deploytool.errors import CouldNotLook, LeaseHeld, LeaseLost
from deploytool.release.keeping import FRESH, Keeper, hold, steady
from tests.lease_backends import KEY, Backend, holder
from tests.races import race, takeover

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Backend]:
    return Backend("sqlite", str(tmp_path / "leases.sqlite"))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Slow:
    """A store that answers, or fails, when the test says so."""

    def __init__(self, store: Any, clock: Clock) -> None:
        self.store, self.clock, self.takes_so_long, self.fails = store, clock, 0.0, False

    def __getattr__(self, name: str) -> Any:
        def asked(*values: Any, **named: Any) -> Any:
            if self.fails:
                raise CouldNotLook("gone", hint="wait")
            answer = getattr(self.store, name)(*values, **named)
            self.clock.now += self.takes_so_long
            return answer

        return asked


def test_a_lease_is_renewed_and_given_back(place: Backend) -> None:
    store = place.store()
    with hold(store, KEY, holder(), 0.6) as keeper:
        for _ in range(10):
            time.sleep(0.1)
            keeper.check()
        assert keeper.lease.number == keeper.number
        assert store.records()[0].held is not None
    assert [hold.how for hold in store.records()[0].past] == ["released"]


def test_it_is_given_back_when_the_release_fails(place: Backend) -> None:
    with pytest.raises(RuntimeError), hold(place.store(), KEY, holder(), 60):
        raise RuntimeError
    assert place.store().records()[0].held is None


def test_only_its_own_hold_is_given_back(place: Backend) -> None:
    store = place.store()
    with hold(store, KEY, holder(), 60) as keeper:
        store.break_(keeper.lease.id, "a test")
        next_one = store.take(KEY, holder(user="bob"), 60)
    assert store.records()[0].held == next_one


def test_nothing_is_believed_after_two_thirds(place: Backend) -> None:
    clock = Clock()
    keeper = hold(place.store(), KEY, holder(), 30, clock=clock)
    clock.now += 20.1
    with pytest.raises(LeaseLost, match="was not renewed for 20s of its 30s"):
        keeper.check()
    keeper.renew()  # the store says that it was ours all the time
    keeper.check()


def test_time_counts_from_before_the_request(place: Backend) -> None:
    clock = Clock()
    store = Slow(place.store(), clock)
    store.takes_so_long = 25
    keeper = hold(store, KEY, holder(), 30, clock=clock)
    with pytest.raises(LeaseLost):
        keeper.check()
    keeper.renew()
    with pytest.raises(LeaseLost):
        keeper.check()


def test_a_clock_that_goes_back_is_not_trusted(place: Backend) -> None:
    clock = Clock()
    keeper = hold(place.store(), KEY, holder(), 30, clock=clock)
    clock.now -= 1
    with pytest.raises(LeaseLost):
        keeper.check()


def test_a_refused_renewal_is_final(place: Backend) -> None:
    store = place.store()
    keeper = hold(store, KEY, holder(), 60)
    store.break_(keeper.lease.id, "ann went home")
    with pytest.raises(LeaseLost):
        keeper.renew()
    for _ in range(2):
        with pytest.raises(LeaseLost, match="ann went home") as said:
            keeper.check()
        assert said.value.how == "broken: ann went home"


def test_a_break_is_noticed_without_asking(place: Backend) -> None:
    store = place.store()
    with hold(store, KEY, holder(), 0.6) as keeper:
        store.break_(keeper.lease.id, "a test")
        time.sleep(0.3)
        with pytest.raises(LeaseLost, match="broken"):
            keeper.check()


def test_a_store_that_comes_back_in_time_is_no_loss(place: Backend) -> None:
    store = Slow(place.store(), Clock())
    with hold(store, KEY, holder(), 0.9) as keeper:
        store.fails = True
        time.sleep(0.4)
        store.fails = False
        for _ in range(8):
            time.sleep(0.1)
            keeper.check()


def test_a_store_that_stays_away_ends_it_in_time(place: Backend) -> None:
    store = Slow(place.store(), Clock())
    with hold(store, KEY, holder(), 0.6) as keeper:
        store.fails = True
        time.sleep(0.65)
        with pytest.raises(LeaseLost):
            keeper.check()


def test_waiting_has_an_end_and_tells_for_whom(place: Backend) -> None:
    store, clock, told = place.store(), Clock(), []
    lease = store.take(KEY, holder(), 600)
    with pytest.raises(LeaseHeld):
        hold(store, KEY, holder(), 60, clock=clock, sleep=clock.sleep)
    assert clock.now == 100
    with pytest.raises(LeaseHeld):
        hold(store, KEY, holder(), 60, wait=30, told=told.append, clock=clock, sleep=clock.sleep)
    assert 130 <= clock.now < 131
    assert [held.lease.id for held in told] == [lease.id]


def test_who_waits_gets_it_and_says_how_long(place: Backend) -> None:
    store = place.store()
    lease = store.take(KEY, holder(), 600)
    threading.Timer(0.3, store.release, [lease]).start()
    keeper = hold(store, KEY, holder(user="bob"), 60, wait=20)
    assert 0.25 < keeper.lease.waited < 10


def test_the_place_of_a_holder_that_is_gone(place: Backend) -> None:
    store = place.store()
    lease = store.take(KEY, holder(), 600)
    asked: list[Lease] = []
    keeper = hold(store, KEY, holder(process=2), 60, may_replace=lambda held: asked.append(held) or True)  # type: ignore[func-returns-value]
    assert (asked, keeper.number > lease.number) == ([lease], True)
    assert [one.how for one in store.records()[0].past] == ["taken over"]


def test_what_lapsed_can_be_taken_again_while_nobody_has_had_it(place: Backend) -> None:
    store, clock = place.store(), Clock()
    with hold(store, KEY, holder(), 0.2, clock=clock) as keeper:
        keeper._end_thread()
        time.sleep(0.3)
        with pytest.raises(LeaseLost):
            keeper.renew()
        first = keeper.lease
        keeper.retake()
        keeper.check()
        assert (keeper.lease.id != first.id, keeper.number > first.number) == (True, True)
    assert [one.how for one in store.records()[0].past] == ["released", "lapsed"]


@pytest.mark.parametrize("how", ["held", "held and given back", "broken"])
def test_what_somebody_has_had_since_is_not_taken_again(place: Backend, how: str) -> None:
    store = place.store()
    keeper = hold(store, KEY, holder(), 60)
    store.break_(keeper.lease.id, "a test")
    if how != "broken":
        other = store.take(KEY, holder(user="bob"), 60)
        if how == "held and given back":
            store.release(other)
    with pytest.raises(LeaseHeld):
        keeper.retake()


def test_a_process_that_was_stopped_finds_its_lease_lost(place: Backend) -> None:
    said, go = FORK.SimpleQueue(), FORK.SimpleQueue()
    child = FORK.Process(target=_stopped, args=(place, said, go))
    child.start()
    assert said.get() == "held"
    os.kill(child.pid, signal.SIGSTOP)  # type: ignore[arg-type]
    time.sleep(0.9)
    successor = place.store().take(KEY, holder(user="bob"), 60)
    go.put("on")
    os.kill(child.pid, signal.SIGCONT)  # type: ignore[arg-type]
    assert said.get() == "lost"
    child.join(10)
    assert place.store().records()[0].held == successor


def _stopped(place: Backend, said: Any, go: Any) -> None:
    with hold(place.store(), KEY, holder(), 0.6) as keeper:
        keeper.check()
        said.put("held")
        go.get()
        try:
            keeper.check()
            said.put("ours")
        except LeaseLost:
            said.put("lost")


def test_the_lease_of_a_killed_process_lapses(place: Backend) -> None:
    assert takeover(place, 0.5) < 0.5 + 5


def test_two_never_write_at_once(place: Backend) -> None:
    tally = race(place, rounds=20, ttl=0.2, seconds=0.35)
    assert tally.breaches == []
    assert tally.written > 50


def test_the_race_can_be_lost(place: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keeper, "check", lambda keeper: None)
    assert any(race(place, rounds=1, ttl=0.2, seconds=0.7, seed=seed).breaches for seed in range(8))


def test_steady_time_goes_on() -> None:
    assert steady() <= steady()


def test_a_hold_that_somebody_broke_is_noticed_at_the_next_write(place: Backend) -> None:
    store = place.store()
    keeper = hold(store, KEY, holder(), 600)
    keeper.check()
    store.break_(keeper.lease.id, "it hangs")
    time.sleep(FRESH + 0.05)
    with pytest.raises(LeaseLost):
        keeper.check()
