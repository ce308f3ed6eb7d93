"""What may happen to a lease, as a table and as any sequence at all."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.lease import Holder, key_of, place_of
from deploytool.domain.lease_book import (
    KEPT,
    MOST_KEPT,
    Book,
    Wish,
    broken,
    record_of,
    released,
    renewed,
    taken,
    taken_over,
    was_released,
)
from deploytool.domain.lease_json import book_from, json_of
from deploytool.domain.lock_report import lock_report
from deploytool.domain.model import Place
from deploytool.errors import ExitCode, LeaseHeld, LeaseLost, UsageError

KEY = "p/r/api"
NOON = datetime(2026, 2, 5, 12, tzinfo=UTC)
ANN = Holder("ann", "laptop", 1, "", "r1", "deploy 7c406c20")
BOB = replace(ANN, user="bob")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def wish(name: str = "a", ttl: float = 60, waited: float = 0.0, holder: Holder = ANN) -> Wish:
    return Wish(name, holder, ttl, waited)


HELD = taken(Book(KEY), wish(), NOON)


@pytest.mark.parametrize("seconds", [-3600, 0, 59.999])
def test_a_living_hold_keeps_others_out(seconds: float) -> None:
    with pytest.raises(LeaseHeld):
        taken(HELD, wish("b"), at(seconds))


def test_the_last_moment_is_not_part_of_a_hold() -> None:
    with pytest.raises(LeaseLost):
        renewed(HELD, HELD.held, 60, at(60))  # type: ignore[arg-type]
    assert taken(HELD, wish("b"), at(60)).held.id == "b"  # type: ignore[union-attr]


def test_each_change_may_be_asked_for_twice() -> None:
    assert taken(HELD, wish(), at(1)) == HELD
    over = taken_over(HELD, wish("b"), "a", at(1))
    assert taken_over(over, wish("b"), "a", at(2)) == over
    gone = released(HELD, "a", at(1))
    assert released(gone, "a", at(2)) == gone
    ended = broken(HELD, "a", "why", at(1))
    assert broken(ended, "a", "why", at(2)) == ended
    with pytest.raises(UsageError):
        broken(ended, "a", "another why", at(2))


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda: released(HELD, "a", at(5)), "released"),
        (lambda: broken(HELD, "a", "x", at(5)), "broken: x"),
        (lambda: taken_over(HELD, wish("b"), "a", at(5)), "taken over"),
        (lambda: taken_over(HELD, wish("b"), "a", at(65)), "lapsed"),
        (lambda: released(HELD, "a", at(65)), "lapsed"),
        (lambda: taken(HELD, wish("b"), at(65)), "lapsed"),
    ],
)
def test_how_a_hold_ended_is_remembered(change, how: str) -> None:  # type: ignore[no-untyped-def]
    hold = change().past[0]
    assert (hold.id, hold.how) == ("a", how)
    assert hold.ended_at == (at(60) if how == "lapsed" else at(5))


def test_the_past_is_a_week_and_not_too_much() -> None:
    book = Book(KEY)
    for number in range(MOST_KEPT + 10):
        book = released(taken(book, wish(str(number)), at(number)), str(number), at(number + 0.5))
    assert [hold.id for hold in book.past[:2]] == ["59", "58"]
    assert len(book.past) == MOST_KEPT
    later = NOON + KEPT + timedelta(seconds=30.5)
    assert [hold.id for hold in record_of(book, later).past][-1] == "30"
    assert record_of(book, later + KEPT).past == ()


def test_numbers_grow_although_the_record_was_deleted() -> None:
    assert taken(Book(KEY), wish(), at(1)).number > HELD.number
    assert taken(replace(HELD, held=None), wish(), at(-3600)).number == HELD.number + 1


moves = st.lists(
    st.tuples(
        st.sampled_from(["take", "renew", "release", "break", "take over"]),
        st.integers(0, 3),
        st.floats(0, 90),
    ),
    max_size=40,
)


@given(moves)
def test_whatever_happens_one_holder_at_a_time_and_numbers_grow(steps: list[tuple[str, int, float]]) -> None:
    book, now, numbers, mine = Book(KEY), 0.0, [0], dict.fromkeys(range(4))
    for count, (what, who, pause) in enumerate(steps):
        now += pause
        live = record_of(book, at(now)).held
        mover = mine[who]
        try:
            if what == "take":
                book = taken(book, wish(f"h{count}"), at(now))
                assert live is None
                mine[who] = book.held
            elif what == "take over" and live:
                book = taken_over(book, wish(f"h{count}"), live.id, at(now))
                mine[who] = book.held
            elif what == "renew" and mover:
                book = renewed(book, mover, 60, at(now))
                assert live.id == mover.id  # type: ignore[union-attr]
            elif what == "release" and mover:
                before, book = book, released(book, mover.id, at(now))
                assert before.held is None or before.held.id == mover.id or book == before
            elif what == "break" and live:
                book = broken(book, live.id, "x", at(now))
        except LeaseHeld:
            assert live is not None
        except LeaseLost:
            assert live is None or live.id != mover.id  # type: ignore[union-attr]
        if book.held is not None and book.held.number != numbers[-1]:
            numbers.append(book.held.number)
        assert book_from(json.loads(json.dumps(json_of(book)))) == book
    assert numbers == sorted(set(numbers))
    assert len({hold.id for hold in book.past}) == len(book.past)


@pytest.mark.parametrize(
    "damage",
    [
        {"version": 2},
        {"version": None},
        {"key": 3},
        {"number": -1},
        {"number": True},
        {"number": "7"},
        {"number": 1},
        {"held": "ann"},
        {"held": {}},
        {"held": {**json_of(HELD)["held"], "expires_at": "tomorrow"}},
        {"held": {**json_of(HELD)["held"], "expires_at": "2026-02-05T12:00:00"}},
        {"held": {**json_of(HELD)["held"], "waited": float("nan")}},
        {"held": {**json_of(HELD)["held"], "holder": {}}},
        {"past": None},
        {"past": [{}]},
    ],
)
def test_half_a_record_is_no_free_lease(damage: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        book_from({**json_of(HELD), **damage})
    for name in json_of(HELD):
        with pytest.raises(ValueError, match=name):
            book_from({other: value for other, value in json_of(HELD).items() if other != name})
    for odd in (None, [], "x", 3):
        with pytest.raises(ValueError, match="missing"):
            book_from(odd)


def test_a_place_and_its_key() -> None:
    place = Place("example.com:p", "us-west2", "api")
    assert place_of(key_of(place)) == place
    for odd in ("", "a/b", "a//b", "a/b/c/d"):
        assert place_of(odd) is None


def test_the_week_counts_what_is_held_and_what_was() -> None:
    book = released(taken(Book(KEY), wish(waited=70), NOON), "a", at(40))
    other = taken(Book("p/r/web"), wish("b", waited=5), at(100))
    records = (record_of(book, at(110)), record_of(other, at(110)))
    report = lock_report(records, NOON, max_age=9)
    assert [(one.service, one.age, one.seconds_left) for one in report.held] == [("web", 10, 50)]
    assert (report.week.holds, report.week.longest_hold, report.week.longest_wait) == (2, 40, 70)
    assert (report.exit_code, lock_report(records, NOON, 10).exit_code) == (ExitCode.FINDINGS, ExitCode.CLEAN)
    assert lock_report((), NOON, 1).exit_code == ExitCode.CLEAN
    assert not was_released(book, "b")
