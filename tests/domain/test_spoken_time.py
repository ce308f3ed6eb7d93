"""Times as people write them down, held against what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.spoken_time import Truth, agreement_of, shown_offset, spoken_of, worst_of

DEPLOYED = datetime(2026, 2, 5, 0, 24, 37, tzinfo=UTC)
TRUE, UNTRUE, UNKNOWN = Truth.TRUE, Truth.UNTRUE, Truth.UNKNOWN


@pytest.mark.parametrize(
    ("said", "truth"),
    [
        ("2026-02-04 16:24 (UTC-8)", TRUE),
        ("2026-02-04 16:24 (UTC-7)", UNTRUE),
        ("2026-02-05T00:24:37Z", TRUE),
        ("2026-02-05T00:24:37+00:00", TRUE),
        ("2026-02-04 16:24:37.123456-08:00", TRUE),
        ("2026-02-05 00:24Z (21m)", TRUE),
        ("2026-02-05 00:26 UTC", TRUE),
        ("2026-02-05 00:27 UTC", UNTRUE),
        ("2026-02-05T00:27:00Z", UNTRUE),
        ("16:24 PST", TRUE),
        ("4:24 PM PT", TRUE),
        ("4:24 a.m. PST", UNTRUE),
        ("16:24 EST", UNTRUE),
        ("19:24 EST", TRUE),
        ("2026/02/05 01:24 CET", TRUE),
        ("2026-02-05 05:54 UTC+5:30", TRUE),
        ("2026-02-04 16:24", UNKNOWN),  # only where clocks are eight hours behind, and nobody wrote so
        ("2026-02-05 00:24", TRUE),
        ("2026-02-05 00:40", UNTRUE),
        ("16:24 XYZ", UNKNOWN),
        ("16:24 UTC+99", UNKNOWN),
        ("2026-02-05", TRUE),
        ("2026-02-04", UNKNOWN),
        ("2026-02-02", UNTRUE),
        ("2026-02-04 23:59 UTC", UNTRUE),
    ],
)
def test_what_people_write(said: str, truth: Truth) -> None:
    spoken = spoken_of(said)
    assert spoken is not None
    assert agreement_of(spoken, DEPLOYED)[0] is truth


@pytest.mark.parametrize(
    "said", ["", "yesterday", "21m ago", "2026-13-45", "25:61", "13:00 pm", "00192-nn7", "1:2:3:4"]
)
def test_what_no_time_can_be_read_from(said: str) -> None:
    assert spoken_of(said) is None


def test_a_zone_that_nobody_wrote_is_named() -> None:
    spoken = spoken_of("2026-02-04 16:24")
    assert spoken is not None
    assert "UTC-8" in agreement_of(spoken, DEPLOYED)[1]


@given(st.datetimes(datetime(2020, 1, 2), datetime(2040, 1, 1)), st.integers(-12 * 60, 14 * 60), st.booleans())
def test_a_moment_is_true_in_every_zone(naive: datetime, minutes: int, seconds: bool) -> None:
    moment = naive.replace(tzinfo=UTC)
    there = moment.astimezone(timezone(timedelta(minutes=minutes)))
    spoken = spoken_of(there.isoformat(timespec="seconds" if seconds else "minutes"))
    assert spoken is not None
    assert agreement_of(spoken, moment)[0] is TRUE
    assert agreement_of(spoken, moment + timedelta(minutes=5))[0] is UNTRUE


@given(st.text(max_size=200))
def test_any_text_gets_an_answer(said: str) -> None:
    spoken = spoken_of(said)
    assert spoken is None or agreement_of(spoken, DEPLOYED)[0] in Truth


def test_the_worst_counts() -> None:
    assert worst_of([TRUE, UNKNOWN, UNTRUE]) is UNTRUE
    assert worst_of([TRUE, UNKNOWN]) is UNKNOWN
    assert worst_of([]) is TRUE
    assert [shown_offset(one) for one in (0, -480, 330)] == ["UTC", "UTC-8", "UTC+5:30"]
