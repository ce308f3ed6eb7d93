"""The report as SARIF 2.1.0, which code scanning services and editors read.

Section numbers are those of the OASIS standard; limits are those of GitHub's code scanning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import quote

from deploytool.domain.check_report import CheckReport
from deploytool.domain.check_rules import Rule
from deploytool.domain.finding import Accepted, Finding
from deploytool.domain.report import DriftReport
from deploytool.render.check_wording import acceptance_of
from deploytool.render.findings import ALL_RULES, findings_of
from deploytool.render.places import Spot, spot_of, unseen, within
from deploytool.render.shapes import Shape
from deploytool.render.text import printable
from deploytool.render.wording import blind_of, counted, remark_of, unmanaged_of

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
MOST_RESULTS = 25_000  # a file with more is refused whole
MOST_TEXT = 1_000  # characters of a message
MOST_FLOW = 100  # files of a chain
NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # lone surrogates that stand for no byte of a file name

Told = tuple[Finding, Accepted | None]


def sarif(report: CheckReport | DriftReport) -> str:
    """One run. The gravest results come first, so that a cut loses the least; accepted ones are suppressed."""
    told = [*_told(report)]
    rules = sorted({finding.rule for finding, _ in told[:MOST_RESULTS]})
    run = {
        "tool": {"driver": {"name": "deploytool", **_version(), "rules": [_rule(rule) for rule in rules]}},
        "automationDetails": {"id": f"deploytool/{_command(report)}/"},  # or one command's upload replaces the other's
        "originalUriBaseIds": {ROOT: {"description": _message("The root of the repository.")}},
        "invocations": [_invocation(report, len(told) - MOST_RESULTS)],
        "results": [*_results(told[:MOST_RESULTS], rules, report)],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _command(report: CheckReport | DriftReport) -> str:
    return "check" if isinstance(report, CheckReport) else "drift"


def _version() -> Shape:
    try:
        return {"version": version("deploytool")}
    except PackageNotFoundError:
        return {}


def _told(report: CheckReport | DriftReport) -> Iterator[Told]:
    yield from ((finding, None) for finding in findings_of(report))
    if isinstance(report, CheckReport):
        yield from ((one.finding, one) for one in report.accepted)


def _rule(id: str) -> Shape:
    rule: Rule = ALL_RULES[id]
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": _message(rule.title),
        "fullDescription": _message(rule.help),
        "help": _message(rule.help),
        "defaultConfiguration": {"level": rule.severity},
    }


def _results(told: Sequence[Told], rules: Sequence[str], report: CheckReport | DriftReport) -> Iterator[Shape]:
    """Results that say all the same things: a state or a suppression on one asks for it on every other (3.27.23-24)."""
    seen: dict[str, int] = {}
    suppressing = any(accepted for _, accepted in told)
    for finding, accepted in told:
        seen[finding.fingerprint] = number = seen.get(finding.fingerprint, 0) + 1
        result = _result(finding, spot_of(finding, report), f"{finding.fingerprint}:{number}")
        result["ruleIndex"] = rules.index(finding.rule)
        if isinstance(report, CheckReport):
            result["baselineState"] = "unchanged" if finding.existing else "new"
        if suppressing:
            result["suppressions"] = [_suppression(accepted)] if accepted else []
        yield result


def _result(finding: Finding, spot: Spot, fingerprint: str) -> Shape:
    hint = f"\nhint: {printable(finding.hint)}" if finding.hint else ""
    shape: Shape = {
        "ruleId": finding.rule,
        "level": finding.severity,
        "message": _message((printable(finding.message) or ALL_RULES[finding.rule].title) + hint),
        "locations": [_location(spot)],
        # GitHub would make the second from the line in the file, and two services' findings on one line into one.
        "partialFingerprints": {"deploytool/1": fingerprint, "primaryLocationLineHash": fingerprint},
    }
    if finding.service:
        shape["locations"][0]["logicalLocations"] = [{"name": printable(finding.service), "kind": "service"}]
    chain = [path for path in _chain(finding) if within(path)][:MOST_FLOW]
    if len(chain) > 1:
        steps = [{"location": {**_location(Spot(path, 1)), "message": _message(printable(path))}} for path in chain]
        shape["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return shape


def _chain(finding: Finding) -> Iterable[str]:
    chain = finding.detail.get("chain")
    return [step for step in chain if isinstance(step, str)] if isinstance(chain, list | tuple) else ()


def _location(spot: Spot) -> Shape:
    uri = quote(NO_BYTE.sub("?", spot.path).encode("utf-8", "surrogateescape"), safe="/")
    artifact = {"uri": uri, "uriBaseId": ROOT}
    return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": spot.line}}}


def _message(text: str) -> Shape:
    """Plain text in which nothing is a placeholder (3.11.5) or a link (3.11.6)."""
    cut = text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 3]}..."
    return {"text": cut.replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def _suppression(accepted: Accepted) -> Shape:
    return {"kind": "external", "status": "accepted", "justification": printable(acceptance_of(accepted))}


def _invocation(report: CheckReport | DriftReport, left_out: int) -> Shape:
    told = [("error", blind_of(error)) for error in unseen(report)]
    told += [("note", remark_of(remark)) for remark in report.remarks]
    if isinstance(report, DriftReport) and report.unmanaged:
        told.append(("note", unmanaged_of(report.unmanaged)))
    if left_out > 0:
        told.append(("warning", f"{counted(left_out, 'result')} left out: code scanning takes {MOST_RESULTS:,}"))
    said = [{"level": level, "message": _message(printable(text))} for level, text in told]
    return {"executionSuccessful": not unseen(report), "toolExecutionNotifications": said}
