"""What the page of `check` shows: may it be merged, what each service has, and what the merge will change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploytool.domain.check_report import CheckReport, CheckVerdict
from deploytool.domain.check_rules import RULES
from deploytool.domain.finding import Finding, Severity
from deploytool.render.check_wording import chain_of, place_of
from deploytool.render.html_tones import Mark
from deploytool.render.wording import counted

MARKS = {
    CheckVerdict.FAIL: Mark("✗", "bad"),
    CheckVerdict.UNKNOWN: Mark("?", "unsure"),
    CheckVerdict.PASS: Mark("✓", "good"),
}
MOST_LINES = 40  # of one piece of evidence
MOST_FINDINGS = 200  # of one service; --format json has all of them


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one service; `service` is None for the repository."""

    id: str
    service: str | None
    failing: int
    shown: tuple[Finding, ...]  # what the branch brings, and what else stops it
    before: tuple[Finding, ...]  # what was there before and stops nothing
    stale: bool

    @property
    def counts(self) -> str:
        """`1 error, 2 warnings`."""
        found = [finding.severity for finding in self.shown]
        return ", ".join(counted(found.count(one), one) for one in Severity if one in found)


def check_page(report: CheckReport) -> Mapping[str, Any]:
    used = {finding.rule for finding in report.findings} | {one.finding.rule for one in report.accepted}
    return {
        "mark": MARKS[report.verdict],
        "headline": _headline(report),
        "groups": _groups(report),
        "silent": [name for name in report.services if not report.of(name) and name not in report.stale],
        "fails": report.policy.fails,
        "most": MOST_FINDINGS,
        "place_of": place_of,
        "chain_of": chain_of,
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
    return sorted((one for one in groups if one.shown or one.before or one.stale), key=_gravity)


def _group(id: str, service: str | None, report: CheckReport) -> Group:
    """The gravest first."""
    fails = report.policy.fails
    findings = sorted(report.of(service), key=lambda finding: -finding.severity.rank)
    shown = tuple(finding for finding in findings if fails(finding) or not finding.existing)
    before = tuple(finding for finding in findings if finding.existing and not fails(finding))
    return Group(id, service, sum(map(fails, findings)), shown, before, service in report.stale)


def _gravity(group: Group) -> tuple[int, ...]:
    """Smaller is graver."""
    ranks = [finding.severity.rank for finding in group.shown]
    return (-group.failing, *(-ranks.count(rank) for rank in (2, 1, 0)), -len(group.before))


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
