"""What services complain of since their deploy, compared with the revision that served before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from deploytool.domain.error_groups import WHOLE, ErrorGroup, Reading, State
from deploytool.domain.model import Kind
from deploytool.domain.report import Remark
from deploytool.errors import ExitCode


@dataclass(frozen=True, slots=True)
class Compared:
    """With what the errors were compared; `revision` is None for a job, and where nothing served before."""

    revision: str | None
    since: datetime | None
    until: datetime | None
    how: str  # in words, for people


@dataclass(frozen=True, slots=True)
class ServiceErrors:
    """One service in one region. With a `problem` nothing is known of it, or not all."""

    name: str
    kind: Kind
    region: str
    revision: str | None  # the newest one that serves; None for a job
    deployed_at: datetime | None
    since: datetime | None
    compared: Compared | None
    now: Reading = WHOLE
    before: Reading = WHOLE
    groups: tuple[ErrorGroup, ...] = ()
    lines: int = 0  # errors read since then, of all revisions
    problem: str = ""
    hint: str = ""

    @property
    def counts(self) -> Mapping[State, int]:
        found = Counter(group.state for group in self.groups)
        return {state: found[state] for state in State}

    @property
    def incomparable(self) -> bool:
        """Is there an error of which it cannot be told whether it is new?"""
        return any(group.state is State.UNKNOWN and group.count for group in self.groups)

    @property
    def undetermined(self) -> bool:
        """Could there be a new error that was not seen, or not told from an old one?"""
        return bool(self.problem) or not self.now.whole or self.incomparable


@dataclass(frozen=True, slots=True)
class ErrorsReport:
    generated_at: datetime
    severity: str
    asked_since: str  # as it was asked for: "deploy", "24h"
    services: tuple[ServiceErrors, ...]
    remarks: tuple[Remark, ...] = ()

    @property
    def counts(self) -> Mapping[State, int]:
        return {state: sum(service.counts[state] for service in self.services) for state in State}

    @property
    def verdict(self) -> str:
        """`fail` for a new error, else `unknown` for what could not be told, else `pass`."""
        if self.counts[State.NEW]:
            return "fail"
        return "unknown" if any(service.undetermined for service in self.services) else "pass"

    @property
    def exit_code(self) -> ExitCode:
        codes = {"fail": ExitCode.FINDINGS, "unknown": ExitCode.UNDETERMINED, "pass": ExitCode.CLEAN}
        return codes[self.verdict]
