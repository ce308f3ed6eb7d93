"""Who serves which commit: the fleet matched with services.toml, and every label proven in git."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deploytool.config import Config, ServiceTable
from deploytool.domain.model import AS_BUILT, Fleet, Kind, Overrides, Place, Revision, Service
from deploytool.domain.provenance import (
    Candidate,
    CommitRule,
    Proof,
    Provenance,
    by_digest,
    candidates_of,
    commit_of,
    hexes_of,
)
from deploytool.domain.report import ServingRow, ServingState, Unmanaged
from deploytool.domain.traffic import Serving, Share, revision_of, serving_of
from deploytool.errors import CouldNotLook

NOBODY = Serving(ServingState.NONE, ())

if TYPE_CHECKING:
    from deploytool.adapters.git import Repository

History = Callable[[Place], Sequence[Revision]]


@dataclass(frozen=True, slots=True)
class Known:
    """One serving revision with its proven commit, or why there is none."""

    share: Share
    revision: Revision | None
    provenance: Provenance

    @property
    def overrides(self) -> Overrides:
        """What Cloud Run starts in it instead of what its image says."""
        return self.revision.overrides if self.revision else AS_BUILT

    @property
    def row(self) -> ServingRow:
        seen = self.revision
        return ServingRow(
            name=self.share.revision,
            commit=self.provenance.commit,
            percent=self.share.percent,
            deployed_at=seen.created_at if seen else None,
            image=seen.image if seen else "",
            tags=self.share.tags,
            source=self.provenance.source,
        )


@dataclass(frozen=True, slots=True)
class Declared:
    """One entry of services.toml in one region, and what was found there."""

    table: ServiceTable
    place: Place
    service: Service | None
    serving: Serving
    shares: tuple[Known, ...] = ()
    blocked: str = ""  # why nothing can be said: the region could not be looked at
    hint: str = ""


def declared_in(
    config: Config, tables: Iterable[ServiceTable], fleet: Fleet, repository: Repository, history: History
) -> list[Declared]:
    """Every (service, region) in the order of services.toml, with the proven commit of each serving revision."""
    return _proven(placed_in(config, tables, fleet), repository, history)


def placed_in(config: Config, tables: Iterable[ServiceTable], fleet: Fleet) -> list[Declared]:
    """The same with what serves alone: git is not asked, and no commit is known."""
    running = {(service.place, service.kind is Kind.JOB): service for service in fleet.services}
    closed = {(gone.project, gone.region, kind): gone for gone in fleet.unreachable for kind in gone.kinds}
    found: list[Declared] = []
    for table in tables:
        for region in config.regions_of(table):
            place = Place(config.project.project, region, table.name)
            gone = closed.get((place.project, region, table.kind))
            is_job = table.kind is Kind.JOB  # a job and a service may have one name; the other kind is a mistake
            service = running.get((place, is_job)) or running.get((place, not is_job))
            if service is None and gone is not None:
                found.append(Declared(table, place, None, NOBODY, blocked=gone.message, hint=gone.hint))
            else:
                found.append(_looked_at(table, place, service, fleet))
    return found


def commits_named(config: Config, tables: Iterable[ServiceTable], fleet: Fleet) -> frozenset[str]:
    """Every hex value that a serving revision of these services names as its commit."""
    places = {
        Place(config.project.project, region, table.name): table
        for table in tables
        for region in config.regions_of(table)
    }
    found = (
        _looked_at(places[service.place], service.place, service, fleet)
        for service in fleet.services
        if service.place in places
    )
    return hexes_of(one for entry in found for known in entry.shares for one in _candidates(entry, known))


def overrides_of(entry: Declared) -> Overrides:
    """What the next revision would start: the same as what most of the traffic goes to."""
    most = max(entry.shares, key=lambda known: known.share.percent, default=None)
    return most.overrides if most else AS_BUILT


def unmanaged_in(config: Config, fleet: Fleet) -> tuple[Unmanaged, ...]:
    """What runs in the configured project and regions without a name in services.toml."""
    regions = {region for table in config.services.values() for region in config.regions_of(table)}
    regions |= set(config.project.regions)
    return tuple(
        Unmanaged(service.place.name, service.place.region, service.kind)
        for service in fleet.services
        if service.place.name not in config.services
        and service.place.region in regions
        and service.place.project == config.project.project
    )


def _looked_at(table: ServiceTable, place: Place, service: Service | None, fleet: Fleet) -> Declared:
    if service is None:
        return Declared(table, place, None, NOBODY)
    if (service.kind is Kind.JOB) != (table.kind is Kind.JOB):
        reason = f"a {service.kind} of this name runs, and services.toml says {table.kind}"
        return Declared(table, place, None, NOBODY, blocked=reason, hint="Correct `kind` in services.toml.")
    serving = serving_of(service, fleet.revisions)
    shares = tuple(
        Known(share, revision_of(service, share, fleet.revisions), Provenance(None)) for share in serving.shares
    )
    return Declared(table, place, service, serving, shares)


def _proven(found: Sequence[Declared], repository: Repository, history: History) -> list[Declared]:
    """Ask git once about all values of the whole fleet, then fill in the commits."""
    asked = {id(known): _candidates(entry, known) for entry in found for known in entry.shares}
    proofs = proofs_of(repository, hexes_of(one for many in asked.values() for one in many))
    first = {id(known): _said(known, asked[id(known)], proofs) for entry in found for known in entry.shares}
    digests = _digests(found, first)
    return [
        replace(
            entry,
            shares=tuple(
                replace(known, provenance=_by_image(entry, known, first[id(known)], digests, repository, history))
                if not asked[id(known)]
                else replace(known, provenance=first[id(known)])
                for known in entry.shares
            ),
        )
        for entry in found
    ]


def _said(known: Known, candidates: Sequence[Candidate], proofs: Mapping[str, Proof]) -> Provenance:
    """What the revision itself says of its commit."""
    if known.revision is None:
        named = known.share.revision
        return Provenance(None, reason=f"nothing is known about the serving revision {named}" if named else "")
    return commit_of(candidates, proofs, known.revision.created_at)


def proofs_of(repository: Repository, hexes: Iterable[str]) -> dict[str, Proof]:
    """Git's answer about each value: one commit, several, or none."""
    shallow = repository.facts.shallow
    answers = repository.resolve(hexes)
    return {
        value: Proof(
            commits[0] if len(commits) == 1 else None,
            ambiguous=len(commits) if len(commits) > 1 else 0,
            shallow=shallow and not commits,
        )
        for value, commits in answers.items()
    }


