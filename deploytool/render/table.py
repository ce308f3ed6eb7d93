"""The report for people at a terminal, and for pipes: columns of plain words, colour only as an extra."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploytool.domain.lock_report import LockReport
from deploytool.domain.report import DriftReport, StatusReport, WhereReport
from deploytool.render.drift_table import drift_lines
from deploytool.render.sheet import View, painted
from deploytool.render.status_table import status_lines
from deploytool.render.where_table import where_lines

if TYPE_CHECKING:
    from rich.text import Text

    from deploytool.domain.check_report import CheckReport
    from deploytool.domain.ledger_report import LedgerReport
    from deploytool.domain.proof import ProofReport
    from deploytool.domain.release_report import PlanReport, ReleaseReport
    from deploytool.render import Report


def table(report: Report, view: View) -> str:
    match report:
        case DriftReport():
            lines = drift_lines(report, view)
        case StatusReport():
            lines = status_lines(report, view)
        case WhereReport():
            lines = where_lines(report, view)
        case LockReport():
            from deploytool.render.lock_views import lock_lines

            lines = lock_lines(report, view)
        case _:
            lines = _seldom_lines(report, view)
    return painted(lines, view.colour)


def _seldom_lines(
    report: ProofReport | LedgerReport | PlanReport | ReleaseReport | CheckReport, view: View
) -> list[Text]:
    """Most of this room: loaded only when it is asked for."""
    from deploytool.domain.check_report import CheckReport
    from deploytool.domain.proof import ProofReport

    if isinstance(report, CheckReport):
        from deploytool.render.check_table import check_lines

        return check_lines(report, view)
    if isinstance(report, ProofReport):
        from deploytool.render.explain_table import explain_lines

        return explain_lines(report, view)
    from deploytool.render.release_table import release_lines

    return release_lines(report, view)
