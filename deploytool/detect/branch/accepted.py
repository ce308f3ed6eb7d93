"""Findings that somebody accepts, with a reason and a day: `[[ignore]]` of services.toml, `--ignore` for one run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from deploytool.config import IgnoreEntry
from deploytool.domain.finding import Accepted, Finding
from deploytool.domain.ignorefile import IgnoreRules, rules_of


@dataclass(frozen=True, slots=True)
class Acceptance:
    rule: str
    paths: IgnoreRules
    reason: str
    until: date | None = None

    def covers(self, finding: Finding, path: str) -> bool:
        return self.rule == finding.rule and self.paths.ignores(path)


def acceptances_of(entries: Iterable[IgnoreEntry], today: date) -> list[Acceptance]:
    """Those that hold today; `until` is the day from which it is a finding again."""
    return [
        Acceptance(entry.rule, rules_of([entry.path]), entry.reason, entry.until)
        for entry in entries
        if today < entry.until
    ]


def divided(
    findings: Iterable[Finding], acceptances: Sequence[Acceptance], file: str
) -> tuple[list[Finding], list[Accepted]]:
    """What is left, and what is accepted. A finding without a place is at `file`, the path of services.toml."""
    left: list[Finding] = []
    accepted: list[Accepted] = []
    for finding in findings:
        path = finding.path or file
        found = next((one for one in acceptances if one.covers(finding, path)), None)
        if found is None:
            left.append(finding)
        else:
            accepted.append(Accepted(finding, found.reason, found.until))
    return left, accepted
