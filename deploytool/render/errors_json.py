"""`errors` for machines: schema deploytool/errors/1."""

from __future__ import annotations

from deploytool.domain.error_groups import ErrorGroup, Reading
from deploytool.domain.errors_report import Compared, ErrorsReport, ServiceErrors
from deploytool.render.age import stamp
from deploytool.render.shapes import Shape, moment_shape, remark_shapes


def errors_shape(report: ErrorsReport) -> Shape:
    return {
        "schema": "deploytool/errors/1",
        "generated_at": stamp(report.generated_at),
        "verdict": report.verdict,
        "severity": report.severity,
        "since": report.asked_since,
        "counts": {state.value: count for state, count in report.counts.items()},
        "services": [_service(service) for service in report.services],
        "remarks": remark_shapes(report.remarks),
    }


def _service(service: ServiceErrors) -> Shape:
    return {
        "name": service.name,
        "kind": service.kind,
        "region": service.region,
        "revision": service.revision,
        "deployed_at": moment_shape(service.deployed_at),
        "since": moment_shape(service.since),
        "compared": None if service.compared is None else _compared(service.compared),
        "read": {"now": _reading(service.now), "before": _reading(service.before)},
        "lines": service.lines,
        "counts": {state.value: count for state, count in service.counts.items()},
        "groups": [_group(group) for group in service.groups],
        "problem": {"message": service.problem, "hint": service.hint} if service.problem else None,
    }


def _compared(compared: Compared) -> Shape:
    return {
        "revision": compared.revision,
        "since": moment_shape(compared.since),
        "until": moment_shape(compared.until),
        "how": compared.how,
    }


def _reading(reading: Reading) -> Shape:
    return {"complete": reading.whole, "why": reading.why}


def _group(group: ErrorGroup) -> Shape:
    return {
        "signature": group.signature,
        "state": group.state,
        "severity": group.severity,
        "count": group.count,
        "before": group.before,
        "aside": group.aside,
        "first_seen": stamp(group.first_seen),
        "last_seen": stamp(group.last_seen),
        "revisions": [{"name": name or None, "count": count} for name, count in group.revisions],
        "example": group.example,
    }
