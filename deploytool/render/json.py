"""The report for machines: the JSON contract, in plain ASCII so that no byte of it can be misread on the way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from deploytool.domain.report import (
    DriftReport,
    StatusReport,
    StatusRow,
    Unmanaged,
    WhereAnswer,
    WhereReport,
    WhereRow,
)
from deploytool.render.age import stamp
from deploytool.render.shapes import Shape, error_shapes, moment_shape, remark_shapes, revision_shape, service_shape
from deploytool.render.text import valid_unicode

if TYPE_CHECKING:
    from deploytool.render import Report


def document(report: Report, *, fleet: Mapping[str, Any] | None = None) -> str:
    """One object whose `schema` is `deploytool/<command>/1`."""
    match report:
        case DriftReport():
            shape = _drift(report)
        case StatusReport():
            shape = _status(report, fleet)
        case WhereReport():
            shape = _where(report)
        case _:
            from deploytool.render.rooms import shape_of

            shape = shape_of(report)
    return json.dumps(encodable(shape), indent=2) + "\n"


def encodable(value: Any) -> Any:
    """The one place where untrusted text passes; controls leave as JSON escapes, lone surrogates as visible text."""
    match value:
        case str():
            return valid_unicode(str(value))
        case Mapping():
            return {valid_unicode(str(key)): encodable(below) for key, below in value.items()}
        case list() | tuple():
            return [encodable(below) for below in value]
    return value


def _drift(report: DriftReport) -> Shape:
    return {
        "schema": "deploytool/drift/1",
        "generated_at": stamp(report.generated_at),
        "target": {"ref": report.target_ref, "commit": report.target_commit},
        "verdict": report.verdict,
        "counts": {verdict.value: count for verdict, count in report.counts.items()},
        "services": [service_shape(service) for service in report.services],
        "unmanaged": _unmanaged(report.unmanaged),
        "errors": error_shapes(report.errors),
        "remarks": remark_shapes(report.remarks),
    }


def _status(report: StatusReport, fleet: Mapping[str, Any] | None) -> Shape:
    shape: Shape = {
        "schema": "deploytool/status/1",
        "generated_at": stamp(report.generated_at),
        "rows": [_status_row(row) for row in report.rows],
        "unmanaged": _unmanaged(report.unmanaged),
        "errors": error_shapes(report.errors),
    }
    return shape if fleet is None else {**shape, "fleet": fleet}


def _status_row(row: StatusRow) -> Shape:
    return {
        "service": row.service,
        "kind": row.kind,
        "region": row.region,
        "serving": row.serving,
        "revision": None if row.row is None else {**revision_shape(row.row), "provenance": row.row.source},
        "conflicts": row.conflicts,
        "reason": row.reason,
    }


def _where(report: WhereReport) -> Shape:
    return {
        "schema": "deploytool/where/1",
        "generated_at": stamp(report.generated_at),
        "question": report.question,
        "asked_as": report.asked_as,
        "answers": [_answer(answer) for answer in report.answers],
        "errors": error_shapes(report.errors),
    }


def _answer(answer: WhereAnswer) -> Shape:
    return {
        "sha": answer.sha,
        "author": answer.author,
        "committed_at": stamp(answer.committed_at),
        "subject": answer.subject,
        "services": [_where_row(row) for row in answer.rows],
    }


def _where_row(row: WhereRow) -> Shape:
    return {
        "name": row.service,
        "region": row.region,
        "contains": row.contains,
        "percent": row.percent,
        "since": moment_shape(row.since),
        "by": row.by,
        "reason": row.reason,
    }


def _unmanaged(found: Iterable[Unmanaged]) -> list[Shape]:
    return [{"name": one.name, "region": one.region, "kind": one.kind} for one in found]
