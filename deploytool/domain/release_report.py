"""What `deploy` and `rollback` say: the plans before anything is done, and how each release ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from deploytool.domain.model import Place, TrafficTarget
from deploytool.domain.plan import Plan
from deploytool.domain.preflight import CheckLine
from deploytool.domain.release import Kind, Outcome
from deploytool.errors import ExitCode

# Of several endings the worst counts, in this order.
WORST_FIRST = (
    ExitCode.BUG,
    ExitCode.NEEDS_HUMAN,
    ExitCode.FAILED_SAFE,
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
    ExitCode.USAGE,
    ExitCode.LOCKED,
    ExitCode.FINDINGS,
    ExitCode.UNDETERMINED,
    ExitCode.CLEAN,
)


@dataclass(frozen=True, slots=True)
class PlanReport:
    """Each plan with its preflight lines, by place."""

    generated_at: datetime
    plans: tuple[Plan, ...]
    lines: Mapping[Place, tuple[CheckLine, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One release and how it ended for now. `id` is "" for one that was refused before it began."""

    id: str
    place: Place
    kind: Kind
    commit: str
    revision: str
    outcome: Outcome | None  # None: refused, waiting at its candidate, or without an end
    reason: str
    exit_code: ExitCode
    next_command: str = ""
    before: tuple[TrafficTarget, ...] = ()
    after: tuple[TrafficTarget, ...] = ()  # what serves now; () when nothing does or nobody can tell
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ReleaseReport:
    """No rows: there was nothing to release."""

    generated_at: datetime
    rows: tuple[ReleaseRow, ...]

    @property
    def exit_code(self) -> ExitCode:
        return worst(row.exit_code for row in self.rows)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Of several the one that counts; CLEAN of none."""
    return min(codes, key=WORST_FIRST.index, default=ExitCode.CLEAN)
