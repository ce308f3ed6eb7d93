"""`reconcile` on a terminal: what was mended, then what does not agree, numbered, each with the way out."""

from __future__ import annotations

from rich.text import Text

from deploytool.domain.finding import Severity
from deploytool.domain.reconcile import Item
from deploytool.domain.reconcile_report import Mended, ReconcileReport, Word
from deploytool.domain.report import Remark
from deploytool.render.drift_table import side_lines
from deploytool.render.reconcile_wording import summary_of, way_of
from deploytool.render.sheet import Column, Row, View, hanging, indented, lay_out, words
from deploytool.render.wording import has_regions

COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: ""}
MENDED = {Word.DONE: "green", Word.LEFT: "yellow"}


def reconcile_lines(report: ReconcileReport, view: View) -> list[Text]:
    lines: list[Text] = []
    if report.mended:
        columns = [Column("Service"), Column("Mended")]
        lines += [*lay_out(columns, "", [_mended(one) for one in report.mended], view.width), Text()]
    if report.items:
        regions = has_regions(item.place.region for item in report.items if item.place)
        columns = [Column("#", right=True), Column("Service"), *([Column("Region")] if regions else []), Column("Rule"),
                   Column("Severity")]  # fmt: skip
        rows = [_row(number, item, regions, view) for number, item in enumerate(report.items, 1)]
        lines += [*lay_out(columns, "What does not agree", rows, view.width), Text()]
    lines += side_lines(report.errors, (), [Remark(remark) for remark in report.remarks], view.width)
    return lines + hanging(Text(), words(f"{summary_of(report)}.", "bold"), view.width)


def _row(number: int, item: Item, regions: bool, view: View) -> Row:
    finding = item.finding
    label, way = way_of(item)
    return Row(
        cells=(
            words(str(number)),
            words(finding.service or ""),
            *([words(item.place.region if item.place else "")] if regions else []),
            words(finding.rule, "dim"),
            words(finding.severity, COLOURS[finding.severity]),
        ),
        note=words(finding.message),
        below=tuple(indented(hanging(words(f"  {label}: ", "dim"), words(way), view.within.width))),
    )


def _mended(one: Mended) -> Row:
    return Row(
        cells=(words(one.item.finding.service or ""), words(one.word, MENDED.get(one.word, "bold red"))),
        note=words(one.said),
    )
