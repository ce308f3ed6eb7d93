"""The daily check for people and for machines: numbered sections, each with its verdict in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.text import Text

from deploytool.domain.check_report import CheckVerdict
from deploytool.domain.finding import Finding
from deploytool.domain.validate_report import TITLES, Section, TargetRow, ValidateReport
from deploytool.render.age import stamp
from deploytool.render.check_json import finding_shape
from deploytool.render.check_table import COLOURS, MARKS
from deploytool.render.shapes import Shape
from deploytool.render.sheet import View, hanging, joined, words
from deploytool.render.wording import counted

WORDS = {CheckVerdict.PASS: "pass", CheckVerdict.FAIL: "fail", CheckVerdict.UNKNOWN: "could not tell"}
MET = {True: "met", False: "missed", None: "could not tell"}
MOST = 20  # findings of one section; --verbose and --format json have all


def validate_lines(report: ValidateReport, view: View) -> list[Text]:
    lines: list[Text] = []
    for number, section in enumerate(report.sections, 1):
        lines += _section(number, section, view)
    if report.targets:
        lines += [Text(), words("Targets", "bold"), *(_target(row) for row in report.targets)]
    return [*lines, Text(), *hanging(Text(), words(summary_of(report), COLOURS[report.verdict]), view.width)]


def _section(number: int, section: Section, view: View) -> Iterator[Text]:
    verdict = section.verdict
    head = joined(
        words(f"{number:>2}  "),
        words(f"{_loud(WORDS[verdict]):<15}", COLOURS[verdict]),
        words(f"{section.phase:<10}"),
    )
    took = f" ({section.seconds:.1f} s)" if view.verbose else ""
    yield from hanging(head, words(f"{TITLES[section.phase]}: {section.said}{took}"), view.width)
    shown = section.findings if view.verbose else section.findings[:MOST]
    for finding in shown:
        yield from _finding(finding, view)
    if len(shown) < len(section.findings):
        yield words(f"      and {counted(len(section.findings) - len(shown), 'more finding')}: --verbose")
    for why in section.unsure:
        yield from hanging(words("      ? "), words(why, "yellow"), view.width)


def _finding(finding: Finding, view: View) -> Iterator[Text]:
    symbol, plain, style = MARKS[finding.severity]
    mark = symbol if view.symbols else plain
    yield from hanging(joined(words("      "), words(f"{mark} ", style)), words(finding.message), view.width)
    if finding.hint:
        yield from hanging(words("        hint: "), words(finding.hint), view.width)


def _target(row: TargetRow) -> Text:
    met = _loud(MET[row.met])
    value = "?" if row.value is None else f"{row.value:g}"
    return words(f"  {met:<15}{row.metric}: {value}, target {row.target:g}  ({row.check}) {row.said}".rstrip())


def _loud(word: str) -> str:
    """In a list without symbols, what is bad must not be read over."""
    return word.upper() if word in ("fail", "missed") else word


def summary_of(report: ValidateReport) -> str:
    """`2 of 9 fail, 1 could not be told`."""
    verdicts = [section.verdict for section in report.sections]
    if not verdicts:
        return "unknown: nothing was looked at"
    failed, unsure = verdicts.count(CheckVerdict.FAIL), verdicts.count(CheckVerdict.UNKNOWN)
    missed = sum(row.met is False for row in report.targets)
    parts = [f"{failed} of {len(verdicts)} fail" if failed else "", f"{unsure} could not be told" if unsure else ""]
    parts += [f"{counted(missed, 'target')} missed" if missed else ""]
    said = ", ".join(filter(None, parts)) or f"all {len(verdicts)} pass"
    left = f"; not asked: {', '.join(report.left_out)}" if report.left_out else ""
    return f"{report.verdict}: {said}{left}"


def validate_shape(report: ValidateReport) -> Shape:
    return {
        "schema": "deploytool/validate/1",
        "generated_at": stamp(report.generated_at),
        "project": report.project,
        "verdict": report.verdict,
        "sections": [
            {
                "number": number,
                "phase": section.phase,
                "title": TITLES[section.phase],
                "verdict": section.verdict,
                "said": section.said,
                "unsure": section.unsure,
                "seconds": section.seconds,
                "findings": len(section.findings),
            }
            for number, section in enumerate(report.sections, 1)
        ],
        "findings": [finding_shape(finding) for finding in report.findings],
        "targets": [
            {
                "metric": row.metric,
                "target": row.target,
                "value": row.value,
                "met": row.met,
                "check": row.check,
                "said": row.said,
            }
            for row in report.targets
        ],
        "left_out": report.left_out,
    }


def validate_blocks(report: ValidateReport, _now: datetime, verbose: bool) -> list[str]:
    from deploytool.render.check_markdown import MARKS as SIGNS
    from deploytool.render.markdown_text import code, prose, table

    rows = [
        [
            str(number),
            str(section.phase),
            f"{SIGNS[section.verdict]} {WORDS[section.verdict]}",
            prose(section.said, cell=True),
            f"{section.seconds:.1f} s",
        ]
        for number, section in enumerate(report.sections, 1)
    ]
    blocks = [
        f"### Validation: {prose(summary_of(report))}",
        table(["", "Phase", "Verdict", "What was seen", "Took"], rows) if rows else "",
    ]
    for number, section in enumerate(report.sections, 1):
        shown = section.findings if verbose else section.findings[:MOST]
        items = [f"- **{one.severity}** {prose(one.message)}" + _hint(one.hint) for one in shown]
        more = len(section.findings) - len(shown)
        items += [f"- and {counted(more, 'more finding')}"] if more else []
        items += [f"- could not be told: {prose(why)}" for why in section.unsure]
        blocks += ["\n".join([f"#### {number}. {section.phase}", "", *items])] if items else []
    targets = [
        [prose(row.metric, cell=True), f"{row.target:g}", "?" if row.value is None else f"{row.value:g}",
         "**missed**" if row.met is False else MET[row.met], code(row.check, cell=True)]
        for row in report.targets
    ]  # fmt: skip
    return [*blocks, table(["Metric", "Target", "Value", "", "Measured by"], targets) if targets else ""]


def _hint(hint: str) -> str:
    from deploytool.render.markdown_text import code

    return f"\n  - hint: {code(hint)}" if hint else ""
