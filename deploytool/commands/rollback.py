"""`deploytool rollback`: back to the last map that was verified, or to what a person names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploytool.adapters import whoami
from deploytool.commands.releasing import STOPPED, Releasing, refused_row, releasing, row_of, under_lease
from deploytool.commands.signals import Signals
from deploytool.commands.turns import await_turn
from deploytool.config import ServiceTable
from deploytool.detect.back import rollback_plan
from deploytool.detect.planning import open_release
from deploytool.domain.model import Place
from deploytool.domain.plan import Plan
from deploytool.domain.release import releases_of
from deploytool.domain.release_report import PlanReport, ReleaseReport, ReleaseRow
from deploytool.errors import ExitCode, PlanChanged, UsageError
from deploytool.release.runner import Runner
from deploytool.render import Format

if TYPE_CHECKING:
    from deploytool.app import App

MOST_PLANS = 3


def run(
    app: App, *, service: str, to: str | None, region: str | None, dry_run: bool, yes: bool, wait: float, format: Format
) -> ExitCode:
    """Under the same lease and in the same ledger as a deploy."""
    (table,) = app.config.select([service])
    places = [Place(app.config.project.project, name, service) for name in _regions(app, table, region)]
    for place in places:
        await_turn(app, place, 0.0 if dry_run else wait, app.note)
    plans = [plan for place in places if (plan := _plan(app, place, to))]
    report = PlanReport(app.now(), tuple(plans), {})
    if dry_run:
        app.say(report, format)
        return ExitCode.CLEAN
    if plans:
        app.show(report)
        app.must_want(yes, f"Roll {service} back?")
    rows = []
    with Signals().heard() as signals:
        with releasing(app, yes=yes, wait=wait, signals=signals) as ours:
            for plan in plans:
                rows.append(_one(ours, table, plan, to))
                if rows[-1].exit_code in STOPPED:
                    break
        found = ReleaseReport(app.now(), tuple(rows))
        app.say(found, format)
    return found.exit_code


def _one(ours: Releasing, table: ServiceTable, plan: Plan, to: str | None) -> ReleaseRow:
    """Planned anew when the service was changed while this one waited for the lease."""
    for _ in range(MOST_PLANS):
        try:
            return row_of(ours.app, plan, under_lease(ours, plan, table, Runner.begin))
        except PlanChanged as changed:
            ours.app.note(f"{changed.message} Planning again ...")
        again = _plan(ours.app, plan.place, to)
        if again is None:
            return refused_row(plan, f"{plan.place.name} is there by now", "", ExitCode.CLEAN)
        plan = again
    return refused_row(plan, f"{plan.place.name} changes all the time", "deploytool lock list")


def _regions(app: App, table: ServiceTable, region: str | None) -> tuple[str, ...]:
    known = app.config.regions_of(table)
    if region is None:
        return known
    if region not in known:
        raise UsageError(f"{table.name} does not run in {region!r}.", hint=f"It runs in {', '.join(known)}.")
    return (region,)


def _plan(app: App, place: Place, to: str | None) -> Plan | None:
    releases = releases_of(app.ledger.events())
    left = open_release(releases, place)
    if left is not None:
        raise UsageError(
            f"Release {left.id} of {place.name} has not ended.", hint=f"deploytool deploy {place.name} --abort"
        )
    seen = app.editor.read(place)
    if seen is None:
        raise UsageError(f"There is no {place.name} in {place.region}.", hint="deploytool status")
    return rollback_plan(
        place,
        to,
        service=seen.service,
        releases=releases,
        editor=app.editor,
        reader=app.fleet_reader(),
        repository=app.repository,
        by=whoami.holder_now(release="", reason="", environ=app.environ).who,
        now=app.now(),
    )
