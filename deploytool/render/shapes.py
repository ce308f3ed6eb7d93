"""The parts of which the JSON contract puts several documents together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from deploytool.domain.doubt import Doubt
from deploytool.domain.report import CommitNote, FileChange, LookError, Remark, ServiceDrift, ServingRow
from deploytool.render.age import stamp

Shape = dict[str, Any]


def service_shape(service: ServiceDrift) -> Shape:
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
        "revisions": [{**revision_shape(row), "scope": row.scope} for row in service.revisions],
        "behind": service.behind,
        "ahead": service.ahead,
        "at_least": service.at_least,
        "stale_since": moment_shape(service.stale_since),
        "commits": [commit_shape(commit) for commit in service.commits],
        "files": file_shapes(service.files),
        "scope": service.scope,
        "doubts": doubt_shapes(service.doubts),
    }


def revision_shape(row: ServingRow) -> Shape:
    return {
        "name": row.name,
        "commit": row.commit,
        "percent": row.percent,
        "deployed_at": moment_shape(row.deployed_at),
        "image": row.image,
        "tags": row.tags,
    }


def commit_shape(commit: CommitNote) -> Shape:
    return {
        "sha": commit.sha,
        "author": commit.author,
        "committed_at": stamp(commit.committed_at),
        "subject": commit.subject,
        "relevance": commit.relevance,
        "files": file_shapes(commit.files),
    }


def file_shapes(files: Iterable[FileChange]) -> list[Shape]:
    return [file_shape(file) for file in files]


def file_shape(file: FileChange) -> Shape:
    return {"path": file.path, "relevance": file.relevance, "chain": file.chain, "note": file.note}


def doubt_shapes(doubts: Iterable[Doubt]) -> list[Shape]:
    return [{"path": doubt.path, "line": doubt.line, "why": doubt.why, "kind": doubt.kind} for doubt in doubts]


def error_shapes(errors: Iterable[LookError]) -> list[Shape]:
    return [{"region": error.region, "message": error.message} for error in errors]


def moment_shape(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def remark_shapes(remarks: Iterable[Remark]) -> list[Shape]:
    return [{"message": remark.message, "hint": remark.hint} for remark in remarks]
