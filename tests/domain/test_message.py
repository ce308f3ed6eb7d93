"""When to speak: never the same twice in a day, never silence after a change, whatever the looks find."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.message import (
    CLAIM,
    REMINDER,
    Claim,
    Said,
    Silent,
    Speak,
    Standing,
    State,
    claimed,
    given_up,
    next_words,
    recorded,
)
from deploytool.domain.said_json import json_of, said_from

NOW = datetime(2026, 2, 5, 7, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def standing(wrong: str) -> Standing:
    """ "" is that all is well, "?" that nobody could look."""
    state = State.OK if not wrong else State.UNKNOWN if wrong == "?" else State.BAD
    return Standing("drift", state, wrong, "a title")


def look(said: Said, wrong: str, now: datetime, fate: str = "sent") -> tuple[Said, Speak | Silent]:
    """One runner, and what becomes of what it says."""
    spoke = next_words(said, standing(wrong), now)
    if isinstance(spoke, Silent):
        return said, spoke
    said = claimed(said, standing(wrong), "1", now)
    if fate == "killed":
        return said, spoke
    if fate == "sent":
        return recorded(said, "1", now), spoke
    return given_up(said, "1", maybe=fate == "lost"), spoke


LOOKS = st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["", "a", "b", "?"])), max_size=40)


def obvious(looks: list[tuple[datetime, str]]) -> list[str]:
    """The whole story told from its beginning for each look: what was last said, and when."""
    answers: list[str] = []
    for number, (now, wrong) in enumerate(looks):
        spoken = [(at, what) for (at, what), answer in zip(looks[:number], answers, strict=True) if answer != "silent"]
        last_at, last = spoken[-1] if spoken else (None, "")
        if wrong == last:
            due = wrong != "" and last_at is not None and now - last_at >= REMINDER
            answers.append("reminder" if due else "silent")
        elif wrong == "":
            answers.append("all-clear")
        else:
            answers.append("changed" if last else "new")
    return answers


@given(LOOKS)
def test_it_speaks_as_the_obvious_story_does(steps: list[tuple[int, str]]) -> None:
    now, said = NOW, Said("drift")
    looks, heard = [], []
    for hours, wrong in steps:
        now += timedelta(hours=hours)
        said, spoke = look(said, wrong, now)
        looks.append((now, wrong))
        heard.append("silent" if isinstance(spoke, Silent) else str(spoke))
        assert said_from(json.loads(json.dumps(json_of(said))), "drift") == said
    assert heard == obvious(looks)


@given(st.lists(st.tuples(st.integers(3, 3000), st.sampled_from(["", "a", "b", "?"])), max_size=40))
def test_no_two_equal_messages_in_a_day_and_no_silence_after_a_change(steps: list[tuple[int, str]]) -> None:
    now, said = NOW, Said("drift")
    spoken: list[tuple[datetime, str]] = []
    for minutes, wrong in steps:
        now += timedelta(minutes=minutes)
        said, spoke = look(said, wrong, now)
        known = spoken[-1][1] if spoken else ""
        if isinstance(spoke, Speak):
            assert not spoken or spoken[-1][1] != wrong or now - spoken[-1][0] >= REMINDER
            spoken.append((now, wrong))
        else:
            assert known == wrong


FATES = st.sampled_from(["sent", "sent", "killed", "lost", "refused"])


@given(st.lists(st.tuples(st.integers(3, 3000), st.sampled_from(["", "a", "b"]), FATES), max_size=30))
def test_whatever_becomes_of_a_message_people_end_up_knowing(steps: list[tuple[int, str, str]]) -> None:
    """Of what was killed or lost nobody knows whether it arrived: both may be true, and both must end well."""
    now, said = NOW, Said("drift")
    beliefs = {""}  # what people may believe
    for minutes, wrong, fate in steps:
        now += timedelta(minutes=minutes)
        said, spoke = look(said, wrong, now, fate)
        if isinstance(spoke, Silent):
            assert beliefs == {wrong}, "it is silent while somebody may believe something else"
        elif fate == "sent":
            beliefs = {wrong}
        elif fate in ("killed", "lost"):
            beliefs |= {wrong}
    now += timedelta(hours=1)
    said, _ = look(said, "never seen before", now)
    said, spoke = look(said, "never seen before", now + timedelta(hours=1))
    assert spoke is Silent.NOTHING_NEW


def test_nothing_is_said_on_the_first_good_look() -> None:
    assert next_words(Said("drift"), standing(""), NOW) is Silent.NOTHING_NEW


def test_a_look_each_morning_reminds_each_morning() -> None:
    said, _ = look(Said("drift"), "a", NOW)
    for day in range(1, 8):
        early = NOW + day * DAY - timedelta(minutes=day % 3)
        said, spoke = look(said, "a", early)
        assert spoke is Speak.REMINDER


def test_of_two_who_see_the_same_one_speaks_and_of_two_who_differ_the_second_waits() -> None:
    mine = claimed(Said("drift"), standing("a"), "mine", NOW)
    soon = NOW + timedelta(seconds=5)
    assert next_words(mine, standing("a"), soon) is Silent.ELSEWHERE
    assert next_words(mine, standing("b"), soon) is Silent.WAIT
    assert next_words(mine, standing(""), soon) is Silent.WAIT


def test_a_claim_that_nobody_ended_lapses_and_is_spoken_once_more() -> None:
    left = claimed(Said("drift"), standing("a"), "killed", NOW)
    late = NOW + CLAIM
    assert next_words(left, standing("a"), late) is Speak.NEW
    assert next_words(left, standing(""), late) is Speak.ALL_CLEAR, "it may have been said that a is wrong"
    after = recorded(claimed(left, standing("a"), "next", late), "next", late)
    assert next_words(after, standing("a"), late + timedelta(hours=1)) is Silent.NOTHING_NEW
    assert recorded(after, "killed", late) == after, "who was stopped for long writes nothing over"


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400)])
def test_a_clock_that_was_wrong_silences_nobody(jump: timedelta) -> None:
    said, _ = look(Said("drift"), "a", NOW + jump)
    assert isinstance(next_words(said, standing("a"), NOW), Speak)
    stuck = replace(said, claim=Claim("x", "bad:a", NOW + timedelta(days=400)))
    assert isinstance(next_words(stuck, standing("a"), NOW), Speak)


@pytest.mark.parametrize(
    "damage",
    [
        {"schema": "deploytool/said/2"},
        {"key": "other"},
        {"doubt": None},
        {"claim": 1},
        {"claim": {"id": "x"}},
        {"at": "today"},
        {"at": "2026-02-05T07:00:00"},
        {"fingerprint": None},
    ],
)
def test_half_a_record_is_none(damage: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        said_from({**json_of(Said("drift")), **damage}, "drift")
