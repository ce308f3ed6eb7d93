"""`check` in the JSON contract: findings in full, with the fingerprint that stays while the finding stays."""

from __future__ import annotations

from collections import Counter

from deploytool.domain.check_report import CheckReport, Compared
from deploytool.domain.finding import Accepted, Finding
from deploytool.render.age import stamp
from deploytool.render.check_wording import SEVERITIES
from deploytool.render.shapes import Shape, error_shapes, remark_shapes


def check_shape(report: CheckReport) -> Shape:
    found = Counter(finding.severity for finding in report.findings if not finding.existing)
    return {
        "schema": "deploytool/check/1",
        "generated_at": stamp(report.generated_at),
        "verdict": report.verdict,
        "base": _side(report.base),
        "head": _side(report.head),
        "counts": {
            **{str(severity): found[severity] for severity in SEVERITIES},
            "existing": sum(finding.existing for finding in report.findings),
        },
        "findings": [finding_shape(finding) for finding in report.findings],
        "forecast": {"stale": report.stale},
        "services": report.services,
        "accepted": [_accepted(accepted) for accepted in report.accepted],
        "errors": error_shapes(report.errors),
        "remarks": remark_shapes(report.remarks),
    }


def _side(side: Compared) -> Shape:
    return {"ref": side.ref, "commit": side.commit}


def finding_shape(finding: Finding) -> Shape:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "service": finding.service,
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
        "hint": finding.hint,
        "existing": finding.existing,
        "detail": finding.detail,
        "fingerprint": finding.fingerprint,
    }


def _accepted(accepted: Accepted) -> Shape:
    until = None if accepted.until is None else accepted.until.isoformat()
    return {**finding_shape(accepted.finding), "reason": accepted.reason, "until": until}
