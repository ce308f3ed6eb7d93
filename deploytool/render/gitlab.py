"""The report as GitLab's code quality: one entry for each finding, and for each thing that could not be looked at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from deploytool.domain.check_report import CheckReport
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.report import DriftReport, LookError
from deploytool.render.findings import ALL_RULES, findings_of
from deploytool.render.places import Spot, config_spot, spot_of, unseen
from deploytool.render.shapes import Shape
from deploytool.render.text import printable, valid_unicode
from deploytool.render.wording import blind_of

SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.NOTE: "info"}


def gitlab(report: CheckReport | DriftReport) -> str:
    """A list of entries in the order of the report; GitLab tells new ones from old ones by their fingerprints."""
    return json.dumps([*_entries(report)], indent=2) + "\n"


def _entries(report: CheckReport | DriftReport) -> Iterator[Shape]:
    seen: dict[str, int] = {}

    def unique(fingerprint: str) -> str:
        """GitLab shows only the first of several entries with one fingerprint."""
        seen[fingerprint] = number = seen.get(fingerprint, 0) + 1
        return fingerprint if number == 1 else _digest(f"{fingerprint} {number}")

    for error in unseen(report):  # an empty list would say that all is well
        yield _blind(error, unique(_digest(f"could-not-look {error.region}")), config_spot(report))
    for finding in findings_of(report):
        yield _found(finding, unique(finding.fingerprint), spot_of(finding, report))


def _found(finding: Finding, fingerprint: str, spot: Spot) -> Shape:
    hint = f" (hint: {finding.hint})" if finding.hint else ""
    said = finding.message or ALL_RULES[finding.rule].title  # GitLab takes no entry without words
    return _entry(f"{said}{hint}", finding.rule, fingerprint, SEVERITIES[finding.severity], spot)


def _blind(error: LookError, fingerprint: str, spot: Spot) -> Shape:
    return _entry(blind_of(error), "could-not-look", fingerprint, "critical", spot)


def _entry(description: str, check: str, fingerprint: str, severity: str, spot: Spot) -> Shape:
    return {
        "description": printable(description),
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": valid_unicode(spot.path), "lines": {"begin": spot.line}},
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
