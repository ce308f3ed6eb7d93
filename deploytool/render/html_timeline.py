"""What waits, and since when: a line for each service on one axis of time, as numbers for a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploytool.domain.report import CommitNote, ServiceDrift, Verdict
from deploytool.render.age import age
from deploytool.render.wording import counted

MOST_LANES = 20
MOST_TICKS = 5
LEFT, RIGHT = 1.0, 99.0  # percent: room for half a mark at both ends
STEPS = [timedelta(hours=hours) for hours in (1, 2, 3, 6, 12, 24, 48)] + [
    timedelta(days=days) for days in (3, 7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650)
]


@dataclass(frozen=True, slots=True)
class Lane:
    service: ServiceDrift
    commits: int
    reaching: int
    oldest: datetime
    marks: tuple[tuple[float, bool], ...]  # percent from the left, and whether a commit there reaches the service
    deployed: float | None  # when the newest serving revision was made


@dataclass(frozen=True, slots=True)
class Timeline:
    lanes: tuple[Lane, ...]  # what waits longest first
    ticks: tuple[tuple[float, str], ...]
    more: str = ""  # services that are not drawn


def timeline_of(services: Sequence[ServiceDrift], now: datetime) -> Timeline | None:
    """None when nothing waits."""
    waiting = [(service, commits) for service in services if (commits := _undeployed(service))]
    if not waiting:
        return None
    waiting.sort(key=lambda one: min(commit.committed_at for commit in one[1]))
    shown = waiting[:MOST_LANES]
    start = min(commit.committed_at for _, commits in shown for commit in commits)
    span = max(now - start, timedelta(hours=1))
    lanes = tuple(_lane(service, commits, now - span, span) for service, commits in shown)
    more = counted(len(waiting) - len(shown), "more service") if len(waiting) > len(shown) else ""
    return Timeline(lanes, _ticks(now, span), more)


def _undeployed(service: ServiceDrift) -> list[CommitNote]:
    """Of what is current, nothing waits: what is behind it does not reach it."""
    if service.verdict is Verdict.CURRENT:
        return []
    return [commit for commit in service.commits if commit.undeployed]


def _lane(service: ServiceDrift, commits: Sequence[CommitNote], start: datetime, span: timedelta) -> Lane:
    marks: dict[float, bool] = {}
    for commit in commits:  # marks that would cover one another are one
        at = round(_at(commit.committed_at, start, span) * 4) / 4
        marks[at] = marks.get(at, False) or commit.relevance.reaches
    deployed = max((row.deployed_at for row in service.revisions if row.deployed_at), default=None)
    return Lane(
        service,
        len(commits),
        sum(commit.relevance.reaches for commit in commits),
        min(commit.committed_at for commit in commits),
        tuple(sorted(marks.items())),
        _at(deployed, start, span) if deployed is not None and start <= deployed <= start + span else None,
    )


def _at(moment: datetime, start: datetime, span: timedelta) -> float:
    part = min(max((moment - start) / span, 0.0), 1.0)  # clocks that run ahead stay on the page
    return round(LEFT + (RIGHT - LEFT) * part, 2)


def _ticks(now: datetime, span: timedelta) -> tuple[tuple[float, str], ...]:
    """Whole steps back from now; the left end is where the oldest commit is."""
    step = next((step for step in STEPS if span / step <= MOST_TICKS), STEPS[-1])
    count = min(int(span / step), MOST_TICKS)
    ticks = [(_at(now - step * number, now - span, span), age(now - step * number, now)) for number in range(count + 1)]
    return tuple(reversed(ticks))
