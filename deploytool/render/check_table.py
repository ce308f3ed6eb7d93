"""`check` as a list for people: what fails it first, the forecast and the verdict last, where the eye ends up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from deploytool.domain.check_report import CheckReport, CheckVerdict
from deploytool.domain.finding import Accepted, Finding, Severity
from deploytool.render.check_wording import (
    acceptance_of,
    chain_of,
    count_of,
    existing_of,
    files_of,
    first_of_each_rule,
    forecast_of,
    groups_of,
    lines_of,
    more_of,
    others_of,
    place_of,
    summary_of,
)
from deploytool.render.drift_table import side_lines
from deploytool.render.history import file_lines
from deploytool.render.sheet import GAP, View, hanging, words
from deploytool.render.wording import MOST_FILES, counted

# Severity: symbol, the same without Unicode, colour. The word always stands beside them.
MARKS = {
    Severity.ERROR: ("✗", "x", "bold red"),
    Severity.WARNING: ("!", "!", "bold yellow"),
    Severity.NOTE: ("-", "-", "dim"),
}
INDENT, BELOW = " " * GAP, " " * GAP * 2
COLOURS = {CheckVerdict.PASS: "bold green", CheckVerdict.FAIL: "bold red", CheckVerdict.UNKNOWN: "bold yellow"}


def check_lines(report: CheckReport, view: View) -> list[Text]:
    lines: list[Text] = []
    for group in groups_of(report):
        lines += [words(group.title, "bold"), *_listed(group.findings, view), Text()]
    lines += _aside(report, view)
    beside = side_lines(report.errors, (), report.remarks, view.width)
    lines += [*beside, Text()] if beside else []
    lines += hanging(Text(), words(forecast_of(report)), view.width)
    return lines + hanging(Text(), words(summary_of(report), COLOURS[report.verdict]), view.width)


def _aside(report: CheckReport, view: View) -> list[Text]:
    """What was there before, and what is accepted: in full only for who asks."""
    existing, accepted = existing_of(report), report.accepted
    if view.verbose:
        lines: list[Text] = []
        if existing:
            lines += [words("Was there before", "bold"), *_listed(existing, view), Text()]
        if accepted:
            lines += [words("Accepted", "bold"), *_accepted(accepted, view), Text()]
        return lines
    counts = [f"{len(existing):,} from before"] if existing else []
    counts += [f"{len(accepted):,} accepted"] if accepted else []
    said = f"Not shown: {', '.join(counts)}. All of them: deploytool check --verbose"
    return [*hanging(Text(), words(said, "dim"), view.width), Text()] if counts else []


def _listed(findings: Sequence[Finding], view: View) -> Iterator[Text]:
    shown, left = (findings, None) if view.verbose else first_of_each_rule(findings)
    for finding in shown:
        yield from _finding(finding, view)
    for more in more_of(left) if left else ():
        yield from hanging(words(INDENT), words(f"{more}: --verbose shows all", "dim"), view.width)


def _accepted(accepted: Iterable[Accepted], view: View) -> Iterator[Text]:
    for one in accepted:
        yield from _finding(one.finding, view, acceptance_of(one))


def _finding(finding: Finding, view: View, remark: str = "") -> Iterator[Text]:
    """One line when there is room for it; what to do is always beneath."""
    symbol, plain, colour = MARKS[finding.severity]
    head = words(INDENT).append_text(words(f"{symbol if view.symbols else plain} {finding.severity}", colour))
    head.append(f"  {finding.rule}")
    for part in (finding.service, place_of(finding)):
        if part:
            head.append("  ").append_text(words(part, "bold"))
    message = words(finding.message)
    if view.width is None or head.cell_len + message.cell_len + GAP <= view.width:
        yield head.append("  ").append_text(message)
    else:
        fits = head.cell_len <= view.width
        yield from [head] if fits else hanging(Text(), head, view.width, under=words(f"{BELOW}  "))
        yield from hanging(words(BELOW), message, view.width)
    for label, text in _beneath(finding, remark, view):
        yield from hanging(words(f"{BELOW}{label}: ", "bold"), words(text), view.width)
    if view.verbose:
        yield from _files(finding, view)


def _files(finding: Finding, view: View) -> Iterator[Text]:
    files = files_of(finding)[:MOST_FILES]
    yield from file_lines(files, view)
    if files and (more := count_of(finding) - len(files)) > 0:
        yield words(f"{BELOW}and {counted(more, 'more file')}", "dim")


def _beneath(finding: Finding, remark: str, view: View) -> Iterator[tuple[str, str]]:
    chain = chain_of(finding) if view.verbose else ()
    if len(chain) > 1:
        yield "from", view.arrow.join(chain)
    if view.verbose and (others := others_of(finding)):
        yield "also", ", ".join(others)
    if finding.hint:
        yield "hint", finding.hint
    for line in lines_of(finding):
        yield "write", line
    if remark:
        yield "accepted", remark
