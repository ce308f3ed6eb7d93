"""`deploytool validate`: the daily check, one numbered report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.commands import validating, validating_checks
from deploytool.commands.validating import Asked, Looks, sections
from deploytool.domain.check_report import CheckVerdict
from deploytool.domain.message import Standing, State
from deploytool.domain.validate_report import Phase, ValidateReport
from deploytool.errors import ExitCode, UsageError
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App

WAYS: dict[Phase, Asked] = {
    Phase.CONFIG: validating.config,
    Phase.DRIFT: validating.drift,
    Phase.SERVING: validating.serving,
    Phase.VERIFY: validating_checks.verify,
    Phase.ERRORS: validating_checks.errors,
    Phase.LOCKS: validating.locks,
    Phase.LEDGER: validating.ledger,
    Phase.RECONCILE: validating_checks.reconcile,
    Phase.AGE: validating.age,
}
STATES = {CheckVerdict.PASS: State.OK, CheckVerdict.FAIL: State.BAD, CheckVerdict.UNKNOWN: State.UNKNOWN}
MOST_LINES = 20  # of a message


def phases_of(named: Iterable[str]) -> tuple[Phase, ...]:
    """Raises UsageError for a phase that there is not."""
    unknown = [name for name in named if name not in [*Phase]]
    if unknown:
        raise UsageError(f"There is no phase {unknown[0]}.", hint=f"There are: {', '.join(Phase)}.")
    return tuple(map(Phase, named))


def run(
    app: App,
    *,
    phases: Sequence[Phase],
    fleet: Sequence[str],
    outputs: Sequence[Output],
    verbose: bool,
    notify: bool = False,
    metrics: Path | None = None,
) -> ExitCode:
    """Every phase, or only those that were named; each is looked at whatever the others found."""
    ask = partial(_asked, app, phases, fleet)
    report = _told(app, ask, _key(app, phases)) if notify else ask()
    app.say(report, outputs, verbose=verbose)
    if metrics is not None:
        from deploytool.app.metrics import write
        from deploytool.domain.metrics import validate_families

        write(app, metrics, "validate", validate_families(report), ok=report.verdict is not CheckVerdict.UNKNOWN)
    return report.exit_code


def _asked(app: App, phases: Sequence[Phase], fleet: Sequence[str]) -> ValidateReport:
    asked = [phase for phase in Phase if phase in phases or not phases]
    looks = Looks(app, app.config.select(), fleet)
    found = tuple(sections(looks, asked, WAYS))
    return ValidateReport(
        generated_at=app.now(),
        project=app.config.project.project,
        sections=found,
        targets=tuple(validating_checks.targets(looks)) if Phase.VERIFY in asked else (),
        left_out=tuple(phase for phase in Phase if phase not in asked),
    )


def _told(app: App, ask: Callable[[], ValidateReport], key: str) -> ValidateReport:
    """Those who did not ask hear of it when it changes, once a day while it lasts, and when it is over."""
    from deploytool.commands.notifying import failures_told, must_know_whom, notify

    must_know_whom(app)
    with failures_told(app, key):
        report = ask()
    notify(app, standing_of(report, key))
    return report


def _key(app: App, phases: Sequence[Phase]) -> str:
    return " ".join(["validate", app.config.project.project, *phases])


def standing_of(report: ValidateReport, key: str) -> Standing:
    """What is wrong, without ages and counts: the same as long as there is nothing new to say."""
    wrong = [section for section in report.sections if section.verdict is not CheckVerdict.PASS]
    parts = [f"{section.phase} {section.verdict}" for section in wrong]
    parts += [finding.fingerprint for section in wrong for finding in section.findings]
    parts += [row.metric for row in report.targets if not row.met]
    lines = [f"{section.phase}: {finding.message}" for section in wrong for finding in section.findings]
    lines += [f"{section.phase}: could not be told: {why}" for section in wrong for why in section.unsure]
    more = len(lines) - MOST_LINES
    return Standing(
        key=key,
        state=STATES[report.verdict],
        fingerprint=hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest() if parts else "",
        title=f"{report.project}: {_title(report)}",
        lines=(*lines[:MOST_LINES], *([f"and {more} more"] if more > 0 else [])),
        next_command="deploytool validate --verbose",
    )


def _title(report: ValidateReport) -> str:
    failed = [section.phase for section in report.sections if section.verdict is CheckVerdict.FAIL]
    unsure = [section.phase for section in report.sections if section.verdict is CheckVerdict.UNKNOWN]
    parts = [f"{', '.join(failed)} failed" if failed else "", f"{', '.join(unsure)} not told" if unsure else ""]
    return "; ".join(filter(None, parts)) or "all is well"
