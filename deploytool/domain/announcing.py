"""What there is to tell of drift, of a look that failed, and of a release that has ended."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import datetime

from deploytool.domain.ages import age_of
from deploytool.domain.message import Message, Speak, Standing, State
from deploytool.domain.release import Kind, Outcome
from deploytool.domain.release_report import ReleaseRow
from deploytool.domain.report import DriftReport, ServiceDrift, Verdict
from deploytool.errors import DeployToolError, ExitCode

STATES = {ExitCode.CLEAN: State.OK, ExitCode.FINDINGS: State.BAD}
NUMBERS = re.compile(r"\d+(\.\d+)?")
ENDED = {
    Outcome.SUCCEEDED: "is released",
    Outcome.ROLLED_BACK: "was rolled back",
    Outcome.ABORTED: "was aborted: everything is as it was",
    Outcome.FAILED_SAFE: "was not released: everything is as it was",
    Outcome.NEEDS_HUMAN: "needs a person",
}


def key_about(*words: str) -> str:
    """The name of what is watched: the same question always has the same one."""
    return " ".join(word for word in words if word)


def fingerprint_of(parts: Iterable[object]) -> str:
    """32 hex digits of values in the order in which they come."""
    text = json.dumps([str(part) for part in parts])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def standing_of_drift(report: DriftReport, about: str, project: str) -> Standing:
    """New commits on a service that is stale already are nothing new; another deployment that is stale is."""
    wrong = [service for service in report.services if service.verdict is not Verdict.CURRENT]
    state = STATES.get(report.exit_code, State.UNKNOWN)
    found = sorted(_essence(service) for service in wrong)
    found += sorted(("not looked at", error.region) for error in report.errors)
    counts = [(str(verdict), f"{count:,}") for verdict, count in report.counts.items() if count]
    blind = [f"{error.region} could not be looked at: {error.message}" for error in report.errors]
    return Standing(
        key=about,
        state=state,
        fingerprint="" if state is State.OK else fingerprint_of(found),
        title=f"{project}: {_title(report, wrong)}",
        lines=(*(_line(service, report.generated_at) for service in wrong), *blind),
        fields=(*counts, ("target", f"{report.target_ref} {report.target_commit[:8]}")),
        next_command="" if state is State.OK else "deploytool drift --verbose",
    )


def standing_of_failure(problem: BaseException, about: str, project: str) -> Standing:
    """A look that came to nothing. Figures in its words (seconds, ports) are no change of what is wrong."""
    said, hint = f"deploytool failed ({type(problem).__name__}).", ""
    if isinstance(problem, DeployToolError):
        said, hint = problem.message, problem.hint
    return Standing(
        key=about,
        state=State.UNKNOWN,
        fingerprint=fingerprint_of((type(problem).__name__, NUMBERS.sub("#", said))),
        title=f"{project}: could not look",
        lines=(said,),
        next_command=hint,
    )


def message_of_release(row: ReleaseRow, by: str, at: datetime, seconds: str) -> Message | None:
    """None for what has no end yet, or was not begun."""
    if row.outcome is None:
        return None
    what = row.commit[:8] if row.kind is Kind.DEPLOY else f"rollback to {row.revision or row.commit[:8]}"
    facts = (
        ("release", row.id), ("region", row.place.region), ("revision", row.revision), ("by", by), ("took", seconds)
    )  # fmt: skip
    return Message(
        kind=Speak.RELEASE,
        about=f"release {row.id}",
        state=State.OK if row.outcome is Outcome.SUCCEEDED else State.BAD,
        title=f"{row.place.name} {ENDED[row.outcome]} ({what})",
        at=at,
        lines=tuple(line for line in (row.reason,) if line),
        fields=tuple((name, value) for name, value in facts if value),
        next_command=row.next_command,
    )


def _essence(service: ServiceDrift) -> tuple[str, ...]:
    serves = sorted(f"{row.name} {row.commit}" for row in service.revisions)
    return (service.name, service.region, service.verdict, service.code, service.serving, *serves)


def _line(service: ServiceDrift, now: datetime) -> str:
    since = f", for {age_of(service.stale_since, now)}" if service.stale_since else ""
    return f"{service.name} ({service.region}) is {service.verdict}{since}: {service.reason}"


def _title(report: DriftReport, wrong: list[ServiceDrift]) -> str:
    if report.exit_code is ExitCode.CLEAN:
        return "all services run what git says they should"
    if not wrong:
        return "could not look everywhere"
    found = [f"{count:,} {verdict}" for verdict, count in report.counts.items() if count and verdict != Verdict.CURRENT]
    return f"{', '.join(found)} of {len(report.services):,} {'service' if len(report.services) == 1 else 'services'}"
