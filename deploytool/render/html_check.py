"""What the page of `check` shows: may it be merged, what each service has, and what the merge will change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploytool.domain.check_report import CheckReport, CheckVerdict
from deploytool.domain.check_rules import RULES
from deploytool.domain.finding import Finding, Severity
from deploytool.render.html_tones import Mark
from deploytool.render.wording import counted

MARKS = {
    CheckVerdict.FAIL: Mark("✗", "bad"),
    CheckVerdict.UNKNOWN: Mark("?", "unsure"),
    CheckVerdict.PASS: Mark("✓", "good"),
}
MOST_LINES = 40  # of one piece of evidence


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one service; `service` is None for the repository."""

    id: str
    service: str | None
    failing: int
    fresh: tuple[Finding, ...]
    existing: tuple[Finding, ...]
    stale: bool

    @property
    def counts(self) -> str:
        """`1 error, 2 warnings`, of what the branch brings."""
        found = [finding.severity for finding in self.fresh]
        return ", ".join(counted(found.count(one), one) for one in Severity if one in found)


def check_page(report: CheckReport) -> Mapping[str, Any]:
    used = {finding.rule for finding in report.findings} | {one.finding.rule for one in report.accepted}
    return {
        "mark": MARKS[report.verdict],
        "headline": _headline(report),
        "groups": _groups(report),
        "silent": [name for name in report.services if not report.of(name) and name not in report.stale],
        "fails": report.policy.fails,
        "place_of": _place,
        "chain_of": _chain,
        "evidence_of": lambda finding: [*_evidence(finding.detail)],
        "rules": [RULES[rule] for rule in sorted(used) if rule in RULES],
    }


def _headline(report: CheckReport) -> str:
    failing = len(report.failing)
    match report.verdict:
        case CheckVerdict.FAIL:
            return f"{counted(failing, 'finding')} {'stops' if failing == 1 else 'stop'} this merge"
        case CheckVerdict.UNKNOWN:
            return "Not everything could be looked at, and nothing was found in the rest"
    return "Nothing stops this merge"


def _groups(report: CheckReport) -> list[Group]:
    """What fails first, then what is gravest; a service that only becomes stale has its row, and no findings."""
    found = (finding.service for finding in report.findings)
    names = [name for name in dict.fromkeys((*report.services, *report.stale, *found)) if name is not None]
    groups = [_group(f"s{number}", name, report) for number, name in enumerate((*names, None), start=1)]
    return sorted((one for one in groups if one.fresh or one.existing or one.stale), key=_gravity)


def _group(id: str, service: str | None, report: CheckReport) -> Group:
    findings = sorted(report.of(service), key=lambda finding: -finding.severity.rank)
    return Group(
        id,
        service,
        sum(map(report.policy.fails, findings)),
        tuple(finding for finding in findings if not finding.existing),
        tuple(finding for finding in findings if finding.existing),
        service in report.stale,
    )


def _gravity(group: Group) -> tuple[int, ...]:
    """Smaller is graver."""
    ranks = [finding.severity.rank for finding in group.fresh]
    return (-group.failing, *(-ranks.count(rank) for rank in (2, 1, 0)), -len(group.existing))


def _place(finding: Finding) -> str:
    return f"{finding.path}{f':{finding.line}' if finding.line else ''}" if finding.path is not None else ""


def _chain(finding: Finding) -> list[str]:
    chain = finding.detail.get("chain")
    return [str(step) for step in chain] if isinstance(chain, list | tuple) else []


def _evidence(detail: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    """A label and lines for each thing that says something; the chain has its own place."""
    for key, value in detail.items():
        if key == "chain" or value in (None, "", [], (), {}):
            continue
        lines = [_said(one) for one in value] if isinstance(value, list | tuple) else [_said(value)]
        more = [f"and {counted(len(lines) - MOST_LINES, 'more line')}"] if len(lines) > MOST_LINES else []
        yield key.replace("_", " "), [*lines[:MOST_LINES], *more]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