def _candidates(entry: Declared, known: Known) -> tuple[Candidate, ...]:
    if entry.service is None or known.revision is None:
        return ()
    newest = known.share.template_says or known.share.revision == entry.service.latest_created
    return candidates_of(entry.service, known.revision, newest, rule_of(entry.table))


def rule_of(table: ServiceTable) -> CommitRule | None:
    rule = table.commit
    if rule is None:
        return None
    return CommitRule(rule.label, rule.env, re.compile(rule.tag_regex) if rule.tag_regex is not None else None)


def _digests(found: Sequence[Declared], first: Mapping[int, Provenance]) -> dict[str, frozenset[str]]:
    """Per image digest, the commits proven for revisions that run it."""
    digests: dict[str, frozenset[str]] = {}
    for entry in found:
        for known in entry.shares:
            commit = first[id(known)].commit
            if commit and known.revision and known.revision.digest:
                digest = known.revision.digest
                digests[digest] = digests.get(digest, frozenset()) | {commit}
    return digests


def _by_image(
    entry: Declared,
    known: Known,
    said: Provenance,
    digests: Mapping[str, frozenset[str]],
    repository: Repository,
    history: History,
) -> Provenance:
    """For a revision that says nothing: the commit of another one that runs the same image."""
    revision = known.revision
    if revision is None or revision.digest is None:
        return said
    shared = by_digest(revision, digests)
    if shared.commit is None:
        try:
            shared = by_digest(revision, _historic(entry, revision, repository, history))
        except CouldNotLook as error:  # one list that is out of reach leaves every other service judged
            return replace(said, reason="; ".join(part for part in (said.reason, error.message) if part))
    return shared if shared.commit is not None else said


def _historic(
    entry: Declared, revision: Revision, repository: Repository, history: History
) -> dict[str, frozenset[str]]:
    """The commits of older revisions that ran the same image: asked only when nothing else tells."""
    assert entry.service is not None
    service = entry.service
    older = [old for old in history(entry.place) if old.digest == revision.digest and old.name != revision.name]
    said = [candidates_of(service, old, False, rule_of(entry.table)) for old in older]
    proofs = proofs_of(repository, hexes_of(one for many in said for one in many))
    commits = {found.commit for candidates in said if (found := commit_of(candidates, proofs)).commit}
    return {revision.digest or "": frozenset(commit for commit in commits if commit)}
