"""Items of `reconcile`, one after the other: each under its service's lease, looked at anew, mended, and told."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deploytool.adapters import whoami
from deploytool.clock import RealTime
from deploytool.commands.releasing import LOCAL, Releasing, row_of, under_lease
from deploytool.commands.signals import Signals
from deploytool.config import ServiceTable
from deploytool.detect.reconciling import Reconciler
from deploytool.detect.settling import settings_plan
from deploytool.domain.adoption import adoption_of
from deploytool.domain.lease import Lease, key_of
from deploytool.domain.model import Place
from deploytool.domain.plan import Plan, release_id
from deploytool.domain.reconcile import Item, MendKind
from deploytool.domain.reconcile_report import Mended, Word
from deploytool.errors import CouldNotLook, DeployToolError, ExitCode, LeaseHeld
from deploytool.release.keeping import Keeper, hold
from deploytool.release.mending import Checks, Hands, mended, note
from deploytool.release.runner import Runner
from deploytool.release.tools import Limits

if TYPE_CHECKING:
    from deploytool.app import App

ENDINGS = {
    ExitCode.CLEAN: Word.DONE,
    ExitCode.LOCKED: Word.LOCKED,
    ExitCode.NEEDS_HUMAN: Word.LOOK,
}


@dataclass(frozen=True, slots=True)
class Mending:
    """One run of `reconcile --fix`."""

    app: App
    reconciler: Reconciler
    checks: Checks
    wait: float
    signals: Signals

    def all(self, items: Sequence[Item]) -> tuple[Mended, ...]:
        with self.app.progress() as progress:
            ours = Releasing(
                self.app, progress.of, yes=True, wait=self.wait, signals=self.signals, quiet=progress.quiet
            )
            return tuple(self._one(item, ours) for item in items)

    def _one(self, item: Item, ours: Releasing) -> Mended:
        assert item.place is not None
        assert item.mend is not None
        table = self.app.config.services[item.place.name]
        teller = ours.teller(item.place.name)
        teller.step(f"mend {item.finding.rule}")
        try:
            match item.mend.kind:
                case MendKind.FREE_LEASE:
                    done = self._freed(item)
                case MendKind.SETTINGS:
                    done = self._released(item, table, ours)
                case _:
                    done = self._under_lease(item, table, lambda held: teller.tell(f"waiting: {held.message}"))
        except LeaseHeld as held:
            done = Mended(item, Word.LOCKED, held.message)
        except DeployToolError as problem:
            done = Mended(item, Word.FAILED, problem.message)
        (teller.done if done.word is Word.DONE else teller.failed)(f"{done.word}: {done.said}")
        return done

    def _under_lease(self, item: Item, table: ServiceTable, told: Callable[[LeaseHeld], None]) -> Mended:
        """The item must still be there, and to be mended in the same way."""
        assert item.place is not None
        with self._leased(item.place, told) as keeper:
            if not self._still(item, table, keeper.lease.id):
                return Mended(item, Word.LEFT, "it is not so any more: nothing was done")
            return mended(item, self._hands(), keeper)

    def _still(self, item: Item, table: ServiceTable, own: str) -> bool:
        assert item.place is not None
        if item.mend is not None and item.mend.kind is MendKind.RUN_FIX:
            return True  # the check itself is asked again after its fix
        found = self.reconciler.items_at(table, item.place, own)
        return any(one.id == item.id and one.mend == item.mend for one in found)

    def _leased(self, place: Place, told: Callable[[LeaseHeld], None]) -> Keeper:
        app = self.app
        holder = whoami.holder_now(release="", reason="reconcile", environ=app.environ)

        def may_replace(lease: Lease) -> bool:
            """Of a process that is known to be gone, unless its release waits to be resumed or aborted."""
            left = {one.id for one in self.reconciler.records().releases if one.outcome is None}
            return whoami.is_gone(lease.holder) and lease.holder.release not in left

        ttl = float(app.config.locks.ttl.seconds)
        return hold(app.lease_store, key_of(place), holder, ttl, wait=self.wait, told=told, may_replace=may_replace)

    def _freed(self, item: Item) -> Mended:
        """The lease that is mended is the one that is ended: nothing else is written."""
        assert item.mend is not None
        records = self.app.lease_store.records()
        held = next((one.held for one in records if one.held and one.held.id == item.mend.subject), None)
        if held is None or not whoami.is_gone(held.holder):
            return Mended(item, Word.LEFT, "it is not held any more: nothing was done")
        if not self.app.lease_store.release(held):
            return Mended(item, Word.LEFT, "somebody else was first")
        told = f"the lease of {held.holder.who} was ended: its process is gone"
        note(self._hands(), release_id(RealTime().now(), secrets.token_hex(2)), item, held.number, "done", told)
        return Mended(item, Word.DONE, told)

    def _released(self, item: Item, table: ServiceTable, ours: Releasing) -> Mended:
        """Settings belong to a revision: the same image is released again, with checks, steps and a record."""
        assert item.place is not None
        seen = self.app.editor.read(item.place)
        records = self.reconciler.records()
        id = release_id(RealTime().now(), secrets.token_hex(2))
        plan = settings_plan(table, seen, records.of(item.place), id=id, by=self._by)
        if plan is None:
            return Mended(item, Word.LEFT, "what serves is not of a release of ours any more: nothing was done")
        ending = under_lease(ours, plan, table, Runner.begin)
        row_of(self.app, plan, ending)  # who is told of releases is told of this one
        return Mended(item, ENDINGS.get(ending.exit_code, Word.FAILED), ending.reason)

    @property
    def _by(self) -> str:
        return whoami.holder_now(release="", reason="", environ=self.app.environ).who

    def _hands(self) -> Hands:
        app = self.app
        limits = LOCAL if app.endpoint is not None else Limits()
        return Hands(app.editor, app.ledger, RealTime(), limits, self.checks, self._adoption, self._by)

    def _adoption(self, place: Place, id: str) -> Plan:
        seen = self.reconciler.seen_at(self.app.config.services[place.name], place)
        if seen.service is None:
            raise CouldNotLook(f"{place.name} does not exist any more.", hint="deploytool status")
        plan = adoption_of(seen.service, id=id, commit="", by=self._by, reason="adopted by reconcile")
        return replace(plan, commit=seen.commits.get(plan.revision, ""))
