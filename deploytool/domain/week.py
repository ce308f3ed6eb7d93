"""The figures of a week, from what the ledger, git and the leases say. Nothing is computed from nothing."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from deploytool.domain.lease import LeaseRecord
from deploytool.domain.model import Place
from deploytool.domain.release import EventKind, Kind, Outcome, Release
from deploytool.domain.report import Relevance, ServiceDrift, Verdict
from deploytool.domain.week_report import Day, Figure, StaleTime, Unit

MOST_KEPT = 50  # commits of a plan that the ledger keeps
REACHING = {str(word) for word in Relevance if word.reaches}
BAD = (Outcome.ROLLED_BACK, Outcome.NEEDS_HUMAN)

Times = Mapping[str, datetime]  # commit -> when it was committed; those that are not in this clone have none


class Window(NamedTuple):
    since: datetime
    until: datetime

    def has(self, moment: datetime | None) -> bool:
        return moment is not None and self.since <= moment < self.until


class Failure(NamedTuple):
    """A change that failed with traffic on it, and when what served before, or something better, had it again."""

    began: datetime
    restored: datetime | None


def commits_wanted(releases: Iterable[Release]) -> list[str]:
    """Every commit whose time the figures need."""
    return list(dict.fromkeys(sha for release in releases for sha in reaching_in(release)))


def reaching_in(release: Release) -> list[str]:
    """Commits that went live with it and reach the service."""
    listed = release.plan.get("commits", ())
    return [str(one["sha"]) for one in listed if str(one.get("relevance", "")) in REACHING]


def all_traffic_at(release: Release) -> datetime | None:
    """When a deploy that succeeded had all traffic; what has no traffic of its own (a job) when it ended."""
    if release.kind is not Kind.DEPLOY or release.outcome is not Outcome.SUCCEEDED:
        return None
    moved = [event.at for event in release.events if event.kind is EventKind.OBSERVED and event.step == "shift 100"]
    return moved[-1] if moved else release.ended_at


def first_traffic_at(release: Release) -> datetime | None:
    """When it was first meant to get traffic; None for what never got that far."""
    for event in release.events:
        if event.kind is EventKind.INTENT and (event.step.startswith("shift ") or event.step == "update"):
            return event.at
    return None


def figures_of(
    releases: Sequence[Release], window: Window, times: Times, records: Sequence[LeaseRecord] | None
) -> tuple[Figure, ...]:
    """`records` is None when nobody could ask who waited."""
    ended = [release for release in releases if window.has(release.ended_at)]
    return (
        *_counts(ended),
        *_lead_times(releases, window, times),
        *_failures(releases, ended),
        *_waits(records, window),
    )


def _counts(ended: Sequence[Release]) -> Iterator[Figure]:
    deploys = [release for release in ended if release.kind is Kind.DEPLOY]
    by = Counter(release.outcome for release in deploys)
    yield _count("deploys", "Deploys", len(deploys), "Deploys that ended in the window, however they ended.")
    for outcome, title, definition in (
        (Outcome.SUCCEEDED, "succeeded", "All traffic, and proven."),
        (Outcome.FAILED_SAFE, "failed safe", "Stopped before it had traffic; what served went on."),
        (Outcome.ROLLED_BACK, "rolled back", "Had some traffic, and the saved map was put back."),
        (Outcome.NEEDS_HUMAN, "need a person", "Neither finished nor put back by itself."),
        (Outcome.ABORTED, "aborted", "Stopped by a person."),
    ):
        yield _count(f"deploys_{outcome}".replace("-", "_"), f"  {title}", by[outcome], definition)
    back = sum(release.kind is Kind.ROLLBACK for release in ended)
    yield _count(
        "rollbacks", "Rollbacks", back, "Releases that put back what was verified before and ended in the window."
    )


def _count(key: str, title: str, number: int, definition: str) -> Figure:
    return Figure(key, title, float(number), Unit.COUNT, number, definition)


def _lead_times(releases: Sequence[Release], window: Window, times: Times) -> Iterator[Figure]:
    waits, lost, early = [], 0, 0
    for release in releases:
        live = all_traffic_at(release)
        if live is None or not window.has(live):
            continue
        for sha in reaching_in(release):
            made = times.get(sha)
            lost += made is None
            early += made is not None and made > live
            waits += [(live - made).total_seconds()] if made is not None and made <= live else []
    definition = (
        "From the time of a commit to the moment when all traffic goes to a revision that has it; "
        "one value for each commit that reaches the service, in each release that succeeded."
    )
    notes = [f"{lost} not in this clone"] if lost else []
    notes += [f"{early} with a time after the release"] if early else []
    note = f"left out: {', '.join(notes)}" if notes else ""
    median, ninety = median_of(waits), percentile_of(waits, 90)
    yield Figure("lead_time_median", "Lead time, median", median, Unit.SECONDS, len(waits), definition, note)
    ninetieth = f"{definition} The smallest value that nine of ten do not exceed."
    yield Figure("lead_time_p90", "Lead time, p90", ninety, Unit.SECONDS, len(waits), ninetieth, note)


def _failures(releases: Sequence[Release], ended: Sequence[Release]) -> Iterator[Figure]:
    changes = [release for release in ended if release.kind is Kind.DEPLOY and first_traffic_at(release) is not None]
    back = taken_back(releases)
    failed = [failure_of(release, releases, back) for release in changes]
    failures = [failure for failure in failed if failure is not None]
    yield Figure(
        "change_failure_rate",
        "Change-failure rate",
        len(failures) / len(changes) if changes else None,
        Unit.SHARE,
        len(changes),
        "Of the deploys of the window that got traffic: those that were rolled back, failed their watch, need a "
        "person, or were taken back by a rollback later.",
    )
    restored = [(one.restored - one.began).total_seconds() for one in failures if one.restored is not None]
    waiting = len(failures) - len(restored)
    yield Figure(
        "time_to_restore_median",
        "Time to restore, median",
        median_of(restored),
        Unit.SECONDS,
        len(restored),
        "Of the deploys that failed: from their first traffic to the end of what put it back, or, where a person was "
        "needed, of the next release of the service that succeeded.",
        f"{waiting} not restored" if waiting else "",
    )


def taken_back(releases: Sequence[Release]) -> Mapping[str, Release]:
    """Deploys that succeeded and were undone by a later `rollback`, by id."""
    found: dict[str, Release] = {}
    for back in releases:
        if back.kind is not Kind.ROLLBACK or back.outcome is not Outcome.SUCCEEDED:
            continue
        before = [
            one
            for one in releases
            if one.place == back.place
            and one.kind is Kind.DEPLOY
            and one.outcome is Outcome.SUCCEEDED
            and one.ended_at is not None
            and one.ended_at <= back.started_at
        ]
        last = max(before, key=lambda one: one.ended_at or back.started_at, default=None)
        if last is not None and last.commit and last.commit == back.plan.get("from_commit"):
            found.setdefault(last.id, back)
    return found


def failure_of(release: Release, releases: Sequence[Release], back: Mapping[str, Release]) -> Failure | None:
    """None for a change that did not fail."""
    began = first_traffic_at(release)
    if began is None:
        return None
    if release.id in back:
        return Failure(began, back[release.id].ended_at)
    if release.outcome is Outcome.NEEDS_HUMAN:
        return Failure(began, _next_success(release, releases))
    bad = release.outcome in BAD or (release.judged_bad and release.outcome is not Outcome.SUCCEEDED)
    return Failure(began, release.ended_at) if bad else None


def _next_success(release: Release, releases: Sequence[Release]) -> datetime | None:
    ends = [
        one.ended_at
        for one in releases
        if one.place == release.place
        and one.outcome is Outcome.SUCCEEDED
        and one.ended_at is not None
        and one.started_at >= (release.ended_at or release.started_at)
    ]
    return min(ends, default=None)


def _waits(records: Sequence[LeaseRecord] | None, window: Window) -> Iterator[Figure]:
    known = records or ()
    taken = [(hold.taken_at, hold.waited) for record in known for hold in record.past]
    taken += [(record.held.taken_at, record.held.waited) for record in known if record.held is not None]
    waits = [waited for at, waited in taken if window.has(at)]
    note = "could not be told" if records is None else ""
    note = note or ("holds are kept for a week" if window.until - window.since > timedelta(days=7) else "")
    waited = [seconds for seconds in waits if seconds >= 1]
    definition = "Releases that took a lease in the window and had to wait a second or longer for it."
    some = float(len(waited)) if waits else None
    yield Figure("lock_waits", "Releases that waited for a lease", some, Unit.COUNT, len(waits), definition, note)
    longest = "The longest time between asking for a lease and having it; of all holds of the window."
    most = max(waits, default=None)
    yield Figure("lock_wait_longest", "Longest wait for a lease", most, Unit.SECONDS, len(waits), longest, note)


def stale_times_of(
    services: Sequence[ServiceDrift], releases: Sequence[Release], window: Window, times: Times, now: datetime
) -> tuple[StaleTime, ...]:
    """One for each service of the drift report, in its order."""
    return tuple(_stale_time(service, releases, window, times, now) for service in services)


def _stale_time(
    service: ServiceDrift, releases: Sequence[Release], window: Window, times: Times, now: datetime
) -> StaleTime:
    place = Place(service.project, service.region, service.name)
    own = [release for release in releases if release.place == place]
    periods = [period for release in own if (period := _waited(release, times))]
    waiting = service.verdict is Verdict.STALE and service.stale_since is not None
    if waiting and service.stale_since is not None:
        periods.append((service.stale_since, max(now, service.stale_since)))
    inside = merged(clipped(periods, window))
    seconds = sum((end - start).total_seconds() for start, end in inside)
    cut = any(len(release.plan.get("commits", ())) >= MOST_KEPT for release in own if _waited(release, times))
    doubt = _doubt(service, own, window)
    known = doubt == "" or bool(inside)
    still = waiting and now >= window.until
    cut = cut or (bool(inside) and doubt != "")
    return StaleTime(service.name, service.region, seconds if known else None, len(inside), still, cut, doubt)


def _waited(release: Release, times: Times) -> tuple[datetime, datetime] | None:
    """From the first commit that it brought to when it had all traffic."""
    live = all_traffic_at(release)
    made = [times[sha] for sha in reaching_in(release) if sha in times]
    return None if live is None or not made or min(made) >= live else (min(made), live)


def _doubt(service: ServiceDrift, own: Sequence[Release], window: Window) -> str:
    """Why there may be time that nobody counted; "" when there is none."""
    if service.verdict is Verdict.UNKNOWN:
        return "what serves now could not be judged"
    if service.verdict is Verdict.MISSING:
        return "nothing serves now"
    if service.verdict is Verdict.STALE and service.stale_since is None:
        return "since when it is stale is not known"
    made = {release.revision for release in own}
    by_hand = [row.name for row in service.revisions if row.name not in made and window.has(row.deployed_at)]
    return f"{by_hand[0]} was deployed outside of the ledger" if by_hand else ""


def clipped(periods: Iterable[tuple[datetime, datetime]], window: Window) -> list[tuple[datetime, datetime]]:
    cut = [(max(start, window.since), min(end, window.until)) for start, end in periods]
    return [(start, end) for start, end in cut if start < end]


def merged(periods: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The same time, in periods that do not touch one another, in order."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(periods):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def days_of(releases: Iterable[Release], window: Window, most: int = 366) -> tuple[Day, ...]:
    """Every day of the window in UTC, also those without a release; the last ones of a very long window."""
    by: dict[object, Counter[str]] = {}
    for release in releases:
        if release.ended_at is not None and window.has(release.ended_at):
            by.setdefault(release.ended_at.date(), Counter())[str(release.outcome)] += 1
    last = (window.until - timedelta(microseconds=1)).date()
    first = max(window.since.date(), last - timedelta(days=most - 1))
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    return tuple(Day(day, dict(by.get(day, {}))) for day in days)


def median_of(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def percentile_of(values: Sequence[float], percent: int) -> float | None:
    """Nearest rank: the smallest value that `percent` of them do not exceed; one that was there."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)] if values else None
