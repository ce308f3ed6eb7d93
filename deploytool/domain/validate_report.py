"""The daily check: each question once, numbered, with its verdict. What could not be told is never green."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deploytool.domain.check_report import CheckVerdict
from deploytool.domain.finding import Finding, Severity
from deploytool.errors import ExitCode


class Phase(StrEnum):
    """What is asked, in this order."""

    CONFIG = "config"
    DRIFT = "drift"
    SERVING = "serving"
    VERIFY = "verify"
    ERRORS = "errors"
    LOCKS = "locks"
    LEDGER = "ledger"
    RECONCILE = "reconcile"
    AGE = "age"


TITLES = {
    Phase.CONFIG: "services.toml fits the repository",
    Phase.DRIFT: "What serves is what git says",
    Phase.SERVING: "Traffic goes where it should",
    Phase.VERIFY: "The checks of what serves pass",
    Phase.ERRORS: "No new errors since yesterday",
    Phase.LOCKS: "Nobody holds a lock for too long",
    Phase.LEDGER: "Every release has an end, and the ledger is whole",
    Phase.RECONCILE: "Ledger, labels and traffic agree",
    Phase.AGE: "No change waits for longer than it may",
}


@dataclass(frozen=True, slots=True)
class Section:
    """One phase as it went. `unsure` says what could not be looked at."""

    phase: Phase
    said: str  # one sentence
    findings: tuple[Finding, ...] = ()
    unsure: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def verdict(self) -> CheckVerdict:
        """Warnings and notes are shown and fail nothing."""
        if any(finding.severity is Severity.ERROR for finding in self.findings):
            return CheckVerdict.FAIL
        return CheckVerdict.UNKNOWN if self.unsure else CheckVerdict.PASS


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One row of the weekly table; `value` is None where it could not be told."""

    metric: str
    target: float
    value: float | None
    check: str  # "service/check": what measures it
    met: bool | None  # None: could not be told
    said: str = ""


@dataclass(frozen=True, slots=True)
class ValidateReport:
    generated_at: datetime
    project: str
    sections: tuple[Section, ...]
    targets: tuple[TargetRow, ...] = ()
    left_out: tuple[Phase, ...] = ()  # phases that nobody asked for

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for section in self.sections for finding in section.findings)

    @property
    def verdict(self) -> CheckVerdict:
        """Found beats unsure; nothing asked is nothing known."""
        verdicts = {section.verdict for section in self.sections}
        missed = any(row.met is False for row in self.targets)
        if CheckVerdict.FAIL in verdicts or missed:
            return CheckVerdict.FAIL
        unsure = CheckVerdict.UNKNOWN in verdicts or any(row.met is None for row in self.targets)
        return CheckVerdict.UNKNOWN if unsure or not self.sections else CheckVerdict.PASS

    @property
    def exit_code(self) -> ExitCode:
        return self.verdict.exit_code
