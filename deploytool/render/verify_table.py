"""`verify` as a table: a line for each check, the verdict last, where the eye ends up."""

from __future__ import annotations

from rich.text import Text

from deploytool.domain.check import Answer
from deploytool.domain.verify_report import VerifyReport, VerifyVerdict
from deploytool.render.sheet import Column, Row, View, hanging, lay_out, words
from deploytool.render.verify_wording import Line, lines_of, summary_of, took, unchecked_of
from deploytool.render.wording import has_regions

# Answer: symbol, the same without Unicode, colour. The word always stands beside them.
MARKS = {
    Answer.PASS: ("✓", "+", "green"),
    Answer.FAIL: ("✗", "x", "bold red"),
    Answer.COULD_NOT_TELL: ("?", "?", "bold yellow"),
}
WARNS = ("!", "!", "bold yellow")
COLOURS = {
    VerifyVerdict.PASS: "bold green",
    VerifyVerdict.FAIL: "bold red",
    VerifyVerdict.UNKNOWN: "bold yellow",
}


def verify_lines(report: VerifyReport, view: View) -> list[Text]:
    regions = has_regions(one.region for one in report.checked)
    columns = [
        Column("Service"),
        *([Column("Region")] if regions else []),
        Column("Check"),
        Column("Answer"),
        *([Column("Took", right=True)] if view.verbose else []),
    ]
    rows = [
        _row(line, view, regions, first=number == 0)
        for service in report.checked
        for number, line in enumerate(lines_of(service))
    ]
    lines = [*lay_out(columns, "What was seen", rows, view.width), Text()] if rows else []
    if beside := unchecked_of(report):
        lines += hanging(Text(), words(beside, "dim"), view.width)
    return lines + hanging(Text(), words(summary_of(report), COLOURS[report.verdict]), view.width)


def _row(line: Line, view: View, regions: bool, *, first: bool) -> Row:
    """The service is named once, at its first check."""
    warns = not line.required and line.answer is not Answer.PASS
    symbol, plain, colour = WARNS if warns else MARKS[line.answer]
    service = line.service
    return Row(
        cells=(
            words(service.name if first else "", "bold"),
            *([words(service.region if first else "")] if regions else []),
            words(line.name),
            words(f"{symbol if view.symbols else plain} {line.word}", colour),
            *([words(took(line.seconds), "dim")] if view.verbose else []),
        ),
        note=words(line.said),
    )
