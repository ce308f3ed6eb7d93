"""`verify` as Markdown: one table, and what is not in it."""

from __future__ import annotations

from datetime import datetime

from deploytool.domain.check import Answer
from deploytool.domain.verify_report import VerifyReport
from deploytool.render.markdown_text import code, prose, table
from deploytool.render.verify_wording import Line, lines_of, summary_of
from deploytool.render.wording import has_regions

MARKS = {Answer.PASS: "✅", Answer.FAIL: "❌", Answer.COULD_NOT_TELL: "❔"}
WARNS = "⚠️"


def verify_blocks(report: VerifyReport, _now: datetime, _verbose: bool) -> list[str]:
    regions = has_regions(one.region for one in report.checked)
    titles = ["Service", *(["Region"] if regions else []), "Check", "Answer", "What was seen"]
    rows = [_cells(line, regions) for service in report.checked for line in lines_of(service)]
    names = dict.fromkeys(one.name for one in report.unchecked)
    unchecked = f"Nothing is checked: {', '.join(code(name) for name in names)}" if names else ""
    return [f"### Verify: {prose(summary_of(report))}", table(titles, rows) if rows else "", unchecked]


def _cells(line: Line, regions: bool) -> list[str]:
    mark = WARNS if not line.required and line.answer is not Answer.PASS else MARKS[line.answer]
    return [
        code(line.service.name, cell=True),
        *([code(line.service.region, cell=True)] if regions else []),
        code(line.name, cell=True),
        f"{mark} {line.word}",
        prose(line.said, cell=True),
    ]
