"""The report as GitHub-flavoured Markdown, in which text that other people wrote does nothing but stand there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from deploytool.domain.report import (
    DriftReport,
    ServiceDrift,
    StatusReport,
    StatusRow,
    WhereAnswer,
    WhereReport,
    WhereRow,
)
from deploytool.render.age import age, clock_time
from deploytool.render.markdown_items import beside, history_items
from deploytool.render.markdown_room import joined
from deploytool.render.markdown_text import MARKS, code, prose, table
from deploytool.render.wording import (
    containing_of,
    has_regions,
    revision_of,
    serves_of,
    short,
    standing_of,
    summary_of,
    where_summary_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploytool.render import Report


def markdown(report: Report, *, now: datetime, verbose: bool) -> str:
    from deploytool.domain.check_report import CheckReport

    if isinstance(report, CheckReport):
        from deploytool.render.check_markdown import comment

        return comment(report, verbose)
    return joined(markdown_blocks(report, now=now, verbose=verbose))


def markdown_blocks(report: Report, *, now: datetime, verbose: bool) -> Sequence[str]:
    """Headings, paragraphs, tables and lists; nothing of a block reaches into another, but a part that is folded."""
    match report:
        case DriftReport():
            return _drift(report, now, verbose)
        case StatusReport():
            return _status(report, now)
        case WhereReport():
            return _where(report, now)
        case _:
            from deploytool.render.rooms import blocks_of

            return blocks_of(report, now, verbose)


def _drift(report: DriftReport, now: datetime, verbose: bool) -> list[str]:
    regions = has_regions(service.region for service in report.services)
    titles = ["Service", *(["Region"] if regions else []), "Verdict", "Serves", "Why"]
    rows = [
        [
            code(service.name, cell=True),
            *([code(service.region, cell=True)] if regions else []),
            f"{MARKS[service.verdict]} {service.verdict}",
            ", ".join(f"{code(commit, cell=True)} {share}" for commit, share in serves_of(service)) or "nothing",
            prose(service.reason, cell=True),
        ]
        for service in report.services
    ]
    details = [_detail(service, now) for service in report.services] if verbose else []
    return [
        f"### Drift: {prose(summary_of(report))}",
        table(titles, rows) if rows else "",
        *details,
        beside(report.errors, report.unmanaged, report.remarks),
    ]


def _detail(service: ServiceDrift, now: datetime) -> str:
    lines = [f"- conflict: {prose(conflict)}" for conflict in service.conflicts]
    lines += [f"- hint: {code(service.hint)}"] if service.hint else []
    lines += history_items(service, now)
    if not lines:
        return ""
    region = f" in {code(service.region)}" if service.region else ""
    return "\n".join([f"#### {code(service.name)}{region}: {service.verdict}", "", *lines])


def _status(report: StatusReport, now: datetime) -> list[str]:
    titles = ["Service", "Region", "Revision", "Commit", "Traffic", "Deployed", "Commit known by"]
    rows = [_status_row(row, now) for row in report.rows]
    return ["### What serves", table(titles, rows) if rows else "", beside(report.errors, report.unmanaged, ())]


def _status_row(row: StatusRow, now: datetime) -> list[str]:
    serving = row.row
    deployed_at = serving.deployed_at if serving else None
    deployed = f"{clock_time(deployed_at)} ({age(deployed_at, now)})" if deployed_at else ""
    return [
        code(row.service, cell=True),
        code(row.region, cell=True),
        code(revision_of(row.service, serving), cell=True) if serving else "none",
        code(short(serving.commit), cell=True) if serving else "",
        f"{serving.percent}%" if serving else "",
        deployed,
        prose(standing_of(row), cell=True),
    ]


def _where(report: WhereReport, now: datetime) -> list[str]:
    if not report.answers:
        nothing = f"No commit matches the {prose(report.asked_as)} {code(report.question)}."
        return ["### Where", nothing, beside(report.errors, (), ())]
    return [block for answer in report.answers for block in _answer(answer, now)] + [beside(report.errors, (), ())]


def _answer(answer: WhereAnswer, now: datetime) -> list[str]:
    parts = [code(short(answer.sha)), age(answer.committed_at, now), code(answer.author), code(answer.subject)]
    titles = ["Service", "Region", "Serves it", "Traffic", "Since", ""]
    rows = [_where_row(row, now) for row in answer.rows]
    return [
        f"### Where: {' '.join(part for part in parts if part)}",
        table(titles, rows) if rows else "",
        where_summary_of(answer),
    ]


def _where_row(row: WhereRow, now: datetime) -> list[str]:
    return [
        code(row.service, cell=True),
        code(row.region, cell=True),
        str(row.contains),
        "" if row.contains == "unknown" else f"{row.percent}%",
        f"{clock_time(row.since)} ({age(row.since, now)})" if row.since else "",
        prose(containing_of(row), cell=True),
    ]
