"""The phases of the daily check that ask more than git and Cloud Run: checks, errors, reconcile, and the targets."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.commands.validating import Looks
from deploytool.domain.check import Answer, CheckResult, figure_of
from deploytool.domain.error_groups import State
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.validate_report import Phase, Section, TargetRow
from deploytool.domain.verify_report import VerifyReport
from deploytool.errors import DeployToolError

RECENT = 3  # days that reconcile looks back


def verify(looks: Looks) -> Section:
    report = _verified(looks)
    found, unsure = [], [f"{one.name}: {one.unseen}" for one in report.services if one.unseen and one.results]
    for one in report.services:
        for result in one.results:
            if result.answer is Answer.FAIL or (result.answer is not Answer.PASS and not result.required):
                severity = Severity.ERROR if result.required else Severity.WARNING
                message = f"{one.name}: {result.name}: {result.said}"
                hint = f"deploytool verify {one.name}"
                found.append(Finding("verify", severity, message, hint=hint, service=one.name, subject=result.name))
            elif result.answer is not Answer.PASS:
                unsure.append(f"{one.name}: {result.name}: {result.said}")
    passed = sum(result.answer is Answer.PASS for result in report.results)
    unsure += [] if report.results else ["no check is described"]
    said = f"{passed} of {len(report.results)} checks passed"
    return Section(Phase.VERIFY, said, tuple(found), tuple(unsure))


def errors(looks: Looks) -> Section:
    """Errors of the last day that are new with what serves."""
    from deploytool.commands.errors import errors_report

    report = errors_report(looks.app, looks.tables, since="24h", fleet=looks.running)
    found = tuple(
        Finding(
            "errors",
            Severity.ERROR,
            f"{one.name}: {group.signature} ({group.count} in a day)",
            hint=f"deploytool errors {one.name}",
            service=one.name,
            subject=group.signature,
        )
        for one in report.services
        for group in one.groups
        if group.state is State.NEW
    )
    unsure = tuple(
        f"{one.name}: {one.problem or 'not all could be read or compared'}"
        for one in report.services
        if one.undetermined
    )
    counts = report.counts
    said = f"{counts[State.NEW]} new, {counts[State.SAME]} as before, {counts[State.GONE]} gone in the last day"
    return Section(Phase.ERRORS, said, found, unsure)


def reconcile(looks: Looks) -> Section:
    """Looks and mends nothing; checks are a phase of their own."""
    from deploytool.commands.reconcile import look
    from deploytool.release.mending import NoChecks

    report = look(looks.app, looks.tables, RECENT, NoChecks())
    found = tuple(item.finding for item in report.items)
    unsure = tuple(f"{error.region}: {error.message}" if error.region else error.message for error in report.errors)
    said = f"{len(found)} do not agree" if found else f"all of the last {RECENT} days agrees"
    return Section(Phase.RECONCILE, said, found, unsure)


def targets(looks: Looks) -> Iterator[TargetRow]:
    """Each target against the check that measures it, as that went just now."""
    if not looks.app.config.targets:
        return
    try:
        measured = {f"{one.name}/{result.name}": result for one in _verified(looks).services for result in one.results}
    except DeployToolError as error:
        measured = {}
        why = error.message
    else:
        why = "the check did not run"
    for table in looks.app.config.targets:
        result = measured.get(table.check)
        yield _row(table.metric, float(table.target), table.check, result, why)


def _row(metric: str, target: float, check: str, result: CheckResult | None, why: str) -> TargetRow:
    """A check that passes meets its target; by which figure it does is what the check says."""
    if result is None:
        return TargetRow(metric, target, None, check, None, why)
    met = {Answer.PASS: True, Answer.FAIL: False, Answer.COULD_NOT_TELL: None}[result.answer]
    return TargetRow(metric, target, figure_of(result.said), check, met, result.said)


def _verified(looks: Looks) -> VerifyReport:
    from deploytool.commands.verify import verified

    if looks.checked is None:
        looks.checked = verified(looks.app, [table.name for table in looks.tables], fleet=looks.running)
    return looks.checked
