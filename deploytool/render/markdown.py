"""The report as GitHub-flavoured Markdown, in which text that other people wrote does nothing but stand there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from deploytool.domain.report import (
    CommitNote,
    DriftReport,
    FileChange,
    LookError,
    Remark,
    ServiceDrift,
    StatusReport,
    StatusRow,
    Unmanaged,
    Verdict,
    WhereAnswer,
    WhereReport,
    WhereRow,
)
from deploytool.render.age import age, clock_time
from deploytool.render.text import printable
from deploytool.render.wording import (
    containing_of,
    counted,
    has_regions,
    revision_of,
    serves_of,
    short,
    standing_of,
    summary_of,
    unexplained_of,
    unmanaged_of,
    where_summary_of,
)

MARKS = {
    Verdict.CURRENT: "✅",
    Verdict.STALE: "❌",
    Verdict.MISROUTED: "🔀",
    Verdict.MISSING: "🚫",
    Verdict.UNKNOWN: "❔",
}
MOST_COMMITS = 50
MOST_FILES = 20
# Plain words: nothing in them is a mention, a reference, a link, an emoji code or Markdown.
PLAIN = re.compile(r"(?!.*(?:www\.|\bGH-\d))[A-Za-z0-9%,;()' .-]*(?::(?= |$)[A-Za-z0-9%,;()' .-]*)*", re.IGNORECASE)


def markdown(report: DriftReport | StatusReport | WhereReport, *, now: datetime, verbose: bool) -> str:
    match report:
        case DriftReport():
            blocks = _drift(report, now, verbose)
        case StatusReport():
            blocks = _status(report, now)
        case WhereReport():
            blocks = _where(report, now)
    return "\n\n".join(block for block in blocks if block) + "\n"


def code(text: str, *, cell: bool = False) -> str:
    """A code span that survives backticks, and in a table `cell` pipes too; nothing at all for empty text."""
    text = printable(text)
    if not text.strip():
        return ""
    if cell:  # readers disagree about a pipe behind a backslash, so that one is written out
        text = re.sub(r"\\\|", r"\\\\x7c", text).replace("|", r"\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str, *, cell: bool = False) -> str:
    """Our sentence as it is when it is nothing but plain words; as a code span when somebody's text is in it."""
    return text if PLAIN.fullmatch(text) else code(text, cell=cell)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """`rows` hold finished Markdown: `code`, `prose` or our own words."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


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
        _table(titles, rows) if rows else "",
        *details,
        _beside(report.errors, report.unmanaged, report.remarks),
    ]


def _detail(service: ServiceDrift, now: datetime) -> str:
    lines = [f"- conflict: {prose(conflict)}" for conflict in service.conflicts]
    lines += [f"- hint: {code(service.hint)}"] if service.hint else []
    for commit in service.commits[:MOST_COMMITS]:
        lines += [_commit(commit, now), *(f"  {line}" for line in _files(commit.files))]
    if len(service.commits) > MOST_COMMITS:
        lines.append(f"- and {counted(len(service.commits) - MOST_COMMITS, 'more commit')}")
    why, files = unexplained_of(service)
    if files:
        lines += [f"- {why}:", *(f"  {line}" for line in _files(files))]
    if not lines:
        return ""
    region = f" in {code(service.region)}" if service.region else ""
    return "\n".join([f"#### {code(service.name)}{region}: {service.verdict}", "", *lines])


def _commit(commit: CommitNote, now: datetime) -> str:
    parts = [code(short(commit.sha)), age(commit.committed_at, now), code(commit.author), code(commit.subject)]
    return f"- {' '.join(part for part in parts if part)}"


def _files(files: Sequence[FileChange]) -> list[str]:
    lines = []
    for file in files[:MOST_FILES]:
        chain = f" from {' → '.join(code(path) for path in file.chain[:-1])}" if len(file.chain) > 1 else ""
        lines.append(f"- {file.relevance}: {code(file.path)}{chain}")
    if len(files) > MOST_FILES:
        lines.append(f"- and {counted(len(files) - MOST_FILES, 'more file')}")
    return lines


def _beside(errors: Sequence[LookError], unmanaged: Sequence[Unmanaged], remarks: Sequence[Remark]) -> str:
    lines = []
    for error in errors:
        where = f" at {code(error.region)}" if error.region else ""
        lines.append(f"- **could not look**{where}: {prose(error.message)}")
    if unmanaged:
        lines.append(f"- {prose(unmanaged_of(unmanaged))}")
    for remark in remarks:
        hint = f" (hint: {code(remark.hint)})" if remark.hint else ""
        lines.append(f"- remark: {prose(remark.message)}{hint}")
    return "\n".join(lines)


def _status(report: StatusReport, now: datetime) -> list[str]:
    titles = ["Service", "Region", "Revision", "Commit", "Traffic", "Deployed", "Commit known by"]
    rows = [_status_row(row, now) for row in report.rows]
    return ["### What serves", _table(titles, rows) if rows else "", _beside(report.errors, report.unmanaged, ())]


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
        return ["### Where", nothing, _beside(report.errors, (), ())]
    return [block for answer in report.answers for block in _answer(answer, now)] + [_beside(report.errors, (), ())]


def _answer(answer: WhereAnswer, now: datetime) -> list[str]:
    parts = [code(short(answer.sha)), age(answer.committed_at, now), code(answer.author), code(answer.subject)]
    titles = ["Service", "Region", "Serves it", "Traffic", "Since", ""]
    rows = [_where_row(row, now) for row in answer.rows]
    return [
        f"### Where: {' '.join(part for part in parts if part)}",
        _table(titles, rows) if rows else "",
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
