"""`logs` for people and for machines: one line per entry; an entry of several lines goes on beneath, indented."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.text import Text

from deploytool.domain.logline import LEVELS, LogLine
from deploytool.domain.logs_report import LogsReport
from deploytool.render.age import clock_time, stamp
from deploytool.render.shapes import Shape, moment_shape, remark_shapes
from deploytool.render.sheet import View, hanging, joined, words
from deploytool.render.wording import counted, has_regions

NARROW = 110  # columns below which a line's date does without its year
INDENT = 4
STYLES = {"DEBUG": "dim", "WARNING": "yellow"}


def logs_lines(report: LogsReport, view: View) -> list[Text]:
    lines = entry_lines(report.lines, report, view)
    beneath = [Text()] if lines else []
    for remark in report.remarks:
        beneath += hanging(Text(), words(" ".join((remark.message, remark.hint)).rstrip(), "dim"), view.width)
    return lines + beneath + hanging(Text(), words(summary_of(report), "bold"), view.width)


def entry_lines(lines: Sequence[LogLine], report: LogsReport, view: View) -> list[Text]:
    """Also for lines that come later; the columns are the same."""
    wide = max([9, *(len(line.severity) for line in report.lines)])
    regions = has_regions(report.regions)
    return [text for line in lines for text in _entry(line, report.service, wide, regions, view)]


def _entry(line: LogLine, service: str, wide: int, regions: bool, view: View) -> list[Text]:
    first, *more = line.text.splitlines() or ["(no text)"]
    head = [words(_time(line.at, view.width), "dim"), words(f"{line.severity:<{wide}}", _style(line.severity))]
    head += [words(line.region, "dim")] if regions else []
    revision = line.revision.removeprefix(f"{service}-")
    head += [words(revision, "cyan")] if revision else []
    prefix = joined(*(part for cell in head for part in (cell, "  ")))
    under = words(" " * INDENT)
    below = [text for one in more for text in hanging(under, words(one), view.width)]
    return [*hanging(prefix, words(first), view.width, under), *below]


def _time(at: datetime, width: int | None) -> str:
    at = at.astimezone(UTC)
    date = "%Y-%m-%d" if width is None or width >= NARROW else "%m-%d"
    return f"{at.strftime(f'{date} %H:%M:%S')}.{at.microsecond // 1000:03}Z"


def _style(severity: str) -> str:
    return "bold red" if LEVELS[severity] >= LEVELS["ERROR"] else STYLES.get(severity, "")


def summary_of(report: LogsReport) -> str:
    where = f"{report.service} in {' and '.join(sorted(report.regions))}"
    end = f" before {clock_time(report.until)}" if report.until is not None else ""
    since = f"since {clock_time(report.since)}{end}"
    if not report.lines:
        return f"No lines of {where} {since}"
    if report.whole:
        return f"{counted(len(report.lines), 'line')} of {where} {since}"
    return f"The newest {counted(len(report.lines), 'line')} of {where} {since}; there are more: --limit"


def logs_shape(report: LogsReport) -> Shape:
    return {
        "schema": "deploytool/logs/1",
        "generated_at": stamp(report.generated_at),
        "service": report.service,
        "kind": report.kind,
        "regions": report.regions,
        "since": stamp(report.since),
        "until": moment_shape(report.until),
        "filter": report.filter,
        "complete": report.whole,
        "lines": [entry_shape(line) for line in report.lines],
        "remarks": remark_shapes(report.remarks),
    }


def entry_shape(line: LogLine) -> Shape:
    return {
        "timestamp": line.stamp,
        "severity": line.severity,
        "service": line.service,
        "region": line.region,
        "revision": line.revision or None,
        "log": line.log,
        "text": line.text,
        "insert_id": line.insert_id,
        "trace": line.trace or None,
    }
