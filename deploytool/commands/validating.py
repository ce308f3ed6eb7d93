"""The phases of the daily check, each as one section. Whatever cannot be looked at is said, and is no pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from deploytool.commands.looking import Look, look
from deploytool.commands.releases import readable, standings_of
from deploytool.config import ServiceTable
from deploytool.detect.coverage import coverage_of, unowned_in
from deploytool.domain.ages import age_of
from deploytool.domain.drift import MISROUTED
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.ledger_report import Standing, next_command_of
from deploytool.domain.lock_report import lock_report
from deploytool.domain.model import Fleet
from deploytool.domain.release import Outcome, Release, broken_links
from deploytool.domain.report import DriftReport, Remark, ServiceDrift, ServingState, Verdict
from deploytool.domain.validate_report import Phase, Section
from deploytool.domain.verify_report import VerifyReport
from deploytool.errors import ConfigurationError, DeployToolError
from deploytool.render.wording import counted

if TYPE_CHECKING:
    from deploytool.app import App

LONGEST_HOLD = 3600.0  # seconds; a release that bakes for longer is rare enough to be looked at

Asked = Callable[["Looks"], Section]


@dataclass
class Looks:
    """What several phases look at, looked at once."""

    app: App
    tables: Sequence[ServiceTable]
    fleet: Sequence[str] = ()
    checked: VerifyReport | None = None  # once the checks were run

    @cached_property
    def seen(self) -> Look:
        return look(self.app, self.tables, fleet=self.fleet, precision=None, fetch=False, dated=True)

    @property
    def running(self) -> Fleet | None:
        """What Cloud Run said, where a phase before has asked it; a file is not what runs."""
        return self.seen.fleet if "seen" in vars(self) and not self.fleet else None

    @cached_property
    def drift(self) -> DriftReport:
        return self.seen.detection.report(self.seen.fleet, self.seen.history, self.app.now())

    @cached_property
    def releases(self) -> tuple[Release, ...]:
        """Newest first."""
        return readable(self.app.ledger.events())


def sections(looks: Looks, phases: Sequence[Phase], ways: dict[Phase, Asked]) -> Iterator[Section]:
    """One for each phase, in order, with the seconds that it took."""
    for phase in phases:
        began = time.monotonic()
        try:
            section = ways[phase](looks)
        except DeployToolError as error:
            section = Section(phase, "It could not be looked at.", unsure=(error.message,))
        yield replace(section, seconds=round(time.monotonic() - began, 3))


def config(looks: Looks) -> Section:
    """Paths that exist on one side only, Dockerfiles that nobody owns."""
    detection = looks.seen.detection
    tree = detection.trees.get(detection.target)
    if tree is None:
        return Section(Phase.CONFIG, "It could not be looked at.", unsure=("The target is not in this clone.",))
    try:
        remarks = (*coverage_of(looks.app.config, looks.tables, tree, {}), *unowned_in(looks.app.config, tree))
    except KeyError:
        return Section(Phase.CONFIG, "It could not be looked at.", unsure=("Not all of the target is in this clone.",))
    except ConfigurationError as error:
        found = tuple(_error("config", mistake, hint=error.hint) for mistake in error.mistakes)
        return Section(Phase.CONFIG, error.message, found)
    said = f"{counted(len(looks.tables), 'service')} described, no mistake"
    return Section(Phase.CONFIG, said, tuple(_warning("config", remark) for remark in remarks))


def drift(looks: Looks) -> Section:
    report = looks.drift
    wrong = (Verdict.STALE, Verdict.MISSING)
    found = tuple(
        _of(one, "drift", f"{one.verdict}: {one.reason}", f"deploytool deploy {one.name}")
        for one in report.services
        if one.verdict in wrong
    )
    unsure = [f"{one.name}: {one.reason}" for one in report.services if one.verdict is Verdict.UNKNOWN]
    unsure += [f"{error.region}: {error.message}" for error in report.errors]
    unsure += [] if report.services else ["nothing is described"]
    fine = sum(one.verdict not in (*wrong, Verdict.UNKNOWN) for one in report.services)
    said = f"{fine} of {counted(len(report.services), 'service')} run what {report.target_ref} says"
    return Section(Phase.DRIFT, said, found, tuple(dict.fromkeys(unsure)))


def serving(looks: Looks) -> Section:
    """Where traffic goes, whatever the code that gets it."""
    services = looks.drift.services
    found = tuple(
        _of(one, "serving", MISROUTED[one.serving], f"deploytool status {one.name}")
        for one in services
        if one.serving in MISROUTED
    )
    doubtful = (ServingState.RECONCILING, ServingState.NONE)
    unsure = tuple(
        f"{one.name}: {one.reason}" for one in services if one.serving in doubtful and one.verdict is Verdict.UNKNOWN
    )
    fine = len(services) - len(found) - len(unsure)
    said = f"{fine} of {counted(len(services), 'service')} have their traffic where it should be"
    return Section(Phase.SERVING, said, found, unsure)


def locks(looks: Looks) -> Section:
    from deploytool.adapters import whoami

    report = lock_report(looks.app.lease_store.records(), looks.app.now(), LONGEST_HOLD)
    found = []
    for held in report.held:
        gone = whoami.is_gone(held.lease.holder)
        if held in report.too_old or gone:
            why = "its process is gone" if gone else f"held for {held.age / 60:.0f} minutes"
            message = f"{held.lease.holder.who} holds {held.service}: {why}"
            hint = f'deploytool deploy {held.service} --resume, or: deploytool lock break {held.lease.id} --why "…"'
            found.append(_error("locks", message, service=held.service, hint=hint, subject=held.lease.id))
    week = report.week
    said = (
        f"{len(report.held)} held now; {counted(week.holds, 'hold')} in a week, the longest {week.longest_hold:.0f} s,"
        f" the longest wait {week.longest_wait:.0f} s"
    )
    return Section(Phase.LOCKS, said, tuple(found))


def ledger(looks: Looks) -> Section:
    breaks = broken_links(*looks.app.ledger.chain())
    found = [_error("ledger", f"{one}.", hint="deploytool releases --verify") for one in breaks]
    unsure = []
    opened = standings_of(looks.app, looks.releases)
    for release in (one for one in looks.releases if one.id in opened):
        word = opened[release.id]
        if word is Standing.UNSURE:
            unsure.append(f"{release.place.name}: release {release.id} is {word}")
        elif word is not Standing.RUNNING:
            found.append(_left(release, f"release {release.id} is {word}", next_command_of(release, word)))
    for release in _newest(looks.releases):
        if release.outcome is Outcome.NEEDS_HUMAN:
            hint = next_command_of(release, release.outcome)
            found.append(_left(release, f"release {release.id} ended and a person must look", hint))
    said = f"{counted(len(looks.releases), 'release')}, {len(opened)} without an end"
    return Section(Phase.LEDGER, said, tuple(found), tuple(unsure))


def age(looks: Looks) -> Section:
    """The oldest undeployed change of each service against what `max_age` allows."""
    now, limits = looks.app.now(), {table.name: table.max_age for table in looks.tables}
    found, unsure, oldest = [], [], None
    for one in looks.drift.services:
        limit = limits[one.name]
        if one.verdict is Verdict.UNKNOWN and limit is not None:
            unsure.append(f"{one.name}: {one.reason}")
        if one.stale_since is None:
            continue
        oldest = min(oldest or one.stale_since, one.stale_since)
        waited = (now - one.stale_since).total_seconds()
        if limit is not None and waited > limit.seconds:
            message = f"a change waits for {age_of(one.stale_since, now)}, and {limit} is allowed"
            found.append(_of(one, "age", message, f"deploytool deploy {one.name}"))
    said = f"the oldest waits for {age_of(oldest, now)}" if oldest else "no change waits"
    return Section(Phase.AGE, said, tuple(found), tuple(unsure))


def _newest(releases: Sequence[Release]) -> Iterator[Release]:
    """The last one of each place."""
    seen = set()
    for release in releases:
        if release.place not in seen:
            seen.add(release.place)
            yield release


def _left(release: Release, message: str, hint: str) -> Finding:
    return _error("ledger", f"{release.place.name}: {message}.", service=release.place.name, hint=hint)


def _of(one: ServiceDrift, rule: str, message: str, hint: str) -> Finding:
    where = f"{one.name} in {one.region}" if one.region else one.name
    return _error(rule, f"{where}: {message}", service=one.name, hint=hint, subject=one.region)


def _error(rule: str, message: str, *, service: str | None = None, hint: str = "", subject: str = "") -> Finding:
    return Finding(rule, Severity.ERROR, message, hint=hint, service=service, subject=subject or message)


def _warning(rule: str, remark: Remark) -> Finding:
    return Finding(rule, Severity.WARNING, remark.message, hint=remark.hint, subject=remark.message)
