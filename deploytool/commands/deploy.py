"""`deploytool deploy`: bring services up to date, or leave them as they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from deploytool.adapters import whoami
from deploytool.commands.looking import look
from deploytool.commands.releasing import STOPPED, Releasing, refused_row, releasing, row_of, under_lease
from deploytool.commands.signals import Signals
from deploytool.commands.turns import MOVING, await_turn
from deploytool.detect.planning import Planner, aim_at, chosen, in_order, left_alone, released_before
from deploytool.detect.preflight import Preflight
from deploytool.domain.model import Kind, Place
from deploytool.domain.plan import Plan
from deploytool.domain.preflight import CheckLine, bad, held_back, refusals
from deploytool.domain.release import quarantine_of, releases_of
from deploytool.domain.release_report import PlanReport, ReleaseReport, ReleaseRow, worst
from deploytool.domain.report import ServiceDrift
from deploytool.errors import ExitCode, LeaseHeld, PlanChanged, UsageError
from deploytool.release.runner import Runner
from deploytool.render import Format

if TYPE_CHECKING:
    from deploytool.app import App


Planned = tuple[Plan, tuple[CheckLine, ...]]
MOST_PLANS = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed."""

    services: Sequence[str]
    commit: str | None = None
    stale: bool = False
    dry_run: bool = False
    yes: bool = False
    force: bool = False
    unmerged: bool = False
    no_traffic: bool = False
    wait: float = 0.0
    fetch: bool = False
    format: Format = Format.TABLE


def run(app: App, wish: Wish) -> ExitCode:
    """Plan, look, ask, release one after the other, tell."""
    if not wish.services and not wish.stale:
        raise UsageError("Which services?", hint="deploytool deploy SERVICE, or deploytool deploy --stale")
    plans, doubt = _planned(app, wish)
    report = PlanReport(app.now(), tuple(plan for plan, _ in plans), {plan.place: lines for plan, lines in plans})
    if wish.dry_run:
        app.say(report, wish.format)
        return ExitCode.FINDINGS if any(refusals(lines, force=wish.force) for _, lines in plans) else doubt
    if not plans:
        app.say(ReleaseReport(app.now(), ()), wish.format)
        return doubt
    app.show(report)
    able = [plan for plan, lines in plans if not refusals(lines, force=wish.force)]
    if able:
        app.must_want(wish.yes, f"Release {len(able)} {'service' if len(able) == 1 else 'services'}?")
    with Signals().heard() as signals:
        found = ReleaseReport(app.now(), tuple(_released(app, wish, plans, signals)))
        app.say(found, wish.format)
    return worst((found.exit_code, doubt))


def _planned(app: App, wish: Wish) -> tuple[list[Planned], ExitCode]:
    """Every plan with its preflight, in the order of release; and whether anything could not be told."""
    tables = app.config.select(wish.services)
    seen = look(app, tables, fleet=(), precision=None, fetch=wish.fetch, dated=False)
    seen.detection.scoped = True
    aim = aim_at(seen.detection, wish.commit)
    report = seen.detection.report(seen.fleet, seen.history, app.now())
    releases = releases_of(app.ledger.events())
    planner = Planner(seen.detection, aim, releases, by=_who(app))
    doubt = ExitCode.CLEAN
    for said, unknown in left_alone(report, stale=wish.stale, force=wish.force):
        app.note(said)
        doubt = ExitCode.UNDETERMINED if unknown else doubt
    drifts = in_order(chosen(report, stale=wish.stale, force=wish.force), app.config)
    found = []
    records = cache(app.lease_store.records)  # of all services: asked once for all plans
    for drift in drifts:
        place = Place(drift.project, drift.region, drift.name)
        table = app.config.services[drift.name]
        service = app.editor.read_job(place) if table.kind is Kind.JOB else app.editor.read(place)
        plan = planner.plan(drift, service, app.now(), hold=wish.no_traffic)
        if wish.stale and not wish.force and _is_held_back(plan, planner):
            app.note(f"{drift.name}: {plan.commit[:8]} was rolled back before; it is left as it is (--force)")
            continue
        preflight = Preflight(
            planner,
            app.image_builder(table.release.build),
            app.editor,
            records,
            app.asked.cannot_ask,
            whoami.is_gone,
            wish.unmerged,
        )
        found.append((plan, (*_unseen(drift, report.errors), *preflight.lines(plan, drift, service))))
    return found, doubt


def _unseen(drift: ServiceDrift, errors: Sequence[object]) -> tuple[CheckLine, ...]:
    """A region that could not be looked at is not changed."""
    if not any(getattr(error, "region", "") == drift.region for error in errors):
        return ()
    return (bad("region", f"{drift.region} could not be looked at", "deploytool status", firm=True),)


def _is_held_back(plan: Plan, planner: Planner) -> bool:
    return held_back(plan.commit, plan.scope, quarantine_of(planner.releases, plan.place)) is not None


def _released(app: App, wish: Wish, plans: Sequence[Planned], signals: Signals) -> list[ReleaseRow]:
    """One after the other; what is released after one that failed is not begun."""
    rows: list[ReleaseRow] = []
    failed: set[str] = set()
    with releasing(app, yes=wish.yes, wait=wish.wait, signals=signals) as ours:
        for planned in plans:
            name = planned[0].place.name
            waits = sorted((released_before(app.config, name) | {name}) & failed)
            if waits:
                row = refused_row(planned[0], f"not begun, because {', '.join(waits)} failed before", "")
            else:
                row = _one(ours, wish, planned)
            rows.append(row)
            if row.exit_code is not ExitCode.CLEAN:
                failed.add(name)
            if row.exit_code in STOPPED:
                break
    return rows


def _one(ours: Releasing, wish: Wish, planned: Planned) -> ReleaseRow:
    """One release; planned anew when somebody else's ended while this one waited for the lease."""
    app, (plan, lines) = ours.app, planned
    for _ in range(MOST_PLANS):
        wrong = refusals(lines, force=wish.force)
        if wrong and (refused := _refused(app, wish, plan, wrong)):
            return refused
        try:
            if not wrong:
                ending = under_lease(ours, plan, app.config.services[plan.place.name], Runner.begin)
                return row_of(app, plan, ending)
        except PlanChanged as changed:
            app.note(f"{changed.message} Planning again ...")
        again = [one for one in _planned(app, _only(wish, plan))[0] if one[0].place == plan.place]
        if not again:
            return refused_row(plan, f"{plan.place.name} is current by now", "", ExitCode.CLEAN)
        ((plan, lines),) = again
    return refused_row(plan, f"{plan.place.name} changes all the time", "deploytool lock list")


def _refused(app: App, wish: Wish, plan: Plan, wrong: Sequence[CheckLine]) -> ReleaseRow | None:
    """Why this plan is not begun; None when that was somebody else's release, which is over now."""
    refused = refused_row(plan, f"{wrong[0].name}: {wrong[0].said}", wrong[0].hint)
    if not {line.name for line in wrong} <= MOVING:
        return refused
    try:
        waited = await_turn(app, plan.place, wish.wait, app.note)
    except LeaseHeld as held:
        return refused_row(plan, held.message, held.hint, held.exit_code)
    return None if waited and wish.yes else refused


def _only(wish: Wish, plan: Plan) -> Wish:
    return replace(wish, services=[plan.place.name])


def _who(app: App) -> str:
    return whoami.holder_now(release="", reason="", environ=app.environ).who
