"""The report for people at a terminal, and for pipes: columns of plain words, colour only as an extra."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploytool.domain.report import DriftReport, StatusReport, WhereReport
from deploytool.render.drift_table import drift_lines
from deploytool.render.sheet import View, painted
from deploytool.render.status_table import status_lines
from deploytool.render.where_table import where_lines

if TYPE_CHECKING:
    from deploytool.render import Report


def table(report: Report, view: View) -> str:
    match report:
        case DriftReport():
            lines = drift_lines(report, view)
        case StatusReport():
            lines = status_lines(report, view)
        case WhereReport():
            lines = where_lines(report, view)
        case _:
            from deploytool.render.rooms import lines_of

            lines = lines_of(report, view)
    return painted(lines, view.colour)
