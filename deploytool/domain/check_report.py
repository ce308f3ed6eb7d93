"""What `check` says of a branch: its findings, what the merge will make stale, and whether it may be merged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deploytool.domain.check_rules import matches
from deploytool.domain.finding import Accepted, Finding, Severity
from deploytool.domain.report import LookError, Remark
from deploytool.errors import ExitCode


class CheckVerdict(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"  # something could not be looked at, and nothing else was found

    @property
    def exit_code(self) -> ExitCode:
        match self:
            case CheckVerdict.FAIL:
                return ExitCode.FINDINGS
            case CheckVerdict.UNKNOWN:
                return ExitCode.UNDETERMINED
            case CheckVerdict.PASS:
                return ExitCode.CLEAN


@dataclass(frozen=True, slots=True)
class Policy:
    """What makes a check fail."""

    everything: bool = False  # `--all`: what was there before the branch counts too
    fail_on: tuple[str, ...] = ()  # rules or families that fail whatever their severity

    def fails(self, finding: Finding) -> bool:
        if finding.existing and not self.everything:
            return False
        return finding.severity is Severity.ERROR or any(matches(wanted, finding.rule) for wanted in self.fail_on)


@dataclass(frozen=True, slots=True)
class Compared:
    """One side of the comparison."""

    ref: str  # as it was named
    commit: str  # 40 or 64 hex digits; of staged content, the id of its tree


@dataclass(frozen=True, slots=True)
class CheckReport:
    generated_at: datetime
    base: Compared
    head: Compared
    findings: tuple[Finding, ...]  # gravest first; introduced before existing
    stale: tuple[str, ...]  # services that the merge makes stale, in the order of services.toml
    services: tuple[str, ...]  # all that were judged, in the order of services.toml
    config_path: str | None = None  # repository path of services.toml; None when it lies outside
    accepted: tuple[Accepted, ...] = ()
    errors: tuple[LookError, ...] = ()  # what could not be looked at; `region` is "" where it was git
    remarks: tuple[Remark, ...] = ()
    policy: Policy = Policy()

    @property
    def failing(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if self.policy.fails(finding))

    @property
    def verdict(self) -> CheckVerdict:
        if self.failing:
            return CheckVerdict.FAIL
        return CheckVerdict.UNKNOWN if self.errors else CheckVerdict.PASS

    @property
    def exit_code(self) -> ExitCode:
        return self.verdict.exit_code

    def of(self, service: str | None) -> tuple[Finding, ...]:
        """The findings of one service; of None, those of the repository as a whole."""
        return tuple(finding for finding in self.findings if finding.service == service)
