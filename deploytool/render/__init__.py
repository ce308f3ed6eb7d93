"""What you see: one report, many readers. A reader is loaded only when its format is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, assert_never

if TYPE_CHECKING:
    from deploytool.domain.check_report import CheckReport
    from deploytool.domain.ledger_report import LedgerReport
    from deploytool.domain.report import DriftReport, StatusReport
    from deploytool.domain.validate_report import ValidateReport
    from deploytool.domain.verify_report import VerifyReport
    from deploytool.domain.week_report import WeekReport


class Report(Protocol):
    """What a command found: a frozen value of the domain."""

    @property
    def generated_at(self) -> datetime: ...


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"
    GITLAB = "gitlab"
    HTML = "html"


PLAIN = (Format.TABLE, Format.JSON, Format.MARKDOWN)  # what every answer can be written as
SHOWN = (*PLAIN, Format.GITHUB, Format.HTML)  # of a report that finds nothing: no findings, no annotations
CHECKED = (*PLAIN, Format.GITHUB, Format.JUNIT, Format.HTML)  # of checks that were run: they stand at no line of a file
READERS = {
    "drift": tuple(Format),
    "check": tuple(Format),
    "verify": CHECKED,
    "status": SHOWN,
    "releases": SHOWN,
    "handoff": (Format.MARKDOWN, Format.JSON),
    "report": (*PLAIN, Format.HTML),
    "validate": (*PLAIN, Format.HTML),
}


def formats_of(command: str) -> tuple[Format, ...]:
    """What the answer of this command can be written as."""
    return READERS.get(command, PLAIN)


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
    """The report as text ending in a newline, in which only annotations are obeyed by who keeps the log.

    `width` in columns, None for as wide as needed; `symbols` False keeps our own words to ASCII;
    `fleet` is the document that `status` carries as JSON. Raises TypeError for a format that has no reader of it.
    """
    from deploytool.render.obeyed import disarmed, disarmed_json, disarmed_markup

    match format:
        case Format.TABLE:
            from deploytool.render.sheet import View
            from deploytool.render.table import table

            return disarmed(table(report, View(now, verbose, width, colour, symbols)))
        case Format.JSON:
            from deploytool.render.json import document

            return disarmed_json(document(report, fleet=fleet))
        case Format.MARKDOWN:
            from deploytool.render.markdown import markdown

            return disarmed(markdown(report, now=now, verbose=verbose))
        case Format.GITHUB:
            from deploytool.render.github import github

            return github(report)
        case Format.SARIF:
            from deploytool.render.sarif import sarif

            return disarmed_json(sarif(_found(report)))
        case Format.JUNIT:
            from deploytool.render.junit import junit

            return disarmed_markup(junit(_tested(report)))
        case Format.GITLAB:
            from deploytool.render.gitlab import gitlab

            return disarmed_json(gitlab(_found(report)))
        case Format.HTML:
            from deploytool.render.html import html

            return disarmed_markup(html(_page(report), now=now))
        case _:
            assert_never(format)


def _found(report: Report) -> CheckReport | DriftReport:
    """A report that finds something."""
    from deploytool.domain.check_report import CheckReport
    from deploytool.domain.report import DriftReport

    if isinstance(report, CheckReport | DriftReport):
        return report
    raise TypeError(f"a {type(report).__name__} has no findings")


def _tested(report: Report) -> CheckReport | DriftReport | VerifyReport:
    """A report of which each part is well or is not."""
    from deploytool.domain.verify_report import VerifyReport

    return report if isinstance(report, VerifyReport) else _found(report)


def _page(
    report: Report,
) -> CheckReport | DriftReport | StatusReport | LedgerReport | VerifyReport | ValidateReport | WeekReport:
    """A report that is shown as a page of its own."""
    from deploytool.domain.check_report import CheckReport
    from deploytool.domain.ledger_report import LedgerReport
    from deploytool.domain.report import DriftReport, StatusReport
    from deploytool.domain.validate_report import ValidateReport
    from deploytool.domain.verify_report import VerifyReport
    from deploytool.domain.week_report import WeekReport

    shown = (CheckReport, DriftReport, StatusReport, LedgerReport, VerifyReport, ValidateReport, WeekReport)
    if isinstance(report, shown):
        return report
    raise TypeError(f"a {type(report).__name__} is no page")
