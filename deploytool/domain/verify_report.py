"""What `verify` says: each check against what serves now. What was not looked at is never well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deploytool.domain.check import Answer, CheckResult, Standing, worst_of
from deploytool.domain.model import Kind
from deploytool.errors import ExitCode


class VerifyVerdict(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CheckedRevision:
    name: str | None
    percent: int


@dataclass(frozen=True, slots=True)
class ServiceChecks:
    """One service in one region. `unseen` is why Cloud Run could not be asked what serves there; "" when it could."""

    name: str
    kind: Kind
    region: str
    revisions: tuple[CheckedRevision, ...]
    results: tuple[CheckResult, ...]
    unseen: str = ""

    @property
    def standing(self) -> Standing:
        found = worst_of(self.results).standing
        doubtful = self.unseen and found in (Standing.PASS, Standing.WARNING)
        return Standing.COULD_NOT_TELL if doubtful else found


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """`services` in the order of services.toml, also those for which nothing is checked."""

    generated_at: datetime
    services: tuple[ServiceChecks, ...]

    @property
    def checked(self) -> tuple[ServiceChecks, ...]:
        return tuple(one for one in self.services if one.results)

    @property
    def unchecked(self) -> tuple[ServiceChecks, ...]:
        return tuple(one for one in self.services if not one.results)

    @property
    def results(self) -> tuple[CheckResult, ...]:
        return tuple(result for one in self.services for result in one.results)

    @property
    def warnings(self) -> int:
        """Checks that did not pass and stop nothing."""
        return sum(result.answer is not Answer.PASS and not result.required for result in self.results)

    @property
    def verdict(self) -> VerifyVerdict:
        """Something that failed counts more than something that nobody could tell."""
        standings = {one.standing for one in self.checked}
        if Standing.FAIL in standings:
            return VerifyVerdict.FAIL
        if not standings or Standing.COULD_NOT_TELL in standings:
            return VerifyVerdict.UNKNOWN
        return VerifyVerdict.PASS

    @property
    def exit_code(self) -> ExitCode:
        match self.verdict:
            case VerifyVerdict.FAIL:
                return ExitCode.FINDINGS
            case VerifyVerdict.UNKNOWN:
                return ExitCode.UNDETERMINED
            case VerifyVerdict.PASS:
                return ExitCode.CLEAN


def count_of(answer: Answer, results: Iterable[CheckResult]) -> int:
    return sum(result.answer is answer for result in results)
