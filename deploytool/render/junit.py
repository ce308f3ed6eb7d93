"""The report as JUnit XML: a test case for each service, which fails, or could not be run, or is well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from deploytool.domain.check import Answer
from deploytool.domain.check_report import CheckReport
from deploytool.domain.finding import Finding
from deploytool.domain.report import DriftReport, LookError, ServiceDrift, Verdict
from deploytool.domain.verify_report import VerifyReport
from deploytool.render.age import stamp
from deploytool.render.check_wording import place_of
from deploytool.render.places import unseen
from deploytool.render.text import printable
from deploytool.render.verify_wording import Line, lines_of, unchecked_of
from deploytool.render.wording import (
    MOST_COMMITS,
    MOST_FILES,
    blind_of,
    chain_of,
    counted,
    reaching_first,
    remark_of,
    short,
    unmanaged_of,
)

ATTACHED = re.compile(r"\[(?=\[ATTACHMENT\|)", re.IGNORECASE)  # GitLab and Jenkins would fetch the file that it names
MOST_TEXT = 1_000  # characters of an attribute


def junit(report: CheckReport | DriftReport | VerifyReport) -> str:
    """One suite, in ASCII."""
    if isinstance(report, VerifyReport):
        unchecked = unchecked_of(report)
        return _suite("deploytool verify", _verify_cases(report), report.generated_at, [unchecked] if unchecked else [])
    cases = [*(_check_cases(report) if isinstance(report, CheckReport) else map(_drift_case, report.services))]
    cases += [_blind_case(error) for error in unseen(report)]
    name = f"deploytool {'check' if isinstance(report, CheckReport) else 'drift'}"
    beside = [remark_of(remark) for remark in report.remarks]
    if isinstance(report, DriftReport) and report.unmanaged:
        beside.append(unmanaged_of(report.unmanaged))
    return _suite(name, cases, report.generated_at, beside)


def _suite(name: str, cases: Sequence[Element], at: datetime, beside: Sequence[str]) -> str:
    suite = Element("testsuite", {"name": name, **_counts(cases), "timestamp": stamp(at)[:-1]})
    for case in cases:
        case.set("classname", name.replace(" ", "."))
        case.attrib.setdefault("time", "0")
        suite.append(case)
    _out(suite, beside)
    root = Element("testsuites", {"name": name, **_counts(cases)})
    root.append(suite)
    indent(root)
    said: bytes = tostring(root, encoding="us-ascii", xml_declaration=True)
    return f"{said.decode()}\n"


def _counts(cases: Sequence[Element]) -> dict[str, str]:
    failures, errors = (sum(case.find(kind) is not None for case in cases) for kind in ("failure", "error"))
    return {"tests": f"{len(cases)}", "failures": f"{failures}", "errors": f"{errors}", "skipped": "0", "time": "0"}


def _check_cases(report: CheckReport) -> Iterator[Element]:
    """Every service that was judged, those that were only found, and the repository with its services.toml."""
    found = (finding.service for finding in report.findings if finding.service is not None)
    for service in (*dict.fromkeys((*report.services, *found)), None):
        findings = report.of(service)
        failing = [finding for finding in findings if report.policy.fails(finding)]
        case = _case("the repository" if service is None else service)
        if failing:
            more = f" (and {counted(len(failing) - 1, 'more finding')})" if len(failing) > 1 else ""
            lines = [line for finding in failing for line in _finding_lines(finding)]
            _ended(case, "failure", failing[0].rule, f"{failing[0].message}{more}", lines)
        others = [finding for finding in findings if not report.policy.fails(finding)]
        _out(case, [line for finding in others for line in _finding_lines(finding)])
        yield case


def _verify_cases(report: VerifyReport) -> list[Element]:
    """A case for each check; nothing that could not be told is well, and so it is with nothing at all."""
    cases = [_line_case(line) for service in report.checked for line in lines_of(service)]
    if not cases:
        cases = [_case("what is checked")]
        _ended(cases[0], "error", "nothing-checked", "nothing was checked", ["nothing was checked"])
    return cases


def _line_case(line: Line) -> Element:
    service = line.service
    case = _case(f"{service.name}{f' in {service.region}' if service.region else ''}: {line.name}")
    case.set("time", f"{line.seconds or 0:.3f}")
    if line.answer is Answer.PASS or not line.required:
        _out(case, [f"{line.word}: {line.said}"])
    else:
        kind = "failure" if line.answer is Answer.FAIL else "error"
        _ended(case, kind, line.answer, f"{line.name}: {line.said}", [line.said])
    return case


def _finding_lines(finding: Finding) -> Iterator[str]:
    place = f"{place_of(finding)}: " if place_of(finding) else ""
    existing = " (was there before)" if finding.existing else ""
    yield f"{finding.severity} {finding.rule} {place}{finding.message}{existing}"
    if finding.hint:
        yield f"  hint: {finding.hint}"


def _drift_case(service: ServiceDrift) -> Element:
    case = _case(f"{service.name} in {service.region}" if service.region else service.name)
    if service.verdict is Verdict.CURRENT:
        _out(case, [f"current: {service.reason}"])
    else:
        kind = "error" if service.verdict is Verdict.UNKNOWN else "failure"
        _ended(case, kind, service.verdict, f"{service.verdict}: {service.reason}", [*_drift_lines(service)])
    return case


def _drift_lines(service: ServiceDrift) -> Iterator[str]:
    yield f"{service.verdict}: {service.reason}"
    yield from (f"conflict: {conflict}" for conflict in service.conflicts)
    if service.hint:
        yield f"hint: {service.hint}"
    for row in service.revisions:
        yield f"serves {short(row.commit)} {row.percent}%, {row.name or 'unnamed revision'}"
    for commit in service.commits[:MOST_COMMITS]:
        yield f"commit {short(commit.sha)} {commit.author}: {commit.subject} ({commit.relevance})"
    if len(service.commits) > MOST_COMMITS:
        yield f"and {counted(len(service.commits) - MOST_COMMITS, 'more commit')}"
    for file in reaching_first(service.files)[:MOST_FILES]:
        yield f"{file.relevance} {' -> '.join(chain_of(file))}"
    if len(service.files) > MOST_FILES:
        yield f"and {counted(len(service.files) - MOST_FILES, 'more file')}"


def _blind_case(error: LookError) -> Element:
    case = _case(f"looked at {error.region}" if error.region else "looked at everything")
    _ended(case, "error", "could-not-look", blind_of(error), [blind_of(error)])
    return case


def _case(name: str) -> Element:
    return Element("testcase", {"name": _told(name)})


def _ended(case: Element, kind: str, type: str, message: str, lines: Iterable[str]) -> None:
    below = SubElement(case, kind, {"type": type, "message": _told(message)[:MOST_TEXT]})
    below.text = "\n".join(map(_told, lines))


def _out(element: Element, lines: Sequence[str]) -> None:
    if lines:
        SubElement(element, "system-out").text = "\n".join(map(_told, lines))


def _told(text: str) -> str:
    """The one place where untrusted text passes: what XML cannot carry is written out, and nothing is fetched."""
    return ATTACHED.sub("[ ", printable(text))
