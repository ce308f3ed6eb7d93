"""Where a finding stands, for readers that show nothing without a file and a line."""

from __future__ import annotations

from typing import NamedTuple

from deploytool.domain.check_report import CheckReport
from deploytool.domain.finding import Finding
from deploytool.domain.report import DriftReport, LookError

CONFIG = "services.toml"


class Spot(NamedTuple):
    path: str  # from the root of the repository, never out of it
    line: int  # from 1


def config_spot(report: CheckReport | DriftReport) -> Spot:
    """Where what belongs to no file is shown: at the top of services.toml."""
    path = report.config_path if isinstance(report, CheckReport) else None
    return Spot(path if path and within(path) else CONFIG, 1)


def spot_of(finding: Finding, report: CheckReport | DriftReport) -> Spot:
    if finding.path is None or not within(finding.path):
        return config_spot(report)
    return Spot(finding.path, max(finding.line or 1, 1))


def within(path: str) -> bool:
    """Can it be a path of a repository: relative, and never up?"""
    return not {"", ".", ".."} & set(path.split("/"))


def unseen(report: CheckReport | DriftReport) -> tuple[LookError, ...]:
    """What was not looked at; a report about nothing says so, or it would be read as one without findings."""
    if isinstance(report, DriftReport) and not report.services and not report.errors:
        return (LookError("", "no service was judged"),)
    return report.errors
