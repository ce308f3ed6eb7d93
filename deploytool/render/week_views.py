"""The figures of a week for people and machines; each with its definition and with how many values it has."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from deploytool.domain.week_report import STALE_DEFINITION, Day, Figure, StaleTime, Unit, WeekReport
from deploytool.render.age import clock_time, stamp
from deploytool.render.drift_table import side_lines
from deploytool.render.lock_views import length
from deploytool.render.markdown_text import code, prose, table
from deploytool.render.shapes import Shape, error_shapes
from deploytool.render.sheet import Column, Row, View, hanging, lay_out, words
from deploytool.render.wording import counted, has_regions

NO_DATA = "no data"


def value_of(figure: Figure) -> str:
    """`3`, `2h 5m`, `12.5%`; "no data" where nothing stands behind it."""
    if figure.value is None:
        return NO_DATA
    match figure.unit:
        case Unit.COUNT:
            return f"{figure.value:,.0f}"
        case Unit.SHARE:
            return f"{figure.value:.1%}"
    return length(figure.value)


def stale_of(row: StaleTime) -> str:
    if row.seconds is None:
        return NO_DATA
    said = f"{'at least ' if row.at_least else ''}{length(row.seconds)}" if row.periods else "none"
    return f"{said}, and still" if row.open else said


def window_of(report: WeekReport) -> str:
    return f"{clock_time(report.since)} to {clock_time(report.until)}"


def headline_of(report: WeekReport) -> str:
    """`3 releases ended from … to …`."""
    ended = sum(sum(day.endings.values()) for day in report.days)
    return f"{counted(ended, 'release')} ended from {window_of(report)}"


def week_lines(report: WeekReport, view: View) -> list[Text]:
    columns = [Column("Figure"), Column("Value", right=True), Column("n", right=True)]
    rows = [
        Row((words(one.title), words(value_of(one)), words(f"{one.n:,}")), words(_defined(one)))
        for one in report.figures
    ]
    lines = [*lay_out(columns, "Definition", rows, view.width), Text()]
    if report.stale:
        lines += [words("Time stale", "bold"), *hanging(Text(), words(STALE_DEFINITION, "dim"), view.width)]
        lines += [*_stale_lines(report, view), Text()]
    lines += side_lines(report.errors, (), (), view.width)
    return lines + hanging(Text(), words(headline_of(report), "bold"), view.width)


def _stale_lines(report: WeekReport, view: View) -> list[Text]:
    regions = has_regions(row.region for row in report.stale)
    columns = [Column("Service"), *([Column("Region")] if regions else [])]
    columns += [Column("Stale", right=True), Column("n", right=True)]
    rows = [
        Row(
            (
                words(row.service),
                *([words(row.region)] if regions else []),
                words(stale_of(row)),
                words(f"{row.periods:,}"),
            ),
            words(row.note),
        )
        for row in report.stale
    ]
    return lay_out(columns, "", rows, view.width)


def _defined(figure: Figure) -> str:
    return f"{figure.definition} ({figure.note})" if figure.note else figure.definition


def week_blocks(report: WeekReport, _now: datetime, _verbose: bool) -> list[str]:
    figures = [
        [prose(one.title.strip(), cell=True), value_of(one), f"{one.n:,}", prose(_defined(one), cell=True)]
        for one in report.figures
    ]
    stale = [
        [
            code(row.service, cell=True),
            code(row.region, cell=True),
            stale_of(row),
            f"{row.periods:,}",
            prose(row.note, cell=True),
        ]
        for row in report.stale
    ]
    return [
        f"### Releases: {headline_of(report)}",
        table(["Figure", "Value", "n", "Definition"], figures),
        *(["#### Time stale", STALE_DEFINITION] if stale else []),
        table(["Service", "Region", "Stale", "n", ""], stale) if stale else "",
        "\n".join(f"- **could not look**: {prose(error.message)}" for error in report.errors),
    ]


def week_shape(report: WeekReport) -> Shape:
    return {
        "schema": "deploytool/report/1",
        "generated_at": stamp(report.generated_at),
        "since": stamp(report.since),
        "until": stamp(report.until),
        "figures": [_figure(one) for one in report.figures],
        "stale": {"definition": STALE_DEFINITION, "services": [_stale(row) for row in report.stale]},
        "days": [_day(day) for day in report.days],
        "errors": error_shapes(report.errors),
    }


def _figure(one: Figure) -> Shape:
    return {
        "key": one.key,
        "title": one.title.strip(),
        "value": None if one.value is None else round(one.value, 4),
        "unit": one.unit,
        "n": one.n,
        "definition": one.definition,
        "note": one.note,
    }


def _stale(row: StaleTime) -> Shape:
    return {
        "name": row.service,
        "region": row.region,
        "seconds": None if row.seconds is None else round(row.seconds, 3),
        "periods": row.periods,
        "open": row.open,
        "at_least": row.at_least,
        "note": row.note,
    }


def _day(day: Day) -> Shape:
    return {"day": day.day.isoformat(), "endings": dict(day.endings)}
