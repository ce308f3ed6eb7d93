"""The report in a GitHub workflow: annotations as commands in the log, the step's summary, the step's outputs.

A job that deploys exactly what the merge makes stale asks the outputs of this one, and is left out when that is
nothing, because a matrix may not be empty:

    if: needs.check.outputs.services != ''
    strategy:
      matrix: ${{ fromJSON(needs.check.outputs.matrix) }}
    steps:
      - run: deploytool deploy "$SERVICE" --yes
        env:
          SERVICE: ${{ matrix.service }}
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from deploytool.domain.check_report import CheckReport
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.report import DriftReport, StatusReport, Verdict
from deploytool.domain.verify_report import VerifyReport
from deploytool.render.check_wording import SEVERITIES
from deploytool.render.obeyed import disarmed
from deploytool.render.text import printable, valid_unicode
from deploytool.render.verify_wording import stands
from deploytool.render.wording import counted

if TYPE_CHECKING:
    from deploytool.render import Report

MOST = 10  # annotations of one level: GitHub keeps no more of a step
LONGEST = 4_000  # letters of a message: the runner cuts it a little later
SUMMARY = 1024 * 1024  # bytes of one step's summary: GitHub takes no more, and none of it when it is more
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
FULL = "a step's summary holds 1 MiB. All of it: `--format json`"


def github(report: Report) -> str:
    """The annotations of what a check or drift found, and one line for who reads the log."""
    lines: list[str] = []
    if isinstance(report, CheckReport | DriftReport | VerifyReport):
        found = _annotated(report)
        for severity in SEVERITIES:
            lines += _level([finding for finding in found if finding.severity is severity])
    return "".join(f"{line}\n" for line in (*lines, _text(_line(report))))


def _annotated(report: CheckReport | DriftReport | VerifyReport) -> list[Finding]:
    """What could not be looked at, what fails, the rest; not what was there before and fails nothing."""
    from deploytool.render.findings import findings_of

    blind = [
        Finding("", Severity.ERROR, f"Could not look{f' at {gone.region}' if gone.region else ''}: {gone.message}")
        for gone in (() if isinstance(report, VerifyReport) else report.errors)
    ]
    found = findings_of(report)
    if isinstance(report, CheckReport):
        fails = report.policy.fails
        found = tuple(sorted((one for one in found if fails(one) or not one.existing), key=lambda one: not fails(one)))
    return [*blind, *found]


def _level(found: Sequence[Finding]) -> list[str]:
    """As many as GitHub keeps; when there are more, the last one says so."""
    if len(found) <= MOST:
        return [_annotation(finding) for finding in found]
    shown, rest = found[: MOST - 1], found[MOST - 1 :]
    rules = Counter(finding.rule for finding in rest)
    named = ", ".join(f"{count:,} {rule}" for rule, count in rules.most_common() if rule)
    level = LEVELS[found[0].severity]
    more = f"and {counted(len(rest), f'more {level}')}{f' ({named})' if named else ''}: see the summary"
    return [*map(_annotation, shown), command(level, more, title=f"{len(rest):,} more")]


def _annotation(finding: Finding) -> str:
    from deploytool.render.findings import ALL_RULES

    rule = ALL_RULES.get(finding.rule)
    title = f"{finding.rule}: {rule.title}" if rule else finding.rule
    named = not finding.service or finding.service in finding.message
    said = finding.message if named else f"{finding.service}: {finding.message}"
    message = f"{_text(said)}\nhint: {_text(finding.hint)}" if finding.hint else _text(said)
    path = finding.path or ""
    line = str(finding.line) if path and finding.line else ""
    return command(LEVELS[finding.severity], message, file=path, line=line, title=title)


def command(name: str, message: str, **properties: str) -> str:
    """`::error file=…,line=…,title=…::message`, on one line whatever the texts hold. Empty properties are left out."""
    said = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name}{f' {said}' if said else ''}::{_data(message[:LONGEST])}"


def _text(text: str) -> str:
    return disarmed(printable(text))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(_text(text)).replace(":", "%3A").replace(",", "%2C")


def _line(report: Report) -> str:
    if isinstance(report, CheckReport):
        from deploytool.render.check_wording import forecast_of, summary_of

        return f"check {summary_of(report)}. {forecast_of(report)}"
    if isinstance(report, DriftReport):
        from deploytool.render.wording import summary_of as drift_of

        return f"drift: {drift_of(report)}"
    if isinstance(report, VerifyReport):
        from deploytool.render.verify_wording import said_of

        return f"verify: {said_of(report)}"
    if isinstance(report, StatusReport):
        from deploytool.render.status_table import summary_of as status_of

        return f"status: {status_of(report)}"
    from deploytool.domain.ledger_report import LedgerReport

    if isinstance(report, LedgerReport):
        return f"releases: {counted(len(report.releases), 'release')}"
    raise TypeError(f"a {type(report).__name__} is nothing for a workflow")


def step_summary(report: Report, *, now: datetime, verbose: bool, room: int = SUMMARY) -> str:
    """The same Markdown as that reader writes, in `room` bytes; "" when there is none left."""
    from deploytool.render.markdown import markdown_blocks
    from deploytool.render.markdown_room import fitted

    return fitted(markdown_blocks(report, now=now, verbose=verbose), room, lambda text: len(text.encode()), FULL)


def outputs_of(report: Report) -> dict[str, str]:
    """`verdict`; `services`, the stale ones with a space between them; `matrix`, the same as `{"service": […]}`."""
    if isinstance(report, CheckReport):
        stale: Sequence[str] = report.stale
    elif isinstance(report, DriftReport):
        found = [service.name for service in report.services if service.verdict is Verdict.STALE]
        stale = tuple(dict.fromkeys(found))
    elif isinstance(report, VerifyReport):
        found = [one.name for one in report.checked if not stands(one)]
        return {"verdict": str(report.verdict), "services": " ".join(map(valid_unicode, dict.fromkeys(found)))}
    else:
        return {}
    named = [valid_unicode(name) for name in stale]
    matrix = json.dumps({"service": named})
    return {"verdict": str(report.verdict), "services": " ".join(named), "matrix": matrix}


def assigned(outputs: Mapping[str, str], draw: Callable[[], str]) -> str:
    """Lines for `$GITHUB_OUTPUT`: each value between two delimiters that it does not hold; `draw` makes one up."""
    lines: list[str] = []
    for name, value in outputs.items():
        delimiter = draw()
        while delimiter in value:
            delimiter = draw()
        lines += [f"{name}<<{delimiter}", value, delimiter]
    return "".join(f"{line}\n" for line in lines)
