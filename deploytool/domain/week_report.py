"""How a week of releases went: each figure with its definition and with how many values stand behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from deploytool.domain.report import LookError
from deploytool.errors import ExitCode


class Unit(StrEnum):
    COUNT = "count"
    SECONDS = "seconds"
    SHARE = "share"  # of 1


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `value` is None where nothing stands behind it: no data is not zero."""

    key: str  # "lead_time_median"
    title: str
    value: float | None
    unit: Unit
    n: int  # values that it was made of
    definition: str
    note: str = ""  # what was left out, and why


@dataclass(frozen=True, slots=True)
class StaleTime:
    """How long a service served something older than it should, within the window; None when nobody can tell."""

    service: str
    region: str
    seconds: float | None
    periods: int
    open: bool = False  # the last period has not ended
    at_least: bool = False  # an older commit may have waited too
    note: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """Releases that ended on one day, in UTC, by how they ended."""

    day: date
    endings: Mapping[str, int]


STALE_DEFINITION = (
    "From the time of the first commit that reaches the service and is not deployed to the moment when the release "
    "that has it gets all traffic, or to the end of the window; periods that overlap count once."
)


@dataclass(frozen=True, slots=True)
class WeekReport:
    generated_at: datetime
    since: datetime
    until: datetime
    figures: tuple[Figure, ...]
    stale: tuple[StaleTime, ...]
    days: tuple[Day, ...]
    errors: tuple[LookError, ...] = field(default=())

    @property
    def exit_code(self) -> ExitCode:
        """Figures find nothing: 0, or 3 when something could not be looked at."""
        return ExitCode.UNDETERMINED if self.errors else ExitCode.CLEAN
