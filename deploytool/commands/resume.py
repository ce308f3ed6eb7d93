"""`deploytool deploy --resume` and `--abort`: bring a release that was left behind to an end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from deploytool.adapters import whoami
from deploytool.commands.releasing import STOPPED, Releasing, releasing, row_of, under_lease
from deploytool.commands.signals import Signals
from deploytool.domain.plan import Plan, plan_of
from deploytool.domain.release import EXIT_CODES, Release, releases_of
from deploytool.domain.release_report import PlanReport, ReleaseReport, ReleaseRow
from deploytool.errors import CouldNotLook, ExitCode, UsageError
from deploytool.release.ending import Ending
from deploytool.release.runner import Runner
from deploytool.render import Format

if TYPE_CHECKING:
    from deploytool.app import App


def run(
    app: App, *, services: Sequence[str], abort: bool, dry_run: bool, yes: bool, wait: float, format: Format
) -> ExitCode:
    """Every release of these services that has not ended; nothing to do is fine."""
    names = {table.name for table in app.config.select(services)}
    found = releases_of(app.ledger.events())
    left = [one for one in found if one.outcome is None and one.place.name in names]
    if not services and len(left) > 1:
        raise UsageError(
            f"Several releases were left: {', '.join(one.place.name for one in left)}.",
            hint=f"Name the service: deploytool deploy {left[-1].place.name} {'--abort' if abort else '--resume'}",
        )
    if dry_run:
        app.say(PlanReport(app.now(), tuple(_plan(one) for one in left)), format)
        return ExitCode.CLEAN
    if not left:
        app.note("No release was left unfinished.")
    else:
        what = "Put back" if abort else "Go on with"
        app.must_want(yes, f"{what} release {', '.join(one.id for one in left)}?")
    with Signals().heard() as signals:
        with releasing(app, yes=yes, wait=wait, signals=signals) as ours:
            rows = _gone_on(ours, left, abort=abort)
        free_leases(app, names)
        report = ReleaseReport(app.now(), tuple(rows))
        app.say(report, format)
    return report.exit_code


def _gone_on(ours: Releasing, left: Sequence[Release], *, abort: bool) -> list[ReleaseRow]:
    """One after the other, until somebody stops that."""
    app, rows = ours.app, list[ReleaseRow]()
    reason = f"aborted by {whoami.holder_now(release='', reason='', environ=app.environ).user}"
    work = partial(_as_it_is_now, app, partial(Runner.abort, reason=reason) if abort else Runner.resume)
    for earlier in left:
        plan = _plan(earlier)
        ending = under_lease(ours, plan, app.config.services[earlier.place.name], work, earlier)
        rows.append(row_of(app, plan, ending))
        if ending.exit_code in STOPPED:
            break
    return rows


def _as_it_is_now(app: App, work: Callable[[Runner], Ending], runner: Runner) -> Ending:
    """While the lease was waited for, its holder may have gone on, here or elsewhere."""
    (now,) = releases_of(app.ledger.adopt(runner.plan.id))
    if now.outcome is not None:
        return Ending(now.outcome, f"it has ended meanwhile: {now.reason}", EXIT_CODES[now.outcome], ours=False)
    return work(Runner(runner.plan, runner.tools, runner.hold, now))


def free_leases(app: App, names: set[str]) -> None:
    """Leases of releases that have ended or were never written down, whose process is known to be gone."""
    try:
        left = {one.id for one in releases_of(app.ledger.events()) if one.outcome is None}
    except CouldNotLook as problem:
        app.note(f"{problem.message} No lease was freed.")
        return
    for record in app.lease_store.records():
        held = record.held
        if held is None or record.key.rpartition("/")[2] not in names or held.holder.release in left:
            continue
        if whoami.is_gone(held.holder):
            app.lease_store.release(held)
            app.note(f"The lease of {held.holder.release} on {record.key} was freed: its process is gone.")


def _plan(earlier: Release) -> Plan:
    try:
        return plan_of(earlier.id, earlier.plan)
    except (KeyError, TypeError, ValueError) as problem:
        raise CouldNotLook(
            f"The plan of release {earlier.id} cannot be read from the ledger ({type(problem).__name__}).",
            hint=f"deploytool releases show {earlier.id}",
        ) from problem
