"""`check` as one comment on a pull request: it begins with a marker, so that who posts it can replace the last one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from textwrap import indent

from deploytool.domain.check_report import CheckReport, CheckVerdict, Compared
from deploytool.domain.finding import Finding
from deploytool.render.check_wording import (
    acceptance_of,
    chain_of,
    count_of,
    existing_of,
    files_of,
    first_of_each_rule,
    groups_of,
    lines_of,
    more_of,
    place_of,
    tally_of,
)
from deploytool.render.markdown_items import beside, file_items
from deploytool.render.markdown_room import fitted
from deploytool.render.markdown_text import END_OF_DETAILS, code, details, prose
from deploytool.render.wording import MOST_FILES, counted, short

MARKER = "<!-- deploytool check -->"
ROOM = 65_536  # characters of a comment on GitHub
MARKS = {CheckVerdict.PASS: "✅", CheckVerdict.FAIL: "❌", CheckVerdict.UNKNOWN: "❔"}
MOST_SERVICES = 100


def comment(report: CheckReport, verbose: bool) -> str:
    return fitted(
        check_blocks(report, report.generated_at, verbose),
        ROOM,
        len,
        "a comment holds no more. All of it: `--format json`",
    )


def check_blocks(report: CheckReport, _now: datetime, verbose: bool) -> list[str]:
    """A block for each finding, after what must not be cut off."""
    blocks = [
        MARKER,
        f"### Check: {MARKS[report.verdict]} {report.verdict}",
        f"{prose(tally_of(report))}; {_side(report.base)} to {_side(report.head)}",
        _forecast(report),
        beside(report.errors, (), report.remarks),
    ]
    for group in groups_of(report):
        blocks += [f"#### {group.title}", *_listed(group.findings, verbose)]
    return [*blocks, *_existing(report, verbose), *_accepted(report)]


def _side(side: Compared) -> str:
    named = "" if side.commit.startswith(side.ref) else f"{code(side.ref)} "
    return f"{named}{code(short(side.commit))}"


def _forecast(report: CheckReport) -> str:
    if not report.stale:
        return f"The merge makes nothing stale{', as far as could be seen' if report.errors else ''}."
    more = len(report.stale) - MOST_SERVICES
    names = ", ".join(code(name) for name in report.stale[:MOST_SERVICES])
    return f"**The merge makes stale:** {names}{f' and {more:,} more' if more > 0 else ''}."


def _listed(findings: Sequence[Finding], verbose: bool) -> Iterator[str]:
    shown, left = (findings, None) if verbose else first_of_each_rule(findings)
    for finding in shown:
        yield _finding(finding)
    if left:
        yield "\n".join(f"- {more}" for more in more_of(left))


def _existing(report: CheckReport, verbose: bool) -> list[str]:
    found = existing_of(report)
    if not found:
        return []
    return [details(f"{counted(len(found), 'finding')} from before"), *_listed(found, verbose), END_OF_DETAILS]


def _accepted(report: CheckReport) -> list[str]:
    if not report.accepted:
        return []
    found = [_finding(one.finding, acceptance_of(one)) for one in report.accepted]
    return [details(f"{counted(len(found), 'finding')} accepted"), *found, END_OF_DETAILS]


def _finding(finding: Finding, accepted: str = "") -> str:
    parts = [f"**{finding.severity}**", prose(finding.rule), code(finding.service or ""), code(place_of(finding))]
    head = " ".join(part for part in parts if part)
    lines = [f"- {head}: {prose(finding.message)}"]
    lines += [f"  - hint: {code(finding.hint)}"] if finding.hint.strip() else []
    lines += [f"  - write: {code(line)}" for line in lines_of(finding) if line.strip()]
    lines += [f"  - accepted: {prose(accepted)}"] if accepted else []
    return "\n".join([*lines, *("\n" + indent(block, "  ") for block in _folded(finding))])


def _folded(finding: Finding) -> list[str]:
    """What proves it: one chain of imports, or the files that changed with theirs."""
    chain, files = chain_of(finding), files_of(finding)[:MOST_FILES]
    if len(chain) > 1:
        title, proof = f"The way there: {counted(len(finding.detail['chain']), 'file')}", " → ".join(map(code, chain))
    elif files:
        more = count_of(finding) - len(files)
        items = [*file_items(files), *([f"- and {counted(more, 'more file')}"] if more > 0 else [])]
        title, proof = f"What reaches it: {counted(count_of(finding), 'file')}", "\n".join(items)
    else:
        return []
    return [details(title), proof, END_OF_DETAILS]
