"""Lines of a log, in the order of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deploytool.domain.logline import LogLine
from deploytool.domain.model import Kind
from deploytool.domain.report import Remark


@dataclass(frozen=True, slots=True)
class LogsReport:
    """`whole` is False when there are older lines than those that were asked for."""

    generated_at: datetime
    service: str
    kind: Kind
    regions: tuple[str, ...]
    since: datetime
    until: datetime | None
    filter: str  # what Cloud Logging was asked for
    lines: tuple[LogLine, ...]
    whole: bool
    remarks: tuple[Remark, ...] = ()
