"""`errors` as tables: for each service what is new, the same and gone, with an example of what is new."""

from __future__ import annotations

from rich.text import Text

from deploytool.domain.error_groups import ErrorGroup, State
from deploytool.domain.errors_report import ErrorsReport, ServiceErrors
from deploytool.render.age import clock_time
from deploytool.render.errors_wording import MOST_GROUPS, doubts_of, summary_of, window_of
from deploytool.render.sheet import Column, Row, View, hanging, indented, lay_out, words
from deploytool.render.wording import counted, has_regions

COLUMNS = (
    Column("Error"),
    Column("Count", right=True),
    Column("Before", right=True),
    Column("Last seen"),
    Column("First seen", optional=True),
)
STYLES = {State.NEW: "bold red", State.UNKNOWN: "bold yellow"}
SHOWN = (State.NEW, State.UNKNOWN)  # with an example
LINES = 8  # of an example; a traceback tells at its end


def errors_lines(report: ErrorsReport, view: View) -> list[Text]:
    regions = has_regions(service.region for service in report.services)
    loud = [service for service in report.services if service.groups or doubts_of(service)]
    calm = [_title(service, regions) for service in report.services if service not in loud]
    lines = [line for service in loud for line in (*_service(service, regions, view), Text())]
    if calm:
        lines += [*hanging(words("No errors: "), words(", ".join(calm)), view.width), Text()]
    for remark in report.remarks:
        lines += hanging(Text(), words(" ".join((remark.message, remark.hint)).rstrip(), "dim"), view.width)
    return lines + hanging(Text(), words(summary_of(report), "bold"), view.width)


def _title(service: ServiceErrors, regions: bool) -> str:
    return f"{service.name} ({service.region})" if regions else service.name


def _service(service: ServiceErrors, regions: bool, view: View) -> list[Text]:
    title = words(f"{_title(service, regions)}  ", "bold")
    lines = hanging(title, words(window_of(service, view.now), "dim"), view.width, words("  "))
    for doubt in doubts_of(service):
        lines += hanging(words("  "), words(doubt, "bold yellow"), view.width)
    if service.hint and service.problem:
        lines += hanging(words("  hint: "), words(service.hint), view.width)
    shown = service.groups[:MOST_GROUPS]
    if shown:
        lines += indented(lay_out(COLUMNS, "", [_row(group, view.within) for group in shown], view.within.width))
    if len(service.groups) > len(shown):
        left = counted(len(service.groups) - len(shown), "more kind")
        lines += hanging(words("  "), words(f"and {left}: --format json has all", "dim"), view.width)
    return lines


def _row(group: ErrorGroup, view: View) -> Row:
    return Row(
        cells=(
            words(group.state, STYLES.get(group.state, "dim" if group.state is State.GONE else "")),
            words(f"{group.count + group.aside:,}"),
            words(f"{group.before:,}"),
            words(clock_time(group.last_seen)),
            words(clock_time(group.first_seen)),
        ),
        note=words(group.signature),
        below=tuple(_example(group, view)) if group.state in SHOWN else (),
    )


def _example(group: ErrorGroup, view: View) -> list[Text]:
    lines = [line for line in group.example.splitlines() if line.strip()]
    left = [words(f"    … {counted(len(lines) - LINES, 'line')} before", "dim")] if len(lines) > LINES else []
    return left + [text for line in lines[-LINES:] for text in hanging(words("    "), words(line, "dim"), view.width)]
