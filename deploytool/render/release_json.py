"""Plans, endings and the ledger for machines."""

from __future__ import annotations

from deploytool.domain.ledger_report import LedgerReport
from deploytool.domain.model import Place
from deploytool.domain.plan import Plan
from deploytool.domain.preflight import CheckLine
from deploytool.domain.release import Event, Release
from deploytool.domain.release_report import PlanReport, ReleaseReport, ReleaseRow
from deploytool.domain.traffic_plan import Rows
from deploytool.render.age import stamp
from deploytool.render.release_wording import ending_of
from deploytool.render.shapes import Shape, commit_shape, moment_shape


def release_shape(report: PlanReport | ReleaseReport | LedgerReport) -> Shape:
    match report:
        case LedgerReport():
            return _ledger(report)
        case PlanReport():
            plans = [_plan(plan, report.lines.get(plan.place, ())) for plan in report.plans]
            return _deploy(report, {"plans": plans, "releases": []})
    return _deploy(report, {"plans": [], "releases": [_row(row) for row in report.rows]})


def _deploy(report: PlanReport | ReleaseReport, below: Shape) -> Shape:
    return {"schema": "deploytool/deploy/1", "generated_at": stamp(report.generated_at), **below}


def _plan(plan: Plan, checks: tuple[CheckLine, ...]) -> Shape:
    return {
        "id": plan.id,
        "kind": plan.kind,
        **_place(plan.place),
        "first": plan.first,
        "from_commit": plan.from_commit or None,
        "commit": plan.commit or None,
        "ref": plan.ref,
        "revision": plan.revision,
        "by": plan.by,
        "reason": plan.reason,
        "builder": plan.builder,
        "image": plan.image,
        "tag": plan.tag,
        "steps": plan.steps,
        "bake_seconds": plan.watch.bake,
        "hold": plan.hold,
        "before": _rows(plan.before.named) if plan.before else [],
        "follows_latest": plan.before.latest if plan.before else None,
        "goal": _rows(plan.goal),
        "risk": plan.risk,
        "reaching": plan.reaching,
        "authors": plan.authors,
        "commits": [commit_shape(commit) for commit in plan.commits],
        "settings": plan.settings,
        "checks": plan.checks,
        "notes": plan.notes,
        "preflight": [
            {"name": line.name, "word": line.word, "said": line.said, "hint": line.hint, "firm": line.firm}
            for line in checks
        ],
    }


def _row(row: ReleaseRow) -> Shape:
    return {
        "id": row.id or None,
        "kind": row.kind,
        **_place(row.place),
        "commit": row.commit or None,
        "revision": row.revision,
        "outcome": row.outcome,
        "ending": ending_of(row),
        "reason": row.reason,
        "exit_code": int(row.exit_code),
        "next_command": row.next_command,
        "before": _rows(row.before),
        "after": _rows(row.after),
        "seconds": round(row.seconds, 3),
    }


def _ledger(report: LedgerReport) -> Shape:
    return {
        "schema": "deploytool/releases/1",
        "generated_at": stamp(report.generated_at),
        "releases": [_release(release, report) for release in report.releases],
        "verified": report.verified,
        "breaks": report.breaks,
    }


def _release(release: Release, report: LedgerReport) -> Shape:
    return {
        "id": release.id,
        "kind": release.kind,
        **_place(release.place),
        "commit": release.commit or None,
        "revision": release.revision,
        "started_at": stamp(release.started_at),
        "ended_at": moment_shape(release.ended_at),
        "outcome": release.outcome,
        "standing": report.word_of(release),
        "reason": release.reason,
        "by": release.by,
        "steps": [
            {
                "name": step.name,
                "started_at": stamp(step.started_at),
                "ended_at": moment_shape(step.ended_at),
                "ok": step.ok,
                "evidence": step.evidence,
            }
            for step in release.steps
        ],
        "events": [_event(event) for event in release.events],
    }


def _event(event: Event) -> Shape:
    """Everything that its hash covers, as it was hashed."""
    return {
        "number": event.number,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "step": event.step,
        "data": event.data,
        "fence": event.fence,
        "previous": event.previous,
        "hash": event.hash,
    }


def _place(place: Place) -> Shape:
    return {"service": place.name, "project": place.project, "region": place.region}


def _rows(rows: Rows) -> list[Shape]:
    return [
        {"revision": None if row.latest else row.revision, "percent": row.percent, "latest": row.latest, "tag": row.tag}
        for row in rows
    ]
