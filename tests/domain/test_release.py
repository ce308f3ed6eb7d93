"""What the lines of the ledger tell: releases, what is held back, and every link that does not hold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.model import Place
from deploytool.domain.release import (
    EXIT_CODES,
    FIRST,
    Event,
    EventKind,
    Kind,
    Outcome,
    broken_links,
    hash_of,
    quarantine_of,
    releases_of,
)
from deploytool.errors import ExitCode

AT = datetime(2026, 2, 5, tzinfo=UTC)
PLACE = Place("p", "r", "s")
PLAN = {
    "kind": "deploy",
    "project": "p",
    "region": "r",
    "service": "s",
    "commit": "c1",
    "scope": "s1",
    "by": "ann@host",
}


def chain(*told):
    """Lines (release, kind, step, data) with their numbers and hashes."""
    lines, previous = [], FIRST
    for number, (release, kind, step, data) in enumerate(told, 1):
        event = Event(number, release, AT + timedelta(seconds=number), EventKind(kind), step, data, 7, previous)
        lines.append(replace(event, hash=hash_of(event)))
        previous = lines[-1].hash
    return tuple(lines)


def release(name, outcome=None, *, shifted=False, **plan):
    lines = [(name, "begun", "", PLAN | plan)]
    if shifted:
        lines.append((name, "intent", "shift 5", {}))
    if outcome:
        lines.append((name, "ended", "", {"outcome": outcome, "reason": "as it went"}))
    return lines


def quarantine(*lines, place=PLACE):
    return quarantine_of(releases_of(chain(*[line for group in lines for line in group])), place)


WHOLE = chain(
    ("r1", "begun", "", PLAN),
    ("r1", "intent", "build", {"builder": "local"}),
    ("r1", "observed", "build", {"image": "i"}),
    ("r2", "begun", "", PLAN | {"service": "other"}),
    ("r1", "intent", "verify", {}),
    ("r1", "failed", "verify", {"why": "500"}),
    ("r1", "intent", "undo", {}),
    ("r1", "ended", "", {"outcome": "failed-safe", "reason": "500"}),
)
HEAD = (len(WHOLE), WHOLE[-1].hash)


def test_a_release_is_put_together_from_its_lines():
    one, other = releases_of(WHOLE)
    assert (one.id, one.kind, one.place, one.commit, one.scope, one.by) == (
        "r1", Kind.DEPLOY, PLACE, "c1", "s1", "ann@host",
    )  # fmt: skip
    assert (one.outcome, one.reason, one.ended_at) == (Outcome.FAILED_SAFE, "500", AT + timedelta(seconds=8))
    assert [(step.name, step.ok) for step in one.steps] == [("build", True), ("verify", False), ("undo", None)]
    assert one.steps[0].started_at == AT + timedelta(seconds=2)
    assert one.seen("build") == {"image": "i"}
    assert one.seen("verify") is None
    assert one.meant("verify") and not one.meant("shift 5")
    assert (other.place.name, other.outcome, other.ended_at, other.reason) == ("other", None, None, "")


def test_lines_without_a_beginning_are_no_release():
    assert releases_of(WHOLE[1:3]) == ()


def test_a_whole_chain_holds():
    assert broken_links(WHOLE, HEAD) == ()
    assert broken_links((), (0, FIRST)) == ()
    assert broken_links(()) == ()


OTHER = {
    "number": 9, "release": "r9", "at": AT, "kind": EventKind.NOTED, "step": "other", "data": {"other": 1}, "fence": 8,
    "previous": "1" * 64, "hash": "2" * 64,
}  # fmt: skip


@given(st.integers(0, len(WHOLE) - 1), st.sampled_from(sorted(OTHER)), st.booleans())
def test_every_single_change_is_found(index, name, sealed):
    """Also when whoever changed a line sealed it anew: then the next line does not follow it, or the head."""
    changed = replace(WHOLE[index], **{name: OTHER[name]})
    if sealed and name != "hash":
        changed = replace(changed, hash=hash_of(changed))
    assert broken_links((*WHOLE[:index], changed, *WHOLE[index + 1 :]), HEAD)


@given(st.integers(0, len(WHOLE) - 1))
def test_a_line_that_is_missing_or_doubled_is_found(index):
    assert broken_links(WHOLE[:index] + WHOLE[index + 1 :], HEAD)
    assert broken_links((*WHOLE[: index + 1], *WHOLE[index:]), HEAD)


@given(st.integers(0, len(WHOLE) - 2), st.integers(1, len(WHOLE) - 1))
def test_lines_that_changed_places_are_found(index, distance):
    lines = list(WHOLE)
    other = (index + distance) % len(lines)
    if other != index:
        lines[index], lines[other] = lines[other], lines[index]
        assert broken_links(tuple(lines), HEAD)


def test_what_comes_after_an_end_is_found():
    lines = chain(*release("r1", "succeeded"), ("r1", "noted", "", {}))
    assert broken_links(lines) == ("event 3 comes after the end of release r1",)


def test_a_tail_that_was_cut_off_is_told_by_the_head_alone():
    assert broken_links(WHOLE[:3]) == ()
    assert len(broken_links(WHOLE[:3], HEAD)) == 1


ROLLBACK = {"kind": "rollback", "commit": "c0", "scope": "s0", "from_commit": "c1", "from_scope": "s1"}


@pytest.mark.parametrize(
    ("lines", "held"),
    [
        ([release("r1", "succeeded")], set()),
        ([release("r1", "rolled-back", shifted=True)], {"c1", "s1"}),
        ([release("r1", "failed-safe")], set()),
        ([release("r1", "aborted", shifted=True)], set()),
        ([release("r1", "needs-human", shifted=True)], set()),
        ([release("r1", shifted=True)], set()),
        ([release("r1", "rolled-back"), release("r2", "succeeded")], set()),
        ([release("r1", "rolled-back"), release("r2", "succeeded", commit="c2", scope="s2")], {"c1", "s1"}),
        ([release("r1", "rolled-back"), release("r2", "succeeded", commit="c2")], {"c1"}),
        ([release("r1", "succeeded"), release("r2", "succeeded", **ROLLBACK)], {"c1", "s1"}),
        ([release("r1", "rolled-back", scope="")], {"c1"}),
        ([release("r1", "succeeded", **ROLLBACK), release("r2", "succeeded")], set()),
        ([release("r1", "rolled-back", **ROLLBACK)], set()),
        ([release("r1", "failed-safe", **ROLLBACK)], set()),
        ([release("r1", "rolled-back", service="other")], set()),
        ([release("r1", "rolled-back", region="elsewhere")], set()),
    ],
)
def test_what_is_held_back(lines, held):
    assert set(quarantine(*lines)) == held


def test_why_it_is_held_back():
    assert quarantine(release("r1", "rolled-back"))["c1"] == "release r1 was rolled back: as it went"
    assert quarantine(release("r2", "succeeded", **ROLLBACK))["s1"] == "it was rolled back by r2"


def test_every_outcome_has_its_exit_code():
    assert EXIT_CODES == {
        Outcome.SUCCEEDED: ExitCode.CLEAN,
        Outcome.ROLLED_BACK: ExitCode.FAILED_SAFE,
        Outcome.ABORTED: ExitCode.FAILED_SAFE,
        Outcome.FAILED_SAFE: ExitCode.FAILED_SAFE,
        Outcome.NEEDS_HUMAN: ExitCode.NEEDS_HUMAN,
    }
    assert (int(ExitCode.FAILED_SAFE), int(ExitCode.NEEDS_HUMAN)) == (5, 6)
