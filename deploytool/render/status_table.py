"""`status` as a table: Service, Revision, Commit, Deployed, its share of traffic and how the commit is known."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from deploytool.domain.report import ServingState, StatusReport, StatusRow
from deploytool.render.age import age, clock_time
from deploytool.render.drift_table import side_lines
from deploytool.render.sheet import Column, Row, View, hanging, lay_out, words
from deploytool.render.wording import counted, has_regions, revision_of, short, standing_of


def status_lines(report: StatusReport, view: View) -> list[Text]:
    regions = has_regions(row.region for row in report.rows)
    columns = [
        Column("Service"),
        *([Column("Region")] if regions else []),
        Column("Revision"),
        Column("Commit"),
        Column("Traffic", right=True),
        Column("Deployed", optional=True),
        Column("Age"),
    ]
    rows = [_row(row, regions, view.now) for row in report.rows]
    lines = [*lay_out(columns, "Commit known by", rows, view.width), Text()] if rows else []
    beside = side_lines(report.errors, report.unmanaged, (), view.width)
    lines += [*beside, Text()] if beside else []
    return lines + hanging(Text(), words(summary_of(report), "bold"), view.width)


def _row(row: StatusRow, regions: bool, now: datetime) -> Row:
    serving = row.row
    return Row(
        cells=(
            words(row.service),
            *([words(row.region)] if regions else []),
            words(revision_of(row.service, serving) if serving else "none"),
            words(short(serving.commit) if serving else "", "cyan" if serving and serving.commit else "bold yellow"),
            words(f"{serving.percent}%" if serving else ""),
            words(clock_time(serving.deployed_at) if serving else ""),
            words(age(serving.deployed_at, now) if serving else ""),
        ),
        note=words(standing_of(row), "dim" if row.serving is ServingState.LATEST and not row.conflicts else ""),
    )


def summary_of(report: StatusReport) -> str:
    services = {(row.service, row.region) for row in report.rows}
    serving = {(row.service, row.region) for row in report.rows if row.row is not None}
    blind = f"; {counted(len(report.errors), 'region')} not looked at" if report.errors else ""
    return f"{len(serving):,} of {counted(len(services), 'service')} serving{blind}"
