"""What deploy and rollback share: a release under its lease, with everything it needs, to its end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from deploytool.adapters import whoami
from deploytool.checks.asked import NEARBY, Pace, Running, Target
from deploytool.checks.running import run_checks
from deploytool.clock import RealTime
from deploytool.commands.asking import agreed
from deploytool.commands.notifying import announce
from deploytool.commands.signals import Signals
from deploytool.config import ServiceTable
from deploytool.detect.preflight import wanted_of_plan
from deploytool.domain.build import Built
from deploytool.domain.check import CheckResult
from deploytool.domain.judge import RequestStats
from deploytool.domain.lease import Lease, key_of
from deploytool.domain.plan import Plan
from deploytool.domain.release import Release, releases_of
from deploytool.domain.release_report import ReleaseRow
from deploytool.domain.traffic_plan import named_rows
from deploytool.errors import CouldNotLook, ExitCode, LeaseHeld, PlanChanged
from deploytool.release.building import built_for
from deploytool.release.ending import Ending
from deploytool.release.keeping import Keeper, hold
from deploytool.release.runner import Runner
from deploytool.release.tools import Limits, Looked, Teller, Tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploytool.app import App

LOCAL = Limits(ready=60.0, write=20.0, effective=20.0, undo=30.0, poll=0.05)
STOPPED = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)  # by a person or the system: nothing else is begun
LEAST_TO_ANSWER = 30.0  # seconds that a person has at least
VISITORS = 40.0  # requests a second that the sandbox sends, so that there is something to judge


@dataclass
class Releasing:
    """One command's releases. `reason` is what others are told who find the lease held."""

    app: App
    teller: Callable[[str], Teller]
    yes: bool = False
    wait: float = 0.0
    signals: Signals = field(default_factory=Signals)
    quiet: Callable[[], AbstractContextManager[object]] = nullcontext  # no live line while a person is asked

    @property
    def local(self) -> bool:
        return self.app.endpoint is not None

    def run(self, plan: Plan, table: ServiceTable, work: Callable[[Runner], Ending], earlier: Release | None) -> Ending:
        """Under the lease of the service. Raises LeaseHeld when somebody else has it for too long."""
        tools = self._tools(plan, table)
        self.signals.begin()
        with (
            self.signals.heard(),
            self._leased(plan, tools.teller, earlier) as keeper,
            visitors(self.app, plan),
        ):
            return work(Runner(plan, tools, keeper, earlier))

    def _leased(self, plan: Plan, teller: Teller, earlier: Release | None) -> Keeper:
        holder = whoami.holder_now(
            release=plan.id,
            reason=f"{plan.kind.value} {plan.commit[:8]}",
            commit=plan.commit,
            environ=self.app.environ,
        )

        def told(held: LeaseHeld) -> None:
            teller.tell(f"waiting: {held.message}")

        def may_replace(lease: Lease) -> bool:
            """Of the release that we go on with, or of one that is not open, once its process is known to be gone."""
            if not whoami.is_gone(lease.holder):
                return False
            left = {one.id for one in releases_of(self.app.ledger.events()) if one.outcome is None}
            return lease.holder.release not in left or (earlier is not None and lease.holder.release == earlier.id)

        ttl = float(self.app.config.locks.ttl.seconds)
        return hold(
            self.app.lease_store, key_of(plan.place), holder, ttl, wait=self.wait, told=told, may_replace=may_replace
        )

    def _tools(self, plan: Plan, table: ServiceTable) -> Tools:
        app = self.app

        def build(plan: Plan, tell: Callable[[str], None]) -> Built:
            builder = app.image_builder(table.release.build)
            return built_for(wanted_of_plan(plan), builder, releases_of(app.ledger.events()), tell)

        def check(when: str, looked: Looked) -> tuple[CheckResult, ...]:
            target = Target(
                looked.uri,
                plan.place,
                (Running(looked.revision, looked.since),),
                table.hosts,
                "" if self.local else looked.audience,
            )
            pace = NEARBY if self.local else Pace()
            return run_checks(table, "candidate" if when == "candidate" else "live", target, app.asked, pace)

        def stats(revisions: tuple[str, ...], since: datetime, until: datetime) -> Mapping[str, RequestStats]:
            return app.log_reader.requests_of(plan.place, revisions, since, until)

        def ask(question: str) -> bool:
            with self.quiet():
                return agreed(question, max(plan.watch.bake, LEAST_TO_ANSWER))

        return Tools(
            editor=app.editor,
            ledger=app.ledger,
            time=RealTime(),
            teller=self.teller(plan.place.name),
            build=build,
            check=check,
            stats=stats,
            ask=None if self.yes or not sys.stdin.isatty() else ask,
            shield=self.signals.shield,
            ending=self.signals.end,
            limits=LOCAL if self.local else Limits(),
        )


