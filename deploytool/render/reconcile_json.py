"""`reconcile` in the JSON contract: findings as those of `check`, each with the way it can be mended."""

from __future__ import annotations

from deploytool.domain.finding import Severity
from deploytool.domain.reconcile import Item
from deploytool.domain.reconcile_report import Mended, ReconcileReport
from deploytool.render.age import stamp
from deploytool.render.check_json import finding_shape
from deploytool.render.shapes import Shape, error_shapes


def reconcile_shape(report: ReconcileReport) -> Shape:
    found = [item.finding.severity for item in report.items]
    return {
        "schema": "deploytool/reconcile/1",
        "generated_at": stamp(report.generated_at),
        "since": stamp(report.since),
        "verdict": report.verdict,
        "counts": {
            **{severity.value: found.count(severity) for severity in Severity},
            "mendable": sum(item.mend is not None for item in report.items),
        },
        "findings": [_item(item) for item in report.items],
        "fixing": report.fixing,
        "mended": [_mended(one) for one in report.mended],
        "services": report.services,
        "errors": error_shapes(report.errors),
        "remarks": report.remarks,
    }


def _item(item: Item) -> Shape:
    return {
        "id": item.id,
        **finding_shape(item.finding),
        "region": item.place.region if item.place else None,
        "mend": None if item.mend is None else {"kind": item.mend.kind, "said": item.mend.said},
    }


def _mended(one: Mended) -> Shape:
    item = one.item
    return {
        "id": item.id,
        "service": item.finding.service,
        "region": item.place.region if item.place else None,
        "kind": None if item.mend is None else item.mend.kind,
        "word": one.word,
        "said": one.said,
    }
