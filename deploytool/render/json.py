"""The report for machines: the JSON contract, in plain ASCII so that no byte of it can be misread on the way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from deploytool.domain.report import (
    CommitNote,
    DriftReport,
    FileChange,
    LookError,
    ServiceDrift,
    ServingRow,
    StatusReport,
    StatusRow,
    Unmanaged,
    WhereAnswer,
    WhereReport,
    WhereRow,
)
from deploytool.render.age import stamp
from deploytool.render.text import valid_unicode

Shape = dict[str, Any]


def document(report: DriftReport | StatusReport | WhereReport, *, fleet: Mapping[str, Any] | None = None) -> str:
    """One object whose `schema` is `deploytool/<command>/1`."""
    match report:
        case DriftReport():
            shape = _drift(report)
        case StatusReport():
            shape = _status(report, fleet)
        case WhereReport():
            shape = _where(report)
    return json.dumps(_encodable(shape), indent=2) + "\n"


def _encodable(value: Any) -> Any:
    """The one place where untrusted text passes; controls leave as JSON escapes, lone surrogates as visible text."""
    match value:
        case str():
            return valid_unicode(str(value))
        case Mapping():
            return {valid_unicode(str(key)): _encodable(below) for key, below in value.items()}
        case list() | tuple():
            return [_encodable(below) for below in value]
    return value


def _drift(report: DriftReport) -> Shape:
    return {
        "schema": "deploytool/drift/1",
        "generated_at": stamp(report.generated_at),
        "target": {"ref": report.target_ref, "commit": report.target_commit},
        "verdict": report.verdict,
        "counts": {verdict.value: count for verdict, count in report.counts.items()},
        "services": [_service(service) for service in report.services],
        "unmanaged": _unmanaged(report.unmanaged),
        "errors": _errors(report.errors),
        "remarks": [{"message": remark.message, "hint": remark.hint} for remark in report.remarks],
    }


def _service(service: ServiceDrift) -> Shape:
    return {
        "name": service.name,
        "kind": service.kind,
        "project": service.project,
        "region": service.region,
        "verdict": service.verdict,
        "code": service.code,
        "serving": service.serving,
        "precision": service.precision,
        "reason": service.reason,
        "hint": service.hint,
        "provenance": service.provenance,
        "conflicts": service.conflicts,
        "revisions": [_revision(row) for row in service.revisions],
        "behind": service.behind,
        "ahead": service.ahead,
        "at_least": service.at_least,
        "stale_since": _moment(service.stale_since),
        "commits": [_commit(commit) for commit in service.commits],
        "files": _files(service.files),
    }


def _revision(row: ServingRow) -> Shape:
    return {
        "name": row.name,
        "commit": row.commit,
        "percent": row.percent,
        "deployed_at": _moment(row.deployed_at),
        "image": row.image,
        "tags": row.tags,
    }


def _commit(commit: CommitNote) -> Shape:
    return {
        "sha": commit.sha,
        "author": commit.author,
        "committed_at": stamp(commit.committed_at),
        "subject": commit.subject,
        "relevance": commit.relevance,
        "files": _files(commit.files),
    }


def _files(files: Iterable[FileChange]) -> list[Shape]:
    return [{"path": file.path, "relevance": file.relevance, "chain": file.chain} for file in files]


def _status(report: StatusReport, fleet: Mapping[str, Any] | None) -> Shape:
    shape: Shape = {
        "schema": "deploytool/status/1",
        "generated_at": stamp(report.generated_at),
        "rows": [_status_row(row) for row in report.rows],
        "unmanaged": _unmanaged(report.unmanaged),
        "errors": _errors(report.errors),
    }
    return shape if fleet is None else {**shape, "fleet": fleet}


def _status_row(row: StatusRow) -> Shape:
    return {
        "service": row.service,
        "kind": row.kind,
        "region": row.region,
        "serving": row.serving,
        "revision": None if row.row is None else {**_revision(row.row), "provenance": row.row.source},
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
        "errors": _errors(report.errors),
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
        "since": _moment(row.since),
        "by": row.by,
        "reason": row.reason,
    }


def _unmanaged(found: Iterable[Unmanaged]) -> list[Shape]:
    return [{"name": one.name, "region": one.region, "kind": one.kind} for one in found]


def _errors(errors: Iterable[LookError]) -> list[Shape]:
    return [{"region": error.region, "message": error.message} for error in errors]


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)
