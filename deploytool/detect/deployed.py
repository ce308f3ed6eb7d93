"""Since when does what serves run, and what served before it? By Cloud Run's own clock and list of revisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from deploytool.config import Config, ServiceTable
from deploytool.domain.model import ConditionState, Fleet, Kind, Place, Revision
from deploytool.domain.traffic import revision_of, serving_of
from deploytool.errors import CouldNotLook


@dataclass(frozen=True, slots=True)
class Deployed:
    """One service in one region. `since` is None exactly when `problem` says why.

    Of several revisions that serve, the newest is `revision`; `beside` are the others, the largest share first.
    """

    table: ServiceTable
    place: Place
    revision: str | None = None  # None for a job: its lines name no revision
    since: datetime | None = None
    beside: tuple[Revision, ...] = ()
    problem: str = ""
    hint: str = ""

    @property
    def is_job(self) -> bool:
        return self.table.kind is Kind.JOB


def deployed_in(config: Config, tables: Iterable[ServiceTable], fleet: Fleet) -> list[Deployed]:
    """Every (service, region), in the order of services.toml."""
    running = {(service.place, service.kind is Kind.JOB): service for service in fleet.services}
    closed = {(gone.region, kind): gone for gone in fleet.unreachable for kind in gone.kinds}
    found: list[Deployed] = []
    for table in tables:
        for region in config.regions_of(table):
            place, is_job = Place(config.project.project, region, table.name), table.kind is Kind.JOB
            service, gone = running.get((place, is_job)), closed.get((region, table.kind))
            if service is not None and is_job:
                found.append(_dated(Deployed(table, place, since=service.updated_at)))
            elif service is not None:
                shares = serving_of(service, fleet.revisions).shares
                named = [share for share in shares if share.revision is not None]
                revisions = [revision_of(service, share, fleet.revisions) for share in named]
                whole = len(named) == len(shares)
                found.append(_serving(table, place, [one for one in revisions if one is not None and one.name], whole))
            elif gone is not None:
                found.append(Deployed(table, place, problem=gone.message, hint=gone.hint))
            else:
                found.append(Deployed(table, place, problem=f"There is no {table.kind} of this name in {region}."))
    return found


def _serving(table: ServiceTable, place: Place, revisions: Sequence[Revision], whole: bool) -> Deployed:
    if not whole:
        return Deployed(table, place, problem="It is being changed: what serves cannot be named now.")
    if not revisions:
        return Deployed(table, place, problem="Nothing serves, or nothing is known about what does.")
    undated = [one for one in revisions if one.created_at is None]
    if undated:
        return Deployed(table, place, problem=f"Cloud Run does not say when {undated[0].name} was made.")
    newest = max(revisions, key=_made)
    return Deployed(table, place, newest.name, newest.created_at, tuple(one for one in revisions if one is not newest))


def _dated(job: Deployed) -> Deployed:
    if job.since is not None:
        return job
    return Deployed(job.table, job.place, problem="Cloud Run does not say when this job was last changed.")


def before(deployed: Deployed, history: Callable[[Place], Sequence[Revision]]) -> Revision | None:
    """What served before: what still has traffic beside it, else the newest older revision that was ever ready.

    None when there is none. Raises CouldNotLook when that cannot be told.
    """
    if deployed.beside:
        return deployed.beside[0]
    revisions = history(deployed.place)
    if not any(one.name == deployed.revision for one in revisions):
        raise CouldNotLook(
            f"The list of revisions of {deployed.place.name} does not hold the one that serves.",
            hint="Run it again in a minute.",
        )
    since = deployed.since
    older = [
        one
        for one in revisions
        if one.created_at is not None and since is not None and one.created_at < since
        if one.ready is ConditionState.SUCCEEDED
    ]
    return max(older, key=_made, default=None)


def _made(revision: Revision) -> datetime:
    assert revision.created_at is not None
    return revision.created_at