@contextmanager
def releasing(app: App, *, yes: bool, wait: float, signals: Signals) -> Iterator[Releasing]:
    """One command's releases, told on stderr while they happen."""
    with app.progress() as progress:
        yield Releasing(app, progress.of, yes=yes, wait=wait, signals=signals, quiet=progress.quiet)


@contextmanager
def visitors(app: App, plan: Plan) -> Iterator[None]:
    """In the sandbox nobody calls the services; its server sends some requests while a release is watched."""
    wanted = app.config.sandbox is not None and len(plan.steps) > 1 and not app.environ.get("CLOUD_RUN_EMULATOR_HOST")
    if not wanted:
        yield
        return
    from deploytool import stage

    stage.visit(app.emulator, plan.place, VISITORS, 600.0)
    try:
        yield
    finally:
        stage.visit(app.emulator, plan.place, VISITORS, 0.0)


def under_lease(
    releasing: Releasing,
    plan: Plan,
    table: ServiceTable,
    work: Callable[[Runner], Ending],
    earlier: Release | None = None,
) -> Ending:
    """How it ended; that somebody else holds the lease, or that nobody can tell, is an ending too.

    With a person's consent beforehand, PlanChanged is raised: the caller plans anew.
    """
    if releasing.signals.noted is not None:
        return Ending(None, "not begun, because a signal came before", releasing.signals.noted)
    try:
        return releasing.run(plan, table, work, earlier)
    except LeaseHeld as held:
        return Ending(None, held.message, ExitCode.LOCKED, held.hint)
    except PlanChanged as changed:
        if releasing.yes:
            raise
        return Ending(None, changed.message, changed.exit_code, changed.hint)
    except CouldNotLook as problem:
        return Ending(None, problem.message, problem.exit_code, problem.hint)


def row_of(app: App, plan: Plan, ending: Ending) -> ReleaseRow:
    """The ending with what serves now, as far as that can be told; who is to be told of an end is told of it."""
    try:
        seen = app.editor.read(plan.place)
        after = named_rows(seen.service) if seen else ()
    except CouldNotLook:
        after = ()
    row = ReleaseRow(
        id=plan.id,
        place=plan.place,
        kind=plan.kind,
        commit=plan.commit,
        revision=plan.revision,
        outcome=ending.outcome,
        reason=ending.reason,
        exit_code=ending.exit_code,
        next_command=ending.next_command,
        before=plan.before.named if plan.before else (),
        after=after,
        seconds=_seconds(app, plan.id),
    )
    if ending.ours:
        announce(app, row)
    return row


def _seconds(app: App, release: str) -> float:
    """From the first line of the ledger about it to the last."""
    try:
        events = app.ledger.events(release)
    except CouldNotLook:
        return 0.0
    return (events[-1].at - events[0].at).total_seconds() if events else 0.0


def refused_row(plan: Plan, reason: str, hint: str, code: ExitCode = ExitCode.FINDINGS) -> ReleaseRow:
    """A release that was not begun, so that nothing is in the ledger."""
    return ReleaseRow(
        id="",
        place=plan.place,
        kind=plan.kind,
        commit=plan.commit,
        revision="",
        outcome=None,
        reason=reason,
        exit_code=code,
        next_command=hint,
        before=plan.before.named if plan.before else (),
        after=plan.before.named if plan.before else (),
    )
