"""`handoff` and `handoff --check` in the JSON contract."""

from __future__ import annotations

from collections import Counter

from deploytool.domain.claim import Claimed
from deploytool.domain.handoff_check_report import HandoffCheckReport, RowTruth
from deploytool.domain.handoff_report import HandoffReport
from deploytool.domain.release import Release
from deploytool.domain.spoken_time import Truth
from deploytool.render.age import stamp
from deploytool.render.check_json import finding_shape
from deploytool.render.shapes import Shape, error_shapes, moment_shape, remark_shapes, revision_shape, service_shape


def handoff_shape(report: HandoffReport) -> Shape:
    drift = report.drift
    return {
        "schema": "deploytool/handoff/1",
        "generated_at": stamp(report.generated_at),
        "since": stamp(report.since),
        "target": {"ref": drift.target_ref, "commit": drift.target_commit},
        "services": [service_shape(service) for service in drift.services],
        "ended": None
        if report.ended is None
        else [_release(release, str(release.outcome)) for release in report.ended],
        "open": [_release(release, str(standing)) for release, standing in report.opened],
        "locked": None
        if report.held is None
        else [
            {
                "id": one.lease.id,
                "service": one.service,
                "region": one.region,
                "holder": one.lease.holder.who,
                "reason": one.lease.holder.reason,
                "age_seconds": round(one.age, 3),
                "seconds_left": round(one.seconds_left, 3),
            }
            for one in report.held
        ],
        "next": [{"command": step.command, "why": step.why} for step in report.steps],
        "unmanaged": [{"name": one.name, "region": one.region, "kind": one.kind} for one in drift.unmanaged],
        "errors": error_shapes(report.blind),
        "remarks": remark_shapes(drift.remarks),
    }


def _release(release: Release, word: str) -> Shape:
    return {
        "id": release.id,
        "kind": release.kind,
        "service": release.place.name,
        "region": release.place.region,
        "commit": release.commit,
        "by": release.by,
        "started_at": stamp(release.started_at),
        "ended_at": moment_shape(release.ended_at),
        "outcome": word,
        "reason": release.reason,
    }


def handoff_check_shape(report: HandoffCheckReport) -> Shape:
    counts = Counter(report.truths)
    return {
        "schema": "deploytool/handoff-check/1",
        "generated_at": stamp(report.generated_at),
        "page": report.page,
        "counts": {truth.value: counts[truth] for truth in Truth},
        "rows": [_row(row) for row in report.rows],
        "claims": [_claim(claim) for claim in report.claims],
        "missing": [{"name": one.name, "region": one.region, "verdict": one.verdict} for one in report.missing],
        "findings": [finding_shape(finding) for finding in report.findings],
        "cut": report.cut,
        "errors": error_shapes(report.errors),
        "remarks": remark_shapes(report.remarks),
    }


def _row(row: RowTruth) -> Shape:
    return {
        "line": row.line,
        "service": row.service,
        "truth": row.truth,
        "cells": [
            {"column": cell.column, "said": cell.said, "truth": cell.truth, "fact": cell.fact} for cell in row.cells
        ],
        "revision": None if row.serving is None else revision_shape(row.serving),
        "verdict": None if row.drift is None else row.drift.verdict,
        "reason": "" if row.drift is None else row.drift.reason,
    }


def _claim(claim: Claimed) -> Shape:
    return {
        "line": claim.line,
        "said": claim.said,
        "asked_as": claim.asked_as,
        "service": claim.service,
        "region": claim.region,
        "truth": claim.truth,
        "reason": claim.reason,
        "evidence": [
            {
                "sha": one.sha,
                "subject": one.subject,
                "committed_at": stamp(one.committed_at),
                "contains": one.contains,
                "files": [{"path": path, "relevance": relevance} for path, relevance in one.files],
                "reason": one.reason,
            }
            for one in claim.evidence
        ],
    }
