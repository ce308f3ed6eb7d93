"""Daily checks for the tests of readers."""

from __future__ import annotations

from deploytool.domain.finding import Finding, Severity
from deploytool.domain.validate_report import Phase, Section, TargetRow, ValidateReport
from tests.render.reports import NOW


def validate_report(text: str = "api") -> ValidateReport:
    """A morning on which something is wrong; `text` stands wherever somebody else's words may stand."""
    wrong = Finding("drift", Severity.ERROR, f"{text}: stale", hint=f"deploytool deploy {text}", service=text)
    warns = Finding("verify", Severity.WARNING, f"{text}: 0 lines, at least 1 expected", subject=text)
    sections = (
        Section(Phase.CONFIG, f"{text} described", seconds=0.2),
        Section(Phase.DRIFT, "0 of 1 service", (wrong,), (f"{text}: unknown",), 1.5),
        Section(Phase.VERIFY, "0 of 1 checks passed", (warns,)),
        Section(Phase.ERRORS, "It could not be looked at.", unsure=(text,)),
    )
    rows = (TargetRow(text, 0, 3.0, f"{text}/a", False, text), TargetRow("b", 1, None, "api/b", None))
    return ValidateReport(NOW, text, sections, rows, (Phase.AGE,))
