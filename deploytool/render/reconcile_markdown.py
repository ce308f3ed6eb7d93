"""`reconcile` as Markdown: the numbered table, and what was mended."""

from __future__ import annotations

from datetime import datetime

from deploytool.domain.reconcile import Item
from deploytool.domain.reconcile_report import ReconcileReport
from deploytool.domain.report import Remark
from deploytool.render.markdown_items import beside
from deploytool.render.markdown_text import code, prose, table
from deploytool.render.reconcile_wording import summary_of, way_of

ITEMS = ("No.", "Service", "Region", "Rule", "Severity", "What does not agree", "What to do")


def reconcile_blocks(report: ReconcileReport, _now: datetime, _verbose: bool) -> list[str]:
    mended = [
        [code(one.item.finding.service or "", cell=True), str(one.word), prose(one.said, cell=True)]
        for one in report.mended
    ]
    items = [_row(number, item) for number, item in enumerate(report.items, 1)]
    return [
        f"### Reconcile: {prose(summary_of(report))}",
        table(("Service", "Mended", ""), mended) if mended else "",
        table(ITEMS, items) if items else "",
        beside(report.errors, (), [Remark(remark) for remark in report.remarks]),
    ]


def _row(number: int, item: Item) -> list[str]:
    finding = item.finding
    label, way = way_of(item)
    return [
        str(number),
        code(finding.service or "", cell=True),
        code(item.place.region if item.place else "", cell=True),
        finding.rule,
        str(finding.severity),
        prose(finding.message, cell=True),
        f"{code(label)} {prose(way, cell=True)}" if label == "--fix" else code(way, cell=True),
    ]
