"""`errors` as Markdown, in which what a program logged does nothing but stand there."""

from __future__ import annotations

from datetime import datetime

from deploytool.domain.error_groups import ErrorGroup, State
from deploytool.domain.errors_report import ErrorsReport, ServiceErrors
from deploytool.render.age import clock_time
from deploytool.render.errors_wording import MOST_GROUPS, doubts_of, summary_of, window_of
from deploytool.render.markdown_text import code, prose, table
from deploytool.render.wording import counted

TITLES = ("State", "Count", "Before", "First seen", "Last seen", "Error", "Example")
ROOM = 200  # characters of an example in a cell


def errors_blocks(report: ErrorsReport, now: datetime, _verbose: bool) -> list[str]:
    loud = [service for service in report.services if service.groups or doubts_of(service)]
    calm = [f"{code(service.name)} in {code(service.region)}" for service in report.services if service not in loud]
    blocks = [f"## Errors\n\n**{prose(summary_of(report))}**"]
    blocks += [block for service in loud for block in _service(service, now)]
    blocks += [f"No errors: {', '.join(calm)}"] if calm else []
    return blocks + [prose(" ".join((remark.message, remark.hint)).rstrip()) for remark in report.remarks]


def _service(service: ServiceErrors, now: datetime) -> list[str]:
    blocks = [f"### {code(service.name)} in {code(service.region)}"]
    window = window_of(service, now)
    blocks += [prose(window)] if window else []
    blocks += [f"- {prose(doubt)}" for doubt in doubts_of(service)]
    shown = service.groups[:MOST_GROUPS]
    blocks += [table(TITLES, [_row(group) for group in shown])] if shown else []
    left = len(service.groups) - len(shown)
    return blocks + ([f"and {counted(left, 'more kind')}"] if left else [])


def _row(group: ErrorGroup) -> list[str]:
    state = f"**{group.state}**" if group.state in (State.NEW, State.UNKNOWN) else str(group.state)
    return [
        state,
        f"{group.count + group.aside:,}",
        f"{group.before:,}",
        clock_time(group.first_seen),
        clock_time(group.last_seen),
        code(group.signature, cell=True),
        code(_end_of(group.example), cell=True),
    ]


def _end_of(example: str) -> str:
    """Of a long one the end: there a traceback says what happened."""
    return example if len(example) <= ROOM else f"… {example[-ROOM:]}"
