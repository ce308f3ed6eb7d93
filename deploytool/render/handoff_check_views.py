"""What is not true of a page, for people: the rows first, each claim with its commits, the summary last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.text import Text

from deploytool.domain.claim import Claimed, Evidence
from deploytool.domain.handoff_check_report import CellTruth, HandoffCheckReport, RowTruth
from deploytool.domain.report import Contains, ServiceDrift
from deploytool.domain.spoken_time import Truth
from deploytool.render.drift_table import side_lines
from deploytool.render.markdown_text import code, prose, table
from deploytool.render.sheet import Column, Row, View, hanging, lay_out, words
from deploytool.render.wording import counted, short

MOST_ROWS, MOST_CLAIMS, MOST_COMMITS, MOST_FILES, MOST_MISSING = 50, 30, 5, 3, 50
MARKS = {
    Truth.TRUE: ("✓", "+", "green"),
    Truth.UNTRUE: ("✗", "x", "bold red"),
    Truth.UNKNOWN: ("?", "?", "bold yellow"),
}
WORDS = {Truth.TRUE: "true", Truth.UNTRUE: "not true", Truth.UNKNOWN: "could not be told"}
SERVED = {
    Contains.YES: "in what serves",
    Contains.EQUIVALENT: "in what serves, as another commit",
    Contains.NO: "not in what serves",
    Contains.UNKNOWN: "unknown whether it serves",
}


def check_lines(report: HandoffCheckReport, view: View) -> list[Text]:
    lines: list[Text] = []
    shown = shown_rows(report.rows)
    if shown:
        rows = [_row(row, view) for row in shown]
        lines += [
            *lay_out([Column("Line", right=True), Column("Service"), Column("")], "What is so", rows, view.width),
            Text(),
        ]
    lines += _more(len(report.rows) - len(shown), "more row")
    for claim in shown_claims(report.claims):
        lines += [*_claim(claim, view), Text()]
    lines += _more(len(report.claims) - len(shown_claims(report.claims)), "more claim")
    if report.missing:
        lines += [words("They serve, and the page does not name them", "bold")]
        lines += [
            line
            for one in report.missing[:MOST_MISSING]
            for line in hanging(words("  "), words(missing_said(one)), view.width)
        ]
        lines += [*_more(len(report.missing) - MOST_MISSING, "more service"), Text()]
    lines += [line for text in report.cut for line in hanging(Text(), words(text, "bold yellow"), view.width)]
    beside = side_lines(report.errors, (), report.remarks, view.width)
    lines += [*beside, Text()] if beside else []
    return lines + hanging(Text(), words(summary_of(report), "bold"), view.width)


def _more(count: int, noun: str) -> list[Text]:
    return [words(f"and {counted(count, noun)}: --format json lists them all", "dim")] if count > 0 else []


def shown_rows(rows: Sequence[RowTruth]) -> Sequence[RowTruth]:
    """All of a page for people; of a long one, what is not true comes first."""
    if len(rows) <= MOST_ROWS:
        return rows
    order = (Truth.UNTRUE, Truth.UNKNOWN, Truth.TRUE)
    return sorted(rows, key=lambda row: order.index(row.truth))[:MOST_ROWS]


def shown_claims(claims: Sequence[Claimed]) -> Sequence[Claimed]:
    order = (Truth.UNTRUE, Truth.UNKNOWN, Truth.TRUE)
    return sorted(claims, key=lambda claim: order.index(claim.truth))[:MOST_CLAIMS]


def _row(row: RowTruth, view: View) -> Row:
    symbol, plain, colour = MARKS[row.truth]
    return Row(
        cells=(
            words(str(row.line)),
            words(row.service or "?"),
            words(f"{symbol if view.symbols else plain} {WORDS[row.truth]}", colour),
        ),
        note=words("; ".join(row_notes(row))),
    )


def row_notes(row: RowTruth) -> list[str]:
    """What each wrong cell should say, and how the service stands besides."""
    notes = [cell_said(cell) for cell in row.cells if cell.truth is not Truth.TRUE]
    if not row.cells:
        notes.append("says nothing that can be judged")
    if row.drift is not None and row.drift.verdict != "current":
        notes.append(f"the service is {row.drift.verdict}: {row.drift.reason}")
    return notes


def cell_said(cell: CellTruth) -> str:
    return f"{cell.column} {cell.said}: {cell.fact}" if cell.said else f"{cell.column}: {cell.fact}"


def _claim(claim: Claimed, view: View) -> Iterator[Text]:
    symbol, plain, colour = MARKS[claim.truth]
    title = f"{symbol if view.symbols else plain} {claim_title(claim)}"
    yield from hanging(Text(), words(title, colour), view.width)
    if claim.reason:
        yield from hanging(words("  "), words(claim.reason), view.width)
    for one in claim.evidence[:MOST_COMMITS]:
        yield from hanging(words("  "), words(evidence_said(one)), view.width)
        for path, relevance in one.files[:MOST_FILES]:
            yield from hanging(
                words(f"      {relevance}  "), words(path, "" if relevance.reaches else "dim"), view.width
            )
    yield from (words(f"  {line.plain}", "dim") for line in _more(len(claim.evidence) - MOST_COMMITS, "more commit"))
    if claim.hint:
        yield from hanging(words("  hint: ", "dim"), words(claim.hint), view.width)


def claim_title(claim: Claimed) -> str:
    where = f"line {claim.line}: " if claim.line else ""
    return f"{where}{claim.said} in {claim.service}: {WORDS[claim.truth]}"


def evidence_said(one: Evidence) -> str:
    loads = "" if one.reaches else ", and nothing it runs loads what it wrote"
    return f"{short(one.sha)}  {one.subject}  ({SERVED[one.contains]}{loads})"


def missing_said(one: ServiceDrift) -> str:
    return f"{one.name}{f' in {one.region}' if one.region else ''}: {one.verdict}, {one.reason}"


def summary_of(report: HandoffCheckReport) -> str:
    counts = Counter(report.truths)
    parts = [
        f"{counts[truth]:,} {WORDS[truth]}" for truth in (Truth.UNTRUE, Truth.UNKNOWN, Truth.TRUE) if counts[truth]
    ]
    said = ", ".join(parts) or "nothing that can be judged"
    of = f"{counted(len(report.rows), 'row')}, {counted(len(report.claims), 'claim')}"
    missing = f"; {counted(len(report.missing), 'service')} not named" if report.missing else ""
    return f"{report.page}: {said} ({of}){missing}"


def check_blocks(report: HandoffCheckReport, _now: datetime, _verbose: bool) -> list[str]:
    """The same as Markdown."""
    shown, claims = shown_rows(report.rows), shown_claims(report.claims)
    rows = [
        [
            str(row.line),
            code(row.service, cell=True),
            WORDS[row.truth],
            "<br>".join(prose(note, cell=True) for note in row_notes(row)),
        ]
        for row in shown
    ]
    missing = [f"- {prose(missing_said(one))}" for one in report.missing[:MOST_MISSING]]
    return [
        f"### Handoff: {prose(summary_of(report))}",
        table(["Line", "Service", "", "What is so"], rows) if rows else "",
        *(_claim_block(claim) for claim in claims),
        "\n".join(["They serve, and the page does not name them:", "", *missing]) if missing else "",
        "\n".join(f"- **{text}**" for text in report.cut),
        "\n".join(f"- **could not look**: {prose(error.message)}" for error in report.errors),
    ]


def _claim_block(claim: Claimed) -> str:
    lines = [f"- {prose(claim_title(claim))}{f': {prose(claim.reason)}' if claim.reason else ''}"]
    for one in claim.evidence[:MOST_COMMITS]:
        lines.append(f"  - {prose(evidence_said(one))}")
        lines += [f"    - {relevance}: {code(path)}" for path, relevance in one.files[:MOST_FILES]]
    return "\n".join(lines)
