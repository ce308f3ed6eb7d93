"""A report as findings, for the readers that know nothing else: annotations, SARIF, JUnit, code quality."""

from __future__ import annotations

from deploytool.domain.check import Answer
from deploytool.domain.check_report import CheckReport
from deploytool.domain.check_rules import RULES, Rule
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.report import DriftReport, ServiceDrift, Verdict
from deploytool.domain.verify_report import ServiceChecks, VerifyReport
from deploytool.render.verify_wording import Line, lines_of

_DRIFT = tuple(
    Rule(f"drift-{verdict}", f"drift-{verdict}", Severity.ERROR, title, help)
    for verdict, title, help in (
        (Verdict.STALE, "What serves is not what git says", "Deploy it: deploytool deploy SERVICE"),
        (Verdict.MISROUTED, "Traffic does not go where it should", "Look at it: deploytool status SERVICE"),
        (Verdict.MISSING, "Nothing serves", "Deploy it, or take it out of services.toml."),
        (Verdict.UNKNOWN, "What serves could not be judged", "The message says what was missing."),
    )
)
_VERIFY = tuple(
    Rule(f"verify-{answer}", f"verify-{answer}", Severity.ERROR, title, help)
    for answer, title, help in (
        (Answer.FAIL, "A check failed", "The message says what was seen."),
        (Answer.COULD_NOT_TELL, "A check could not tell", "The message says what was missing."),
    )
)
ALL_RULES = {**RULES, **{rule.id: rule for rule in (*_DRIFT, *_VERIFY)}}


def findings_of(report: CheckReport | DriftReport | VerifyReport) -> tuple[Finding, ...]:
    """What the report found, gravest first; of drift, one for each entry that is not current."""
    if isinstance(report, CheckReport):
        return report.findings
    if isinstance(report, VerifyReport):
        found = [
            _of_check(one, line) for one in report.checked for line in lines_of(one) if line.answer is not Answer.PASS
        ]
        return tuple(
            sorted(found, key=lambda finding: (-finding.severity.rank, finding.rule != f"verify-{Answer.FAIL}"))
        )
    return tuple(_of_drift(service) for service in report.services if service.verdict is not Verdict.CURRENT)


def _of_drift(service: ServiceDrift) -> Finding:
    where = f" in {service.region}" if service.region else ""
    return Finding(
        rule=f"drift-{service.verdict}",
        severity=Severity.ERROR,
        message=f"{service.name}{where} is {service.verdict}: {service.reason}",
        hint=service.hint,
        service=service.name,
        subject=service.region,
    )


def _of_check(service: ServiceChecks, line: Line) -> Finding:
    where = f" in {service.region}" if service.region else ""
    return Finding(
        rule=f"verify-{line.answer}",
        severity=Severity.ERROR if line.required else Severity.WARNING,
        message=f"{service.name}{where}: {line.name}: {line.said}",
        service=service.name,
        subject=f"{service.region}/{line.name}",
    )
