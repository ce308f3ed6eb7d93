"""`explain` for machines: what `drift` says about a service, and everything that it is made of."""

from __future__ import annotations

from deploytool.domain.proof import CommitProof, MissingRow, PathProof, ProofReport, ServiceProof, ThirdParty
from deploytool.render.age import stamp
from deploytool.render.shapes import (
    Shape,
    commit_shape,
    doubt_shapes,
    error_shapes,
    file_shape,
    file_shapes,
    remark_shapes,
    service_shape,
)


def explain_shape(report: ProofReport) -> Shape:
    return {
        "schema": "deploytool/explain/1",
        "generated_at": stamp(report.generated_at),
        "target": {"ref": report.target_ref, "commit": report.target_commit},
        "question": report.question,
        "services": [_service(proof) for proof in report.services],
        "path": None if report.path is None else _path(report.path),
        "commit": None if report.commit is None else _commit(report.commit),
        "errors": error_shapes(report.errors),
        "remarks": remark_shapes(report.remarks),
    }


def _service(proof: ServiceProof) -> Shape:
    """As in `drift`, but `files` are all that the service is made of; the ones that differ are `changed`."""
    drift = service_shape(proof.drift)
    changed = drift.pop("files")
    return {
        **drift,
        "changed": changed,
        "command": proof.command,
        "starts": proof.starts,
        "files": file_shapes(proof.files),
        "third_party": [_third_party(one) for one in proof.third_party],
        "missing_modules": [_missing(row) for row in proof.missing_modules],
        "doubts": doubt_shapes(proof.doubts),
        "outside": proof.outside,
    }


def _third_party(one: ThirdParty) -> Shape:
    return {
        "name": one.name,
        "distribution": one.distribution,
        "spec": one.spec,
        "path": one.path,
        "line": one.line,
    }


def _missing(row: MissingRow) -> Shape:
    return {
        "name": row.name,
        "path": row.path,
        "line": row.line,
        "level": row.level,
        "why": row.why,
        "hint": row.hint,
    }


def _path(proof: PathProof) -> Shape:
    return {
        **file_shape(proof.change),
        "path": proof.path,
        "service": proof.service,
        "served": proof.served,
        "places": proof.places,
        "importers": [{"path": one.path, "line": one.line, "reachable": one.reachable} for one in proof.importers],
        "twin": None if proof.twin is None else file_shape(proof.twin),
        "changed": None if proof.changed is None else commit_shape(proof.changed),
        "files": file_shapes(proof.files),
    }


def _commit(proof: CommitProof) -> Shape:
    return {**commit_shape(proof.note), "service": proof.service, "served": proof.served}
