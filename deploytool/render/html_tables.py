"""What the pages of `status`, `releases` and `deploy` show: one table each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from deploytool.domain.ledger_report import LedgerReport, next_command_of
from deploytool.domain.release import Event, EventKind, Release
from deploytool.domain.release_report import ReleaseReport, ReleaseRow
from deploytool.domain.report import StatusReport
from deploytool.domain.traffic_plan import said
from deploytool.render.release_wording import ending_of, endings_of, evidence_of, released, took, what_of
from deploytool.render.wording import counted, has_regions, revision_of, standing_of


def status_page(report: StatusReport) -> Mapping[str, Any]:
    services = {(row.service, row.region) for row in report.rows}
    serving = {(row.service, row.region) for row in report.rows if row.row is not None}
    blind = f"; {counted(len(report.errors), 'region')} not looked at" if report.errors else ""
    return {
        "headline": f"{len(serving):,} of {counted(len(services), 'service')} serving{blind}",
        "regions": has_regions(row.region for row in report.rows),
        "revision_of": revision_of,
        "standing_of": standing_of,
    }


def ledger_page(report: LedgerReport) -> Mapping[str, Any]:
    return {
        "headline": _headline(report),
        "regions": has_regions(release.place.region for release in report.releases),
        "chain": _chain(report),
        "released": released,
        "took": _took,
        "steps_of": _steps,
        "next_command_of": next_command_of,
    }


def _headline(report: LedgerReport) -> str:
    words = [str(report.word_of(release)) for release in report.releases]
    if report.one:
        return f"Release of {report.releases[0].place.name}: {words[0]}"
    return endings_of(words) or _chain(report).rstrip(".") or "No release in the ledger"


def _chain(report: LedgerReport) -> str:
    if report.verified is None:
        return ""
    events = counted(report.events, "event")
    if report.verified:
        return f"The chain of {events} holds."
    return f"The chain of {events} does not hold in {counted(len(report.breaks), 'place')}."


def _took(begun: datetime, ended: datetime | None) -> str:
    return took((ended - begun).total_seconds()) if ended else ""


def _steps(release: Release) -> list[Mapping[str, Any]]:
    """Steps in the order in which they began, and what was noted between them."""
    words = {True: "done", False: "failed", None: "not known how it ended"}
    steps = [
        {
            "at": step.started_at,
            "name": step.name,
            "word": words[step.ok],
            "took": _took(step.started_at, step.ended_at),
            "evidence": _seen(step.evidence),
        }
        for step in release.steps
    ]
    noted = [_noted(event) for event in release.events if event.kind is EventKind.NOTED]
    return sorted([*steps, *noted], key=lambda told: told["at"])


def _noted(event: Event) -> dict[str, Any]:
    return {"at": event.at, "name": event.step or "noted", "word": "", "took": "", "evidence": _seen(event.data)}


def _seen(data: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [(label, [text]) for label, text in evidence_of(data)]


def release_page(report: ReleaseReport) -> Mapping[str, Any]:
    words = [ending_of(row) for row in report.rows]
    return {
        "headline": endings_of(words) if words else "Nothing to release",
        "regions": has_regions(row.place.region for row in report.rows),
        "ending_of": ending_of,
        "what_of": what_of,
        "took": took,
        "traffic_of": _traffic,
    }


def _traffic(row: ReleaseRow) -> str:
    """What serves now, and what did before when that is something else."""
    before, after = said(row.before), said(row.after)
    if not row.before and not row.after:
        return ""
    return after if before == after else f"{before} → {after}"
