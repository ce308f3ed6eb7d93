"""Cloud Run Admin API v2 objects, as JSON, in our own words. Enums come as names or as numbers.

Nothing here raises on odd content: it is recorded in `Service.problems`, so that it ends as unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deploytool.adapters.fleet.container import container_of
from deploytool.adapters.fleet.reading import Reading
from deploytool.domain.model import ConditionState, Kind, Place, Revision, Service, TrafficTarget

STATES = {
    "STATE_UNSPECIFIED": ConditionState.UNKNOWN,
    "CONDITION_PENDING": ConditionState.PENDING,
    "CONDITION_RECONCILING": ConditionState.PENDING,
    "CONDITION_FAILED": ConditionState.FAILED,
    "CONDITION_SUCCEEDED": ConditionState.SUCCEEDED,
    0: ConditionState.UNKNOWN,
    1: ConditionState.PENDING,
    2: ConditionState.PENDING,
    3: ConditionState.FAILED,
    4: ConditionState.SUCCEEDED,
}
LATEST = ("TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", 1)
BY_NAME = ("TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", 2)

NAME = re.compile(
    r"projects/(?P<project>[a-z0-9][a-z0-9.:-]{0,99})/locations/(?P<region>[a-z][a-z0-9-]{0,49})"
    r"/(?P<collection>services|jobs)/(?P<name>[a-z][a-z0-9-]{0,62})(?:/revisions/(?P<revision>[a-z][a-z0-9-]{0,99}))?"
)


def service_of(raw: Mapping[str, Any]) -> Service | None:
    """A v2 service; None when its name does not say which one it is."""
    place = _place_of(raw, "services")
    if place is None:
        return None
    reading = Reading()
    labels, annotations = reading.texts(raw, "labels"), reading.texts(raw, "annotations")
    ready, reason = _condition_of(reading, reading.table(raw, "terminalCondition"))
    return Service(
        place=place,
        kind=kind_of(labels),
        template=template_of(reading, reading.table(raw, "template")),
        labels=labels,
        annotations=annotations,
        generation=reading.number(raw, "generation"),
        observed_generation=reading.number(raw, "observedGeneration"),
        reconciling=reading.flag(raw, "reconciling", odd=True),
        ready=ready,
        ready_reason=reason,
        latest_created=_short(reading.text(raw, "latestCreatedRevision")),
        latest_ready=_short(reading.text(raw, "latestReadyRevision")),
        desired=tuple(_row_of(reading, row) for row in reading.rows(raw, "traffic")),
        effective=tuple(_row_of(reading, row) for row in reading.rows(raw, "trafficStatuses")),
        updated_at=reading.moment(raw, "updateTime"),
        uri=reading.text(raw, "uri"),
        etag=reading.text(raw, "etag"),
        problems=_problems_of(reading, raw),
    )


def job_of(raw: Mapping[str, Any]) -> Service | None:
    """A v2 job: its template is its only revision. None when its name does not say which one it is."""
    place = _place_of(raw, "jobs")
    if place is None:
        return None
    reading = Reading()
    ready, reason = _condition_of(reading, reading.table(raw, "terminalCondition"))
    execution = reading.table(raw, "template")
    run = container_of(reading, reading.table(execution, "template"), is_job=True)
    return Service(
        place=place,
        kind=Kind.JOB,
        template=Revision(
            None,
            run.image,
            reading.texts(execution, "labels"),
            reading.texts(execution, "annotations"),
            run.env,
            overrides=run.overrides,
            variables=run.variables,
        ),
        labels=reading.texts(raw, "labels"),
        annotations=reading.texts(raw, "annotations"),
        generation=reading.number(raw, "generation"),
        observed_generation=reading.number(raw, "observedGeneration"),
        reconciling=reading.flag(raw, "reconciling", odd=True),
        ready=ready,
        ready_reason=reason,
        updated_at=reading.moment(raw, "updateTime"),
        etag=reading.text(raw, "etag"),
        problems=_problems_of(reading, raw),
    )


def revision_of(raw: Mapping[str, Any]) -> tuple[Place, Revision, tuple[str, ...]] | None:
    """A v2 revision, where it belongs and what was odd; None when its name does not say which one it is."""
    name = raw.get("name")
    match = NAME.fullmatch(name) if isinstance(name, str) else None
    if match is None or match["revision"] is None or match["collection"] != "services":
        return None
    reading = Reading()
    run = container_of(reading, raw)
    revision = Revision(
        name=match["revision"],
        image=run.image,
        labels=reading.texts(raw, "labels"),
        annotations=reading.texts(raw, "annotations"),
        env=run.env,
        overrides=run.overrides,
        created_at=reading.moment(raw, "createTime"),
        ready=_ready_among(reading, raw),
    )
    return Place(match["project"], match["region"], match["name"]), revision, tuple(reading.problems)


def template_of(reading: Reading, raw: Mapping[str, Any]) -> Revision:
    """A service's template; it carries a name only when the person who wrote it chose one."""
    run = container_of(reading, raw)
    labels, annotations = reading.texts(raw, "labels"), reading.texts(raw, "annotations")
    name = _short(reading.text(raw, "revision"))
    return Revision(name, run.image, labels, annotations, run.env, overrides=run.overrides, variables=run.variables)


