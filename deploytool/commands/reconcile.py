"""`deploytool reconcile`: what ledger, labels, tags, traffic and git do not agree on is told, and then mended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deploytool.adapters import whoami
from deploytool.commands.fixing import FixableChecks
from deploytool.commands.mending import Mending
from deploytool.commands.signals import Signals
from deploytool.commands.turns import await_turn
from deploytool.config import ServiceTable
from deploytool.detect.reconciling import Reconciler
from deploytool.domain.disagreements import items_of
from deploytool.domain.model import Place
from deploytool.domain.reconcile import Disagreement, Item, MendKind
from deploytool.domain.reconcile_report import Mended, ReconcileReport
from deploytool.domain.report import LookError
from deploytool.errors import CouldNotLook, ExitCode, LeaseHeld
from deploytool.release.mending import Checks
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App

NOT_ON_ITS_WORD = "The ledger was changed after it was written: nothing is mended on its word."


@dataclass(frozen=True, slots=True)
class Wish:
    """`fix` mends what can be mended; `adopt` records what was deployed by hand."""

    services: Sequence[str]
    outputs: Sequence[Output]
    days: int = 7
    fix: bool = False
    adopt: bool = False
    yes: bool = False
    wait: float = 0.0


def run(app: App, wish: Wish, checks: Checks | None = None) -> ExitCode:
    """0 only when a look finds nothing. `checks`: left out, those of services.toml that have a fix."""
    checks = checks or FixableChecks(app)
    tables = app.config.select(wish.services)
    busy = _turns(app, tables, wish.wait) if wish.fix or wish.adopt else ()
    report = look(app, tables, wish.days, checks)
    todo, remarks = _chosen(report.items, wish)
    done: tuple[Mended, ...] = ()
    if todo:
        app.show(report)
        app.must_want(wish.yes, f"Mend {len(todo)} of {len(report.items)}?")
        with Signals().heard() as signals:
            done = Mending(app, reconciler_of(app, wish.days), checks, wish.wait, signals).all(todo)
            report = _second_look(app, tables, wish, checks, report)
    if wish.fix or wish.adopt:
        report = report.after(done, (*busy, *remarks), locked=bool(busy))
    app.say(report, wish.outputs)
    return report.exit_code


def _second_look(
    app: App, tables: Sequence[ServiceTable], wish: Wish, checks: Checks, first: ReconcileReport
) -> ReconcileReport:
    """What cannot be looked at again is not called gone."""
    try:
        return look(app, tables, wish.days, checks)
    except CouldNotLook as problem:
        return replace(first, errors=(*first.errors, LookError("", problem.message)))


def _turns(app: App, tables: Sequence[ServiceTable], wait: float) -> tuple[str, ...]:
    """Wait for who releases these services; what is said of those that were not done in time."""
    busy, end = [], time.monotonic() + wait
    for table in tables:
        for region in app.config.regions_of(table):
            try:
                left = max(0.0, end - time.monotonic())
                await_turn(app, Place(app.config.project.project, region, table.name), left, app.note)
            except LeaseHeld as held:
                busy.append(held.message)
    return tuple(busy)


def look(app: App, tables: Sequence[ServiceTable], days: int, checks: Checks) -> ReconcileReport:
    """What does not agree now; nothing is changed. Raises CouldNotLook without the ledger or the leases."""
    reconciler = reconciler_of(app, days)
    names = tuple(table.name for table in tables)
    failed, untold = checks.failed(names)
    facts = reconciler.facts(tables, failed)
    items, errors = items_of(facts)
    return ReconcileReport(facts.now, facts.since, names, items, (*errors, *untold))


def reconciler_of(app: App, days: int) -> Reconciler:
    return Reconciler(
        app.config, app.editor, app.repository, app.ledger, app.lease_store, whoami.is_gone, app.now(), days
    )


def _chosen(items: Sequence[Item], wish: Wish) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """What will be mended, in the order in which it is shown, and why the rest is not."""
    wanted = tuple(
        item
        for item in items
        if item.mend is not None and (wish.adopt if item.mend.kind is MendKind.ADOPT else wish.fix)
    )
    if any(item.finding.rule == Disagreement.CHAIN for item in items):
        return (), (NOT_ON_ITS_WORD,) if wanted else ()
    return wanted, ()
