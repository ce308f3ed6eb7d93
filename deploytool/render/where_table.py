"""`where` as a table for each commit: which services serve it, at what share of traffic, since when."""

from __future__ import annotations

from rich.text import Text

from deploytool.domain.report import Contains, WhereAnswer, WhereReport, WhereRow
from deploytool.render.age import age, clock_time
from deploytool.render.drift_table import side_lines
from deploytool.render.sheet import Column, Row, View, hanging, joined, lay_out, words
from deploytool.render.wording import containing_of, has_regions, short, where_summary_of

MARKS = {
    Contains.YES: ("✓", "+", "green"),
    Contains.EQUIVALENT: ("✓", "+", "green"),
    Contains.NO: ("✗", "x", "bold red"),
    Contains.UNKNOWN: ("?", "?", "bold yellow"),
}


def where_lines(report: WhereReport, view: View) -> list[Text]:
    lines: list[Text] = []
    for answer in report.answers:
        lines += [*_answer_lines(answer, view), Text()]
    if not report.answers:
        lines += hanging(
            Text(), words(f"No commit matches the {report.asked_as} {report.question}.", "bold"), view.width
        )
    lines += side_lines(report.errors, (), (), view.width)
    while lines and not lines[-1].plain:
        lines.pop()
    return lines


def _answer_lines(answer: WhereAnswer, view: View) -> list[Text]:
    title = joined(
        words(f"{short(answer.sha)}  ", "cyan"),
        words(f"{age(answer.committed_at, view.now)}  ", "dim"),
        words(f"{answer.author}  "),
        words(answer.subject, "bold"),
    )
    regions = has_regions(row.region for row in answer.rows)
    columns = [
        Column("Service"),
        *([Column("Region")] if regions else []),
        Column("Serves it"),
        Column("Traffic", right=True),
        Column("Since", optional=True),
        Column("Age"),
    ]
    rows = [_row(row, regions, view) for row in answer.rows]
    summary = words(where_summary_of(answer), "bold")
    table = [Text(), *lay_out(columns, "", rows, view.width)] if rows else []
    return [*hanging(Text(), title, view.width), *table, Text(), *hanging(Text(), summary, view.width)]


def _row(row: WhereRow, regions: bool, view: View) -> Row:
    symbol, plain, colour = MARKS[row.contains]
    return Row(
        cells=(
            words(row.service),
            *([words(row.region)] if regions else []),
            words(f"{symbol if view.symbols else plain} {row.contains}", colour),
            words("" if row.contains is Contains.UNKNOWN else f"{row.percent}%"),
            words(clock_time(row.since)),
            words(age(row.since, view.now)),
        ),
        note=words(containing_of(row)),
    )
