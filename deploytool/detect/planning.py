"""The plan of each release: which services, from what to what, and what goes live with it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from deploytool.config import Config, ServiceTable
from deploytool.detect.drift import Detection
from deploytool.detect.grounds import Key
from deploytool.detect.meant import meant_by
from deploytool.detect.serving import Declared, overrides_of
from deploytool.domain.build import BuilderName, Wanted, wanted_of
from deploytool.domain.changes import changes_of
from deploytool.domain.model import Kind as ServiceKind
from deploytool.domain.model import Place, Service
from deploytool.domain.plan import Before, Changes, Plan, Was, Watch, release_id, revision_name, sized, tag_for
from deploytool.domain.release import Kind, Outcome, Release
from deploytool.domain.report import CodeState, DriftReport, ServiceDrift, Verdict
from deploytool.domain.template import settings_said, variables_of
from deploytool.domain.traffic_plan import LATEST, named_rows, rows_of, same_wish
from deploytool.domain.tree import Tree
from deploytool.errors import UsageError
from deploytool.ports import SeenService


@dataclass(frozen=True, slots=True)
class Aim:
    """The commit that goes live, and the tip of the target branch. `on_target`: does the branch have the commit?"""

    ref: str
    commit: str
    tip: str
    on_target: bool


def aim_at(detection: Detection, ref: str | None) -> Aim:
    """Point the detection at the commit that a person named; at the target when nobody did."""
    repository = detection.repository
    if ref is None:
        return Aim(detection.ref, detection.target, detection.target, True)
    commit = repository.named(ref)
    if commit is None:
        raise UsageError(f"There is no commit {ref!r} in {repository.facts.top}.", hint=meant_by(ref, repository))
    branch, tip = detection.ref, detection.target
    on_target = repository.has_in_history(tip, commit)
    detection.aim(branch if commit == tip else ref, commit)
    return Aim(branch, commit, tip, on_target)


def in_order(drifts: Iterable[ServiceDrift], config: Config) -> list[ServiceDrift]:
    """By `after`, then as services.toml has them."""
    from graphlib import TopologicalSorter

    found = list(drifts)
    names = list(dict.fromkeys(drift.name for drift in found))
    sorter = TopologicalSorter({name: released_before(config, name) & set(names) for name in names})
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=names.index)
        order.extend(ready)
        sorter.done(*ready)
    return sorted(found, key=lambda drift: order.index(drift.name))


def released_before(config: Config, name: str) -> set[str]:
    """All that `after` puts before a service, however many steps before."""
    found: set[str] = set()
    pending = [*config.services[name].after]
    while pending:
        one = pending.pop()
        if one not in found and one in config.services:
            found.add(one)
            pending.extend(config.services[one].after)
    return found


def chosen(report: DriftReport, *, stale: bool, force: bool) -> list[ServiceDrift]:
    """What there is to release: of the named services all that are not current, with `--stale` what is behind."""
    if not stale:
        return [drift for drift in report.services if force or drift.verdict is not Verdict.CURRENT]
    codes = {CodeState.BEHIND} | ({CodeState.AHEAD, CodeState.DIVERGED} if force else set())
    return [drift for drift in report.services if drift.verdict is Verdict.STALE and drift.code in codes]


def left_alone(report: DriftReport, *, stale: bool, force: bool) -> Iterator[tuple[str, bool]]:
    """What `--stale` does not take, in words, and whether that is because nobody could tell."""
    for error in report.errors:
        yield f"{error.region}: {error.message}", True
    if not stale:
        return
    for drift in report.services:
        if drift.verdict is Verdict.UNKNOWN:
            yield f"{drift.name}: left as it is, because nobody can tell: {drift.reason}", True
        elif drift.verdict is Verdict.STALE and drift.code is not CodeState.BEHIND and not force:
            yield f"{drift.name}: left as it is; what serves is {drift.code}: {drift.reason} (--force)", False


class Planner:
    """Makes plans on what a detection has seen. `releases` is what the ledger holds."""

    def __init__(self, detection: Detection, aim: Aim, releases: Sequence[Release], by: str) -> None:
        self.detection, self.aim, self.releases, self.by = detection, aim, releases, by
        self.config = detection.config
        self.committed_at = detection.repository.commits([aim.commit])[aim.commit].committed_at

    @property
    def tree(self) -> Tree:
        return self.detection.trees[self.aim.commit]

    def plan(self, drift: ServiceDrift, seen: SeenService | None, now: datetime, *, hold: bool) -> Plan:
        """The plan of one service in one region."""
        table = self.config.services[drift.name]
        place = Place(drift.project, drift.region, drift.name)
        release = release_id(now, secrets.token_hex(2))
        service = seen.service if seen else None
        wanted = self.wanted(table, service, self._scope(table, place))
        settings = table.release.settings
        rule = table.commit
        changes = changes_of(
            service,
            commit=self.aim.commit,
            timestamp=wanted.timestamp,
            release=release,
            scope=wanted.scope,
            label=rule.label if rule else None,
            env=rule.env if rule else None,
            min_instances=settings.min_instances,
            cpu_throttling=settings.cpu_throttling,
        )
        job = table.kind is ServiceKind.JOB
        before = before_of(service, changes.service_labels, self.releases) if service and not job else None
        most = max(drift.revisions, key=lambda row: row.percent, default=None)
        plan = Plan(
            id=release,
            kind=Kind.DEPLOY,
            place=place,
            commit=self.aim.commit,
            ref=self.aim.ref,
            revision=revision_name(drift.name, self.aim.commit, release),
            by=self.by,
            builder=builder_of(self.config, table),
            image=wanted.image,
            dockerfile=wanted.dockerfile,
            context=wanted.context,
            timestamp=wanted.timestamp,
            key=wanted.key,
            scope=wanted.scope,
            tag=tag_for(drift.name),
            steps=table.release.steps if service and not job else (100,),
            watch=watch_of(table),
            before=before,
            changes=changes,
            from_commit=(most.commit or "") if most else "",
            from_scope=(most.scope or "") if most else "",
            hold=hold,
            job=job,
            was=was_of(service, changes) if service and job else None,
            variables=variables_of(seen.raw if seen else None),
            settings=settings_said(seen.raw if seen else None, settings.min_instances, settings.cpu_throttling),
            checks=tuple(f"{check.name} ({', '.join(check.when)})" for check in table.checks),
            notes=() if job else tuple(_notes(table, before)),
        )
        return sized(plan, drift.commits)

    def wanted(self, table: ServiceTable, service: Service | None, scope: str) -> Wanted:
        return wanted_of(
            self.tree,
            service=table.name,
            commit=self.aim.commit,
            committed_at=self.committed_at,
            dockerfile=table.dockerfile,
            context=table.context_path,
            image=image_name(self.config, table, service),
            scope=scope,
            builder=builder_of(self.config, table),
        )

    def _scope(self, table: ServiceTable, place: Place) -> str:
        key = Key(table.name, self.aim.commit, overrides_of(self.entry(place)))
        return self.detection.grounds.scope(table, key) or ""

    def entry(self, place: Place) -> Declared:
        return next(entry for entry in self.detection.declared if entry.place == place)


def before_of(service: Service, labels: Mapping[str, str], releases: Sequence[Release]) -> Before:
    """The service as it is, as far as it must be put back."""
    asked = service.desired or LATEST
    return Before(
        asked=asked,
        named=named_rows(service),
        latest=follows_latest(service, releases),
        generation=service.generation,
        labels={name: value for name, value in service.labels.items() if name in labels},
    )


def was_of(job: Service, changes: Changes) -> Was:
    """What a job has where a release will write."""
    return Was(
        image=job.template.image,
        generation=job.generation,
        labels={name: value for name, value in job.template.labels.items() if name in changes.labels},
        env={name: value for name, value in job.template.env.items() if name in changes.env},
        service_labels={name: value for name, value in job.labels.items() if name in changes.service_labels},
    )


def follows_latest(service: Service, releases: Sequence[Release]) -> bool:
    """Does the service follow its newest revision, or did it before a release of ours pinned it by name?"""
    asked = service.desired or LATEST
    if any(row.latest and row.percent for row in asked):
        return True
    for release in reversed([one for one in releases if one.place == service.place and one.outcome is not None]):
        before = release.plan.get("before")
        if before is None:
            return False
        back = release.kind is Kind.ROLLBACK and release.outcome is Outcome.SUCCEEDED
        restored = release.plan["goal"] if back else before["named"]
        undone = back or release.outcome is not Outcome.SUCCEEDED
        return bool(undone and before["latest"] and same_wish(asked, rows_of(restored)))
    return False


def builder_of(config: Config, table: ServiceTable) -> BuilderName:
    return table.release.build or ("local" if config.project.cloud == "local" else "cloudbuild")


def image_name(config: Config, table: ServiceTable, service: Service | None) -> str:
    """The image's repository: as services.toml says, as what serves has it, or a name that only stays here."""
    if table.image:
        return table.image
    if service is not None and service.template.image:
        name = service.template.image.partition("@")[0]
        head, slash, last = name.rpartition("/")
        return f"{head}{slash}{last.partition(':')[0]}"
    if builder_of(config, table) == "local":
        return f"local/{table.name}"
    raise UsageError(
        f"Nobody knows where the image of {table.name} is kept: nothing runs under that name yet.",
        hint=f'Write below [services.{table.name}]: image = "REGION-docker.pkg.dev/PROJECT/REPOSITORY/{table.name}"',
    )


def watch_of(table: ServiceTable) -> Watch:
    judge = table.release.judge
    return Watch(table.release.bake.seconds, judge.min_requests, judge.max_5xx, judge.max_p95_ratio)


def _notes(table: ServiceTable, before: Before | None) -> Iterable[str]:
    if before is None:
        yield "first deployment: there is nothing to go back to; nobody may call it until somebody allows it"
    if not any("candidate" in check.when for check in table.checks):
        yield "no check looks at the candidate: that it starts is all that is known before it has traffic"


def open_release(releases: Sequence[Release], place: Place) -> Release | None:
    """The release of this service that has not ended, if any."""
    return next((one for one in reversed(releases) if one.place == place and one.outcome is None), None)
