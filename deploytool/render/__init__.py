"""What you see: one report, many readers. A reader is loaded only when its format is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, assert_never

if TYPE_CHECKING:
    from deploytool.domain.ledger_report import LedgerReport
    from deploytool.domain.lock_report import LockReport
    from deploytool.domain.proof import ProofReport
    from deploytool.domain.release_report import PlanReport, ReleaseReport
    from deploytool.domain.report import DriftReport, StatusReport, WhereReport

    Report = (
        DriftReport | StatusReport | WhereReport | ProofReport | PlanReport | ReleaseReport | LedgerReport | LockReport
    )


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


def render(
    report: Report,
    format: Format,
    *,
    now: datetime,
    verbose: bool = False,
    width: int | None = None,
    colour: bool = False,
    symbols: bool = True,
    fleet: Mapping[str, Any] | None = None,
) -> str:
    """The report as text ending in a newline.

    `width` in columns, None for as wide as needed; `symbols` False keeps our own words to ASCII;
    `fleet` is the document that `status` carries as JSON.
    """
    match format:
        case Format.TABLE:
            from deploytool.render.sheet import View
            from deploytool.render.table import table

            return table(report, View(now, verbose, width, colour, symbols))
        case Format.JSON:
            from deploytool.render.json import document

            return document(report, fleet=fleet)
        case Format.MARKDOWN:
            from deploytool.render.markdown import markdown

            return markdown(report, now=now, verbose=verbose)
        case _:
            assert_never(format)
