"""`deploytool report --week`: how releases went, from the ledger, git, the leases and what serves now."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from deploytool.clock import RFC3339
from deploytool.commands.looking import look
from deploytool.commands.releases import readable
from deploytool.domain.report import DriftReport, LookError
from deploytool.domain.week import Window, commits_wanted, days_of, figures_of, stale_times_of
from deploytool.domain.week_report import WeekReport
from deploytool.errors import CouldNotLook, ExitCode, UsageError
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App

T = TypeVar("T")
WEEK = timedelta(days=7)


def run(app: App, *, since: str | None, until: str | None, outputs: Sequence[Output], fleet: Sequence[str]) -> ExitCode:
    """0, or 3 when something could not be looked at. Raises CouldNotLook without a ledger: nothing is left then."""
    now = app.now()
    window = window_of(since, until, now)
    releases = readable(app.ledger.events())
    errors: list[LookError] = []
    records = _asked("the leases", app.lease_store.records, errors)
    drift = _asked("what serves", lambda: _drift(app, fleet), errors)
    wanted = commits_wanted(releases)
    known = app.repository.commits(wanted) if wanted else {}
    times = {sha: commit.committed_at for sha, commit in known.items()}
    report = WeekReport(
        generated_at=now,
        since=window.since,
        until=window.until,
        figures=figures_of(releases, window, times, records),
        stale=stale_times_of(drift.services, releases, window, times, now) if drift else (),
        days=days_of(releases, window),
        errors=(*(drift.errors if drift else ()), *errors),
    )
    app.say(report, outputs)
    return report.exit_code


def _drift(app: App, fleet: Sequence[str]) -> DriftReport:
    seen = look(app, app.config.select([]), fleet=fleet, precision=None, fetch=False, dated=True)
    return seen.detection.report(seen.fleet, seen.history, app.now())


def _asked(what: str, ask: Callable[[], T], errors: list[LookError]) -> T | None:
    try:
        return ask()
    except CouldNotLook as problem:
        errors.append(LookError("", f"{what}: {problem.message}"))
        return None


def window_of(since: str | None, until: str | None, now: datetime) -> Window:
    """`7d` before the end, or a day or moment; without any, the week that ends now."""
    end = moment_of(until, now, "--until") if until else now
    start = moment_of(since, end, "--since") if since else end - WEEK
    if start >= end:
        raise UsageError(f"The window ends ({end:%Y-%m-%d %H:%MZ}) before it begins.", hint="Give an earlier --since.")
    return Window(start, end)


def moment_of(text: str, end: datetime, option: str) -> datetime:
    """A moment in UTC: so long before `end`, a day, or RFC 3339."""
    from deploytool.config.duration import Duration

    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        if RFC3339.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        return end - timedelta(seconds=Duration.of(text).seconds)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} {text} is neither a length of time nor a moment.",
            hint=f"{option} 7d, {option} 2026-02-01, or {option} 2026-02-01T00:00:00Z",
        ) from None
