"""What the readers for people say of a check alike: groups, places, the forecast, the verdict.

Nothing here is made harmless yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from deploytool.domain.check_report import CheckReport, Compared
from deploytool.domain.finding import Accepted, Finding, Severity
from deploytool.domain.report import FileChange, Relevance
from deploytool.render.wording import MOST_STEPS, counted, short

MOST_OF_A_RULE = 20  # a page is for reading; --format json has everything
MOST_LINES = 12  # to write into a file
SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


class Group(NamedTuple):
    title: str
    findings: tuple[Finding, ...]


def groups_of(report: CheckReport) -> tuple[Group, ...]:
    """What fails the check, then what the branch brings besides; not what was there before and fails nothing."""
    failing = report.failing
    known = set(map(id, failing))
    others = [finding for finding in report.findings if id(finding) not in known and not finding.existing]
    by_severity = {severity: tuple(one for one in others if one.severity is severity) for severity in SEVERITIES}
    groups = (
        Group("Fails the check", failing),
        Group("Errors", by_severity[Severity.ERROR]),
        Group("Warnings", by_severity[Severity.WARNING]),
        Group("Notes", by_severity[Severity.NOTE]),
    )
    return tuple(group for group in groups if group.findings)


def existing_of(report: CheckReport) -> tuple[Finding, ...]:
    """What was there before the branch and does not fail the check."""
    return tuple(finding for finding in report.findings if finding.existing and not report.policy.fails(finding))


def first_of_each_rule(findings: Iterable[Finding], most: int = MOST_OF_A_RULE) -> tuple[list[Finding], Counter[str]]:
    """As many of each rule as a page has room for, and how many of which rule are left out."""
    shown: list[Finding] = []
    seen: Counter[str] = Counter()
    for finding in findings:
        seen[finding.rule] += 1
        if seen[finding.rule] <= most:
            shown.append(finding)
    return shown, Counter({rule: count - most for rule, count in seen.items() if count > most})


def place_of(finding: Finding) -> str:
    """`path:line`, as editors and terminals understand it; "" for the repository as a whole."""
    if not finding.path:
        return ""
    return f"{finding.path}:{finding.line}" if finding.line else finding.path


def chain_of(finding: Finding) -> tuple[str, ...]:
    """`detail["chain"]`: files from the entrypoint on; of a long chain the beginning and the end."""
    chain = _texts(finding, "chain")
    if len(chain) <= MOST_STEPS:
        return chain
    head, tail = MOST_STEPS // 2, MOST_STEPS - MOST_STEPS // 2 - 1
    return (*chain[:head], f"({counted(len(chain) - head - tail, 'more file')} between)", *chain[-tail:])


def lines_of(finding: Finding) -> tuple[str, ...]:
    """`detail["lines"]`: what to write, letter by letter, where the hint does not say it already."""
    lines = tuple(line for line in _texts(finding, "lines") if line not in finding.hint)
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else (*lines[:MOST_LINES], f"({counted(more, 'more line')}: --format json)")


def files_of(finding: Finding) -> tuple[FileChange, ...]:
    """`detail["files"]`: the changed files that the finding is about, each with its relevance and its chain."""
    found = finding.detail.get("files")
    files = [_file(one) for one in found] if isinstance(found, list | tuple) else []
    return tuple(file for file in files if file is not None)


def _file(shape: Any) -> FileChange | None:
    match shape:
        case {"path": str(path), "relevance": str(relevance), "chain": list() | tuple() as chain, "note": str(note)}:
            if relevance in [*Relevance]:
                return FileChange(path, Relevance(relevance), tuple(map(str, chain)), note)
    return None


def count_of(finding: Finding) -> int:
    """How many files there are; `files_of` may be the first of them."""
    count = finding.detail.get("count")
    return max(count if isinstance(count, int) else 0, len(files_of(finding)))


def others_of(finding: Finding) -> tuple[str, ...]:
    """`detail["importers"]`: the other places that import the same."""
    found = finding.detail.get("importers")
    places = [_place(one) for one in found] if isinstance(found, list | tuple) else []
    return tuple(place for place in places if place and place != place_of(finding))


def _place(shape: Any) -> str:
    match shape:
        case {"path": str(path), "line": int(line)} if line > 0:
            return f"{path}:{line}"
        case {"path": str(path)}:
            return path
    return ""


def _texts(finding: Finding, key: str) -> tuple[str, ...]:
    found = finding.detail.get(key)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list | tuple) else ()


def forecast_of(report: CheckReport) -> str:
    """`The merge makes stale: api, web.`"""
    if report.stale:
        return f"The merge makes stale: {', '.join(report.stale)}."
    doubt = ", as far as could be seen" if report.errors else ""
    return f"The merge makes nothing stale{doubt}."


def summary_of(report: CheckReport) -> str:
    """`fail: 2 errors, 1 warning, 12 from before; main 1a2b3c4d to HEAD 5e6f7a8b`."""
    return f"{report.verdict}: {tally_of(report)}; {compared_of(report)}"


def tally_of(report: CheckReport) -> str:
    """What was found, by severity; `--fail-on` is said where severity does not say what fails."""
    everything = report.policy.everything
    judged = [one for one in report.findings if everything or not one.existing]
    found = Counter(finding.severity for finding in judged)
    parts = [counted(found[severity], severity) for severity in SEVERITIES if found[severity]]
    failing = report.failing
    if any(finding.severity is not Severity.ERROR for finding in failing):
        parts[-1] += f" ({len(failing):,} fail{'s' if len(failing) == 1 else ''} it)"
    before = len(report.findings) - len(judged)
    parts = parts or ["nothing new" if before else "nothing found"]
    parts += [f"{before:,} from before"] if before else []
    parts += [f"{len(report.accepted):,} accepted"] if report.accepted else []
    parts += [f"{counted(len(report.errors), 'thing')} not looked at"] if report.errors else []
    return ", ".join(parts)


def compared_of(report: CheckReport) -> str:
    return f"{_side(report.base)} to {_side(report.head)}"


def _side(side: Compared) -> str:
    return short(side.commit) if side.commit.startswith(side.ref) else f"{side.ref} {short(side.commit)}"


def acceptance_of(accepted: Accepted) -> str:
    """Why, and until when."""
    until = f"until {accepted.until.isoformat()}" if accepted.until else "for this run"
    return f"{accepted.reason} ({until})" if accepted.reason else until


def more_of(left: Counter[str]) -> list[str]:
    """`and 480 more of DT303`, for each rule."""
    return [f"and {count:,} more of {rule}" for rule, count in left.items()]
