"""The facts of the day for the person who comes next: what serves, what waits, what failed, what to type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from deploytool.domain.ledger_report import Standing, next_command_of
from deploytool.domain.lock_report import HeldLease
from deploytool.domain.release import Kind, Outcome, Release
from deploytool.domain.report import CodeState, CommitNote, DriftReport, LookError, ServiceDrift, Verdict
from deploytool.errors import ExitCode

YESTERDAY = timedelta(days=1)


class NextStep(NamedTuple):
    command: str  # exactly what can be typed
    why: str


@dataclass(frozen=True, slots=True)
class HandoffReport:
    generated_at: datetime
    since: datetime  # from when on releases are told
    drift: DriftReport
    ended: tuple[Release, ...] | None = ()  # failed, taken back, or taking back, newest first; None: nobody can tell
    opened: tuple[tuple[Release, Standing], ...] = ()  # without an end, whenever they began
    held: tuple[HeldLease, ...] | None = ()  # None: nobody can tell
    errors: tuple[LookError, ...] = field(default=())  # beside those of drift

    @property
    def blind(self) -> tuple[LookError, ...]:
        """Everything that could not be looked at."""
        return (*self.drift.errors, *self.errors)

    @property
    def exit_code(self) -> ExitCode:
        """A page of facts finds nothing: 0, or 3 when something could not be looked at."""
        unknown = self.drift.counts[Verdict.UNKNOWN]
        return ExitCode.UNDETERMINED if self.blind or unknown else ExitCode.CLEAN

    @property
    def steps(self) -> tuple[NextStep, ...]:
        """What to type next, the most pressing first, each command once."""
        found = {step.command: step for step in reversed([*_after_releases(self), *_after_drift(self.drift.services)])}
        return tuple(reversed(found.values()))


def told_of(releases: Iterable[Release], since: datetime) -> tuple[Release, ...]:
    """What did not go as it was meant, and what was put back, since then; newest first."""
    found = [
        release
        for release in releases
        if release.ended_at is not None
        and release.ended_at >= since
        and (release.outcome is not Outcome.SUCCEEDED or release.kind is Kind.ROLLBACK)
    ]
    return tuple(sorted(found, key=lambda release: release.ended_at or since, reverse=True))


def reaching_of(service: ServiceDrift) -> tuple[CommitNote, ...]:
    """The commits that wait and matter to it, newest first."""
    return tuple(commit for commit in service.commits if commit.undeployed and commit.relevance.reaches)


def _after_releases(report: HandoffReport) -> Iterator[NextStep]:
    last: Mapping[str, Release] = {release.id: release for release in report.ended or ()}
    for release in last.values():
        if release.outcome is Outcome.NEEDS_HUMAN:
            yield NextStep(f"deploytool releases show {release.id}", f"{release.place.name} needs a person")
    for release, standing in report.opened:
        command = next_command_of(release, standing).removesuffix(" (or --abort)")
        yield NextStep(command, f"release {release.id} of {release.place.name} is {standing}")
    if report.held:
        yield NextStep("deploytool lock list", "somebody is releasing")


def _after_drift(services: Sequence[ServiceDrift]) -> Iterator[NextStep]:
    for verdict in (Verdict.STALE, Verdict.MISROUTED, Verdict.MISSING, Verdict.UNKNOWN):
        for service in services:
            if service.verdict is verdict:
                yield _step(service)


def _step(service: ServiceDrift) -> NextStep:
    name, why = service.name, f"{service.name} is {service.verdict}: {service.reason}"
    match service.verdict:
        case Verdict.STALE if service.code is CodeState.BEHIND:
            return NextStep(f"deploytool deploy {name}", why)
        case Verdict.STALE:  # a deploy would undo what only serves there
            return NextStep(f"deploytool explain {name}", why)
        case Verdict.MISROUTED:
            return NextStep(f"deploytool status {name}", why)
        case Verdict.MISSING:
            return NextStep(f"deploytool deploy {name} --dry-run", why)
    typed = service.hint.startswith(("deploytool ", "git ", "gcloud "))  # other hints are sentences
    return NextStep(service.hint if typed else f"deploytool drift {name} --verbose", why)
