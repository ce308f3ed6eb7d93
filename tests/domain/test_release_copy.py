"""Two records of one release: nothing is lost when they are put together, and nothing is told twice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploytool.domain.model import Place
from deploytool.domain.release import FIRST, Event, EventKind, hash_of
from deploytool.domain.release_copy import are_later, beyond, by_time, events_from, in_order, json_of, together

START = datetime(2026, 2, 5, 0, 45, tzinfo=UTC)
API = Place("shop", "europe-west1", "api")
PLAN = {"project": "shop", "region": "europe-west1", "service": "api", "kind": "deploy"}


def line(
    kind: EventKind, /, *, at: int = 0, fence: int = 1, number: int = 1, release: str = "r1", **data: Any
) -> Event:
    told = PLAN | data if kind is EventKind.BEGUN else data
    event = Event(number, release, START + timedelta(seconds=at), kind, "step", told, fence, FIRST)
    return replace(event, hash=hash_of(event))


BEGUN, NOTED = line(EventKind.BEGUN), line(EventKind.NOTED, at=1, text="Zo\u00eb \ud800", much=1e300)
ENDED = line(EventKind.ENDED, at=2, outcome="succeeded")


def test_what_is_written_is_read_back() -> None:
    text = json.dumps(json_of((BEGUN, NOTED, ENDED)))
    assert events_from(json.loads(text), API, "r1") == (BEGUN, NOTED, ENDED)


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ((NOTED,), "no release"),
        ((line(EventKind.BEGUN, kind="other"), NOTED), "no release"),
        ((BEGUN, line(EventKind.ENDED, outcome="other")), "no release"),
        ((line(EventKind.BEGUN, service="web"),), "another service"),
        ((BEGUN, replace(NOTED, step="x")), "was changed"),
        ((BEGUN, line(EventKind.NOTED, fence=2**63)), "no number of a lease"),
    ],
)
def test_what_is_no_release_is_refused(events: tuple[Event, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        events_from(json_of(events), API, "r1")


def test_equal_lines_are_counted() -> None:
    elsewhere = replace(NOTED, number=9, previous="x", hash="y")
    assert beyond((BEGUN, NOTED, elsewhere), (BEGUN, elsewhere)) == (elsewhere,)
    assert together((BEGUN, NOTED), (BEGUN, elsewhere, elsewhere)) == (BEGUN, NOTED, elsewhere)
    assert together((BEGUN, NOTED), (BEGUN, elsewhere)) == (BEGUN, NOTED)


def test_the_end_is_last_and_the_latest_holder_has_the_last_word() -> None:
    later = line(EventKind.NOTED, fence=7)
    ends = (line(EventKind.ENDED, fence=7, outcome="aborted"), line(EventKind.ENDED, fence=5, outcome="succeeded"))
    assert in_order((ends[0], later, ends[1], NOTED, BEGUN)) == (BEGUN, NOTED, later, ends[1], ends[0])


def test_who_must_stop() -> None:
    assert not are_later((), 5)
    assert not are_later((line(EventKind.NOTED, fence=5),), 5)
    assert are_later((line(EventKind.NOTED, fence=6),), 5)
    assert are_later((line(EventKind.ENDED, fence=1, outcome="aborted"),), 5)
    assert are_later((line(EventKind.BEGUN, fence=1),), 5)


def test_a_clock_that_went_back_does_not_turn_a_release_around() -> None:
    first = [line(EventKind.BEGUN, at=10), line(EventKind.NOTED, at=3), line(EventKind.NOTED, at=30)]
    second = [line(EventKind.BEGUN, at=20, release="r2")]
    assert by_time([first, second]) == (first[0], first[1], second[0], first[2])
