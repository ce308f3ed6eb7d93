"""What serves although no release of ours put it there, written down as what should serve: a person says so."""

from __future__ import annotations

from deploytool.domain.model import Service
from deploytool.domain.plan import Before, Plan
from deploytool.domain.release import Kind
from deploytool.domain.traffic_plan import LATEST, named_rows


def adoption_of(service: Service, *, id: str, commit: str, by: str, reason: str) -> Plan:
    """A plan without a step: `goal` is what serves now. `commit` is "" where git proves none."""
    serving = tuple(row for row in named_rows(service) if row.percent)
    most = max(serving, key=lambda row: row.percent)
    asked = service.desired or LATEST
    latest = any(row.latest and row.percent for row in asked)
    return Plan(
        id=id,
        kind=Kind.ADOPTED,
        place=service.place,
        commit=commit,
        ref=most.revision or "",
        revision=most.revision or "",
        by=by,
        reason=reason,
        tag="",
        steps=(),
        before=Before(asked, serving, latest, service.generation),
        goal=serving,
    )