def kind_of(labels: Mapping[str, str]) -> Kind:
    """Functions of the second generation are services that Cloud Functions manages."""
    return Kind.FUNCTION if labels.get("goog-managed-by") == "cloudfunctions" else Kind.SERVICE


def _place_of(raw: Mapping[str, Any], collection: str) -> Place | None:
    name = raw.get("name")
    match = NAME.fullmatch(name) if isinstance(name, str) else None
    if match is None or match["collection"] != collection or match["revision"] is not None:
        return None
    return Place(match["project"], match["region"], match["name"])


def _short(name: str) -> str | None:
    return name.rpartition("/")[2] or None


def _problems_of(reading: Reading, raw: Mapping[str, Any]) -> tuple[str, ...]:
    """What was odd here, and what the file that carries this object had already found odd."""
    carried = raw.get("problems")
    if isinstance(carried, list):
        reading.problems.extend(problem for problem in carried if isinstance(problem, str))
    elif carried is not None:
        reading.odd("problems", "a list", carried)
    if raw.get("deleteTime"):
        reading.problems.append("it is being deleted")
    return tuple(dict.fromkeys(reading.problems))


def _condition_of(reading: Reading, raw: Mapping[str, Any]) -> tuple[ConditionState, str]:
    """State and reason. A state that this version does not know is a problem, never healthy."""
    found = raw.get("state", 0)
    state = STATES.get(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else None
    if state is None:
        reading.problems.append("the state of a condition is one that this version does not know")
    for key in ("reason", "revisionReason", "executionReason", "message"):
        reason = raw.get(key)
        if isinstance(reason, str) and reason:
            return state or ConditionState.UNKNOWN, reason
    return state or ConditionState.UNKNOWN, ""


def _ready_among(reading: Reading, raw: Mapping[str, Any]) -> ConditionState:
    """A revision's Ready condition; others may fail for information only, as those of a retired one do."""
    for condition in reading.rows(raw, "conditions"):
        if condition.get("type") == "Ready":
            return _condition_of(reading, condition)[0]
    return ConditionState.UNKNOWN


def _row_of(reading: Reading, raw: Mapping[str, Any]) -> TrafficTarget:
    """One traffic row; what cannot be understood names no revision and has an impossible percent."""
    allocation = raw.get("type")
    latest, by_name = allocation in LATEST, allocation in BY_NAME
    if isinstance(allocation, bool) or not (latest or by_name):
        reading.problems.append("a traffic row has a type that this version does not know")
        latest = by_name = False
    percent = reading.number(raw, "percent") if "percent" in raw else 0
    return TrafficTarget(
        revision=(_short(reading.text(raw, "revision")) if latest or by_name else None),
        percent=-1 if percent is None else percent,
        latest=latest,
        tag=reading.text(raw, "tag") or None,
        uri=reading.text(raw, "uri") or None,
    )
