"""Gathers what must agree: each service as it is now, the releases that the ledger tells of, leases, and git."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from deploytool.adapters.cloudrun.parallel import answers_of
from deploytool.adapters.git import Repository
from deploytool.config import Config, ServiceTable
from deploytool.detect.planning import follows_latest
from deploytool.detect.serving import proofs_of, rule_of
from deploytool.domain.disagreements import items_of
from deploytool.domain.disagreements_traffic import recorded
from deploytool.domain.lease import Holder, LeaseRecord, key_of
from deploytool.domain.model import Kind as ServiceKind
from deploytool.domain.model import Place, Service
from deploytool.domain.plan import tag_for
from deploytool.domain.provenance import Candidate, candidates_of, commit_of, hexes_of
from deploytool.domain.reconcile import Facts, FailedCheck, Item, Seen
from deploytool.domain.release import Kind, Release, broken_links, releases_of
from deploytool.domain.report import LookError
from deploytool.domain.template import held_up_by_service, settings_off
from deploytool.domain.traffic_plan import named_rows, rows_of, tagged
from deploytool.errors import CouldNotLook, DeployToolError
from deploytool.ports import LeaseStore, Ledger, SeenRevision, SeenService, ServiceEditor

AT_ONCE = 8
PATIENCE = 120.0  # seconds for all services together
DAMAGE = "The ledger holds a line that cannot be understood."


@dataclass(frozen=True, slots=True)
class Records:
    """What ledger and leases say at one moment."""

    releases: tuple[Release, ...]
    begun: frozenset[str]  # releases that began while the leases were read: whether they run cannot be told
    leases: tuple[LeaseRecord, ...]

    def of(self, place: Place) -> tuple[Release, ...]:
        return tuple(one for one in self.releases if one.place == place)


@dataclass(frozen=True, slots=True)
class Raw:
    """One service as it came, before git was asked about it."""

    seen: Seen
    candidates: dict[str, tuple[Candidate, ...]]


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Whom to ask. Everything here only reads."""

    config: Config
    editor: ServiceEditor
    repository: Repository
    ledger: Ledger
    leases: LeaseStore
    is_gone: Callable[[Holder], bool]
    now: datetime
    days: int

    @property
    def since(self) -> datetime:
        return self.now - timedelta(days=self.days)

    def facts(self, tables: Iterable[ServiceTable], checks: Sequence[FailedCheck] = ()) -> Facts:
        """Everything about these services. Raises CouldNotLook without the ledger or the leases."""
        breaks = broken_links(*self.ledger.chain())
        try:
            records = self.records()
        except CouldNotLook as problem:
            if not breaks:
                raise
            return Facts(self.now, self.since, breaks=breaks, errors=(LookError("", problem.message),))
        pairs = [
            (table, Place(self.config.project.project, region, table.name))
            for table in tables
            for region in self.config.regions_of(table)
        ]
        raws, errors = self._looked(pairs, records)
        seen, lost = self._proven(raws, records)
        return Facts(self.now, self.since, seen, breaks, lost, tuple(checks), errors)

    def items_at(self, table: ServiceTable, place: Place, own: str) -> tuple[Item, ...]:
        """One service anew, by who holds its lease `own`. Raises CouldNotLook, also when nothing can be said of it."""
        records = self.records()
        left = tuple(one for one in records.leases if one.held is None or one.held.id != own)
        seen, lost = self._proven([self._look(table, place, replace(records, leases=left))], records)
        items, errors = items_of(Facts(self.now, self.since, seen, (), lost))
        if errors:
            raise CouldNotLook(errors[0].message, hint="Run the same command again.")
        return items

    def seen_at(self, table: ServiceTable, place: Place) -> Seen:
        records = self.records()
        (seen,), _ = self._proven([self._look(table, place, records)], records)
        return seen

    def records(self) -> Records:
        """Whoever runs a release holds its lease: what is open before and after the leases are read, runs or was left.

        Raises CouldNotLook.
        """
        before = _readable(self.ledger)
        leases = self.leases.records()
        if all(one.outcome is not None for one in before):
            return Records(before, frozenset(), leases)
        after = _readable(self.ledger)
        known = {one.id for one in before}
        begun = frozenset(one.id for one in after if one.outcome is None and one.id not in known)
        return Records(after, begun, leases)

    def _looked(
        self, pairs: Sequence[tuple[ServiceTable, Place]], records: Records
    ) -> tuple[list[Raw], tuple[LookError, ...]]:
        questions = [partial(self._look, table, place, records) for table, place in pairs]
        raws, errors = [], []
        answers = answers_of(questions, at_once=AT_ONCE, seconds=PATIENCE)
        for (_, place), answer in zip(pairs, answers, strict=True):
            match answer:
                case Raw():
                    raws.append(answer)
                case DeployToolError():
                    errors.append(LookError(place.region, f"{place.name}: {answer.message}"))
                case TimeoutError():
                    errors.append(LookError(place.region, f"{place.name}: {answer}"))
                case _:
                    raise answer
        return raws, tuple(errors)

    def _look(self, table: ServiceTable, place: Place, records: Records) -> Raw:
        job = table.kind is ServiceKind.JOB
        found = self.editor.read_job(place) if job else self.editor.read(place)
        releases = records.of(place)
        lease = next((one for one in records.leases if one.key == key_of(place)), None)
        seen = Seen(
            place,
            table.kind,
            found.service if found else None,
            releases,
            lease=lease,
            holder_gone=bool(lease and lease.held and self.is_gone(lease.held.holder)),
            begun=next((one.id for one in releases if one.id in records.begun), ""),
            ttl=float(self.config.locks.ttl.seconds),
        )
        return Raw(seen, {}) if found is None or job else self._inside(table, found, seen)

    def _inside(self, table: ServiceTable, found: SeenService, seen: Seen) -> Raw:
        """The revisions that matter, what they say of their commit, and their settings."""
        service = found.service
        serving = [row.revision for row in named_rows(service) if row.percent and row.revision]
        there = {name: self.editor.revision(seen.place, name) for name in self._names(seen, service, serving)}
        newest = max(serving, key=lambda name: name == service.latest_created, default="")
        least, throttled = table.release.settings.min_instances, table.release.settings.cpu_throttling
        return Raw(
            replace(
                seen,
                revisions={name: one.revision if one else None for name, one in there.items()},
                settings=_settings_off(found, there.get(newest), least, throttled),
                kept_up=held_up_by_service(found.raw, least) is not None,
                follows=follows_latest(service, seen.releases),
            ),
            {
                name: candidates_of(service, one.revision, name == service.latest_created, rule_of(table))
                for name in serving
                if (one := there.get(name)) is not None
            },
        )

    def _names(self, seen: Seen, service: Service, serving: Iterable[str]) -> tuple[str, ...]:
        last = recorded(seen.releases)
        back = rows_of((last.plan.get("before") or {}).get("named", ())) if last and last.kind is Kind.DEPLOY else ()
        recent = (
            one.revision for one in seen.releases if one.started_at >= self.since and one.kind is Kind.DEPLOY
        )  # of an open release too: it may have been made
        names = (*serving, tagged(service.desired, tag_for(seen.place.name)), *(row.revision for row in back), *recent)
        return tuple(dict.fromkeys(name for name in names if name))

    def _proven(self, raws: Sequence[Raw], records: Records) -> tuple[tuple[Seen, ...], frozenset[str]]:
        """Git is asked once about every commit that anything names."""
        recent = {one.commit for one in records.releases if one.commit and one.started_at >= self.since}
        named = hexes_of(one for raw in raws for many in raw.candidates.values() for one in many)
        proofs = proofs_of(self.repository, named | recent)
        partly = self.repository.facts.shallow or self.repository.facts.partial
        lost = frozenset(one for one in recent if one in proofs and proofs[one].commit is None and not partly)
        seen = []
        for raw in raws:
            said = {name: commit_of(many, proofs) for name, many in raw.candidates.items()}
            conflicts = {name: one.conflicts for name, one in said.items() if one.conflicts}
            commits = {name: one.commit for name, one in said.items() if one.commit}
            seen.append(replace(raw.seen, conflicts=conflicts, commits=commits))
        return tuple(seen), lost


def _settings_off(
    found: SeenService, revision: SeenRevision | None, least: int | None, throttled: bool | None
) -> tuple[str, ...]:
    return settings_off(found.raw, revision.raw, least, throttled) if revision is not None else ()


def _readable(ledger: Ledger) -> tuple[Release, ...]:
    """Oldest first. Raises CouldNotLook."""
    try:
        return releases_of(ledger.events())
    except (KeyError, ValueError, TypeError) as damage:
        raise CouldNotLook(DAMAGE, hint="deploytool releases --verify") from damage
