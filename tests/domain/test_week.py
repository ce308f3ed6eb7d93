"""The figures of a week: from releases written down by hand, and from any."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.lease import Hold, Holder, LeaseRecord
from deploytool.domain.release import FIRST, Event, EventKind, Kind, Outcome, Release, releases_of
from deploytool.domain.report import Verdict
from deploytool.domain.week import (
    Window,
    clipped,
    commits_wanted,
    days_of,
    figures_of,
    median_of,
    merged,
    percentile_of,
    stale_times_of,
)
from deploytool.domain.week_report import Figure
from tests.render.reports import service, serving

START = datetime(2026, 2, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=7))
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return START + HOUR * hours


def release(
    id: str,
    began: float,
    *,
    outcome: Outcome | None = Outcome.SUCCEEDED,
    kind: Kind = Kind.DEPLOY,
    steps: Sequence[tuple[float, EventKind, str]] = (),
    lasted: float = 1,
    name: str = "api",
    commits: Mapping[str, str] = {},
    **plan: object,
) -> Release:
    record = {
        "kind": kind.value, "project": "nba-props-platform", "region": "us-west2", "service": name,
        "commits": [{"sha": sha, "relevance": relevance} for sha, relevance in commits.items()],
        "commit": f"{id:0<40}", "revision": f"{name}-{id}", **plan,
    }  # fmt: skip
    events = [(began, EventKind.BEGUN, "", record)]
    events += [(moment, kind_, step, {}) for moment, kind_, step in steps]
    if outcome is not None:
        events.append((began + lasted, EventKind.ENDED, "", {"outcome": outcome.value, "reason": ""}))
    lines = [Event(1, id, at(moment), kind_, step, data, 1, FIRST) for moment, kind_, step, data in events]
    (made,) = releases_of(lines)
    return made


def shifts(*moments: float) -> list[tuple[float, EventKind, str]]:
    """All traffic, asked for and seen; the last one is 100."""
    found: list[tuple[float, EventKind, str]] = []
    for number, moment in enumerate(moments, 1):
        step = "shift 100" if number == len(moments) else f"shift {number}"
        found += [(moment, EventKind.INTENT, step), (moment + 0.01, EventKind.OBSERVED, step)]
    return found


def figure(
    key: str,
    releases: Sequence[Release],
    times: Mapping[str, datetime] = {},
    records: Sequence[LeaseRecord] | None = (),
) -> Figure:
    found = {one.key: one for one in figures_of(releases, WINDOW, times, records)}
    return found[key]


def test_nothing_is_computed_from_nothing() -> None:
    for one in figures_of([], WINDOW, {}, ()):
        assert one.n == 0
        assert one.value in (None, 0.0)
        assert one.value is None or one.unit == "count"


def test_lead_time_is_from_a_commit_to_all_traffic() -> None:
    commits = {"a" * 40: "imported", "b" * 40: "data", "c" * 40: "not-imported", "d" * 40: "imported"}
    made = release("r1", 10, steps=shifts(10.1, 10.5), commits=commits)
    times = {"a" * 40: at(0), "b" * 40: at(6), "c" * 40: at(9), "e" * 40: at(1)}
    median = figure("lead_time_median", [made], times)
    assert median.n == 2
    assert median.value == pytest.approx((10.51 + 4.51) / 2 * 3600)
    assert median.note == "left out: 1 not in this clone"
    assert figure("lead_time_p90", [made], times).value == pytest.approx(10.51 * 3600)
    assert commits_wanted([made, made]) == ["a" * 40, "b" * 40, "d" * 40]


def test_a_commit_of_the_future_is_left_out_and_counted() -> None:
    made = release("r1", 10, commits={"a" * 40: "imported"})
    found = figure("lead_time_median", [made], {"a" * 40: at(50)})
    assert (found.n, found.value, found.note) == (0, None, "left out: 1 with a time after the release")


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.SUCCEEDED])
def test_what_did_not_succeed_has_no_lead_time(outcome: Outcome) -> None:
    made = release("r1", 10, outcome=outcome, steps=shifts(10.1), commits={"a" * 40: "imported"})
    assert figure("lead_time_median", [made], {"a" * 40: at(0)}).n == 0


def test_the_window_has_its_beginning_and_not_its_end() -> None:
    early, first = release("a", -3), release("b", -1)
    last, late = release("c", 7 * 24 - 2), release("d", 7 * 24 - 1)
    assert figure("deploys", [early, first, last, late]).value == 2


def test_failures_and_how_long_until_they_were_put_back() -> None:
    good = release("good", 1, steps=shifts(1.1))
    safe = release("safe", 3, outcome=Outcome.FAILED_SAFE)  # never had traffic: no change that failed
    bad = release("bad", 5, outcome=Outcome.ROLLED_BACK, steps=[(5.25, EventKind.INTENT, "shift 5")])
    undone = release("undone", 7, steps=shifts(7.5))
    back = release("back", 9, kind=Kind.ROLLBACK, from_commit=undone.commit)
    human = release("human", 11, outcome=Outcome.NEEDS_HUMAN, steps=[(11.5, EventKind.INTENT, "shift 5")])
    found = [good, safe, bad, undone, back, human]
    rate = figure("change_failure_rate", found)
    assert (rate.n, rate.value) == (4, 0.75)
    restore = figure("time_to_restore_median", found)
    assert restore.n == 2
    assert restore.value == pytest.approx((0.75 + 2.5) / 2 * 3600)
    assert restore.note == "1 not restored"
    mended = [*found, release("mended", 20), release("elsewhere", 13, name="web")]
    assert figure("time_to_restore_median", mended).n == 3
    assert figure("rollbacks", found).value == 1
    assert figure("deploys_failed_safe", found).value == 1


def test_a_rollback_of_something_else_takes_back_nothing() -> None:
    deploy = release("d", 1, steps=shifts(1.1))
    for changes in ({"from_commit": "f" * 40}, {"from_commit": deploy.commit, "name": "web"}):
        back = release("b", 5, kind=Kind.ROLLBACK, **changes)  # type: ignore[arg-type]
        assert figure("change_failure_rate", [deploy, back]).value == 0


def test_waits_for_leases() -> None:
    holder = Holder("ann", "laptop", 1, "", "r1", "deploy")
    past = tuple(
        Hold(str(hours), 1, holder, at(hours), at(hours + 1), waited, "released")
        for hours, waited in ((-5, 99.0), (1, 0.2), (2, 12.0), (3, 40.0))
    )
    records = (LeaseRecord("p/r/api", None, past=past),)
    assert (figure("lock_waits", [], records=records).value, figure("lock_waits", [], records=records).n) == (2, 3)
    assert figure("lock_wait_longest", [], records=records).value == 40
    assert figure("lock_waits", [], records=None).note == "could not be told"


OLD = replace(serving("api-r1"), deployed_at=at(-100))
CURRENT = service("api", Verdict.CURRENT, "", revisions=(OLD,))


def test_time_stale() -> None:
    times = {"a" * 40: at(-10), "b" * 40: at(15)}
    one = release("r1", 10, steps=shifts(11), commits={"a" * 40: "imported", "x" * 40: "imported"})
    two = release("r2", 20, steps=shifts(20.5), commits={"b" * 40: "imported"})
    failed = release("r3", 50, outcome=Outcome.ROLLED_BACK, steps=shifts(50.5), commits={"b" * 40: "imported"})
    found = stale_times_of([CURRENT], [one, two, failed], WINDOW, times, at(168))[0]
    assert found.seconds == pytest.approx((11.01 + 5.51) * 3600)
    assert (found.periods, found.open, found.at_least) == (2, False, False)
    waiting = replace(CURRENT, verdict=Verdict.STALE, stale_since=at(160))
    still = stale_times_of([waiting], [one, two], WINDOW, times, at(168))[0]
    assert (still.seconds, still.periods, still.open) == (pytest.approx((11.01 + 5.51 + 8) * 3600), 3, True)


def test_time_stale_that_nobody_can_tell() -> None:
    assert stale_times_of([CURRENT], [], WINDOW, {}, at(168))[0].seconds == 0  # deployed before, and still right
    by_hand = replace(CURRENT, revisions=(replace(OLD, name="api-00009-hnd", deployed_at=at(5)),))
    unknown = replace(CURRENT, verdict=Verdict.UNKNOWN)
    for one in (by_hand, unknown, replace(CURRENT, verdict=Verdict.MISSING, revisions=())):
        found = stale_times_of([one], [], WINDOW, {}, at(168))[0]
        assert found.seconds is None
        assert found.note


def test_days_without_a_release_are_there() -> None:
    days = days_of([release("a", 1), release("b", 2, outcome=Outcome.FAILED_SAFE), release("c", 30)], WINDOW)
    assert [dict(day.endings) for day in days[:3]] == [{"succeeded": 1, "failed-safe": 1}, {"succeeded": 1}, {}]
    assert len(days) == 7
    assert len(days_of([], Window(START - timedelta(days=9_000), START))) == 366


PERIODS = st.lists(st.tuples(st.integers(-50, 250), st.integers(0, 80)), max_size=12)


@given(PERIODS)
def test_merged_time_is_each_hour_once(found: list[tuple[int, int]]) -> None:
    periods = [(at(start), at(start + length)) for start, length in found]
    hours = {hour for start, length in found for hour in range(start, start + length) if 0 <= hour < 168}
    inside = merged(clipped(periods, WINDOW))
    assert sum((end - start for start, end in inside), timedelta()) == HOUR * len(hours)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(inside))


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=50))
def test_percentiles_are_values_that_were_there(values: list[float]) -> None:
    ninety, median = percentile_of(values, 90), median_of(values)
    assert ninety in values
    assert ninety is not None
    assert median is not None
    assert sum(value <= ninety for value in values) >= 0.9 * len(values)
    assert min(values) <= median <= max(values)
    assert percentile_of([], 90) is median_of([]) is None


RELEASES = st.builds(
    lambda number, began, outcome, kind, traffic, back: release(
        f"r{number}",
        began,
        outcome=outcome,
        kind=kind,
        steps=shifts(began + 0.5) if traffic else (),
        commits={"a" * 40: "imported"},
        from_commit=f"r{back}".ljust(40, "0"),
    ),
    st.integers(0, 9),
    st.floats(-48, 200, allow_nan=False),
    st.sampled_from([*Outcome, None]),
    st.sampled_from(Kind),
    st.booleans(),
    st.integers(0, 9),
)


@given(st.lists(RELEASES, max_size=12))
def test_figures_of_any_week_make_sense(releases: list[Release]) -> None:
    found = {one.key: one for one in figures_of(releases, WINDOW, {"a" * 40: at(-1)}, ())}
    outcomes = sum(one.value or 0 for key, one in found.items() if key.startswith("deploys_"))
    assert found["deploys"].value == outcomes
    rate = found["change_failure_rate"]
    assert rate.value is None or 0 <= rate.value <= 1
    assert found["time_to_restore_median"].n <= rate.n <= (found["deploys"].value or 0)
    for one in found.values():
        assert one.value is None or one.value >= 0
