"""`verify` in the JSON contract."""

from __future__ import annotations

from deploytool.domain.check import Answer, CheckResult
from deploytool.domain.verify_report import ServiceChecks, VerifyReport, count_of
from deploytool.render.age import stamp
from deploytool.render.shapes import Shape


def verify_shape(report: VerifyReport) -> Shape:
    results = report.results
    return {
        "schema": "deploytool/verify/1",
        "generated_at": stamp(report.generated_at),
        "verdict": report.verdict,
        "counts": {
            **{answer.value: count_of(answer, results) for answer in Answer},
            "warning": report.warnings,
            "unchecked": len(report.unchecked),
        },
        "services": [_service(one) for one in report.services],
    }


def _service(one: ServiceChecks) -> Shape:
    return {
        "name": one.name,
        "kind": one.kind,
        "region": one.region,
        "standing": one.standing,
        "reason": one.unseen,
        "revisions": [{"name": revision.name, "percent": revision.percent} for revision in one.revisions],
        "checks": [_check(result) for result in one.results],
    }


def _check(result: CheckResult) -> Shape:
    return {
        "name": result.name,
        "kind": result.kind,
        "answer": result.answer,
        "required": result.required,
        "said": result.said,
        "seconds": result.seconds,
    }
