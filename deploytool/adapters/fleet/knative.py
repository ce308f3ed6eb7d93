"""What gcloud prints: Knative v1 objects, in the same words as v2's.

The project is the namespace (a number as a rule), the region a label. While a rollout is under way the
LATEST row of `status.traffic` still names the revision before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploytool.adapters.fleet.container import container_of
from deploytool.adapters.fleet.reading import Reading
from deploytool.adapters.fleet.v2json import NAME, kind_of
from deploytool.domain.model import ConditionState, Kind, Place, Revision, Service, TrafficTarget

LOCATION = "cloud.googleapis.com/location"
OWNER = "serving.knative.dev/service"  # on a revision: its service
STATES = {
    "True": ConditionState.SUCCEEDED,
    "False": ConditionState.FAILED,
    "Unknown": ConditionState.PENDING,
}


def service_of(raw: Mapping[str, Any]) -> Service | None:
    """A v1 service; None when it does not say its name, project and region."""
    reading = Reading()
    metadata, spec, status = (reading.table(raw, key) for key in ("metadata", "spec", "status"))
    labels = reading.texts(metadata, "labels")
    place = _place_of(metadata, labels, metadata.get("name"))
    if place is None:
        return None
    if metadata.get("deletionTimestamp"):
        reading.problems.append("it is being deleted")
    ready, reason, since = _ready_of(reading, status)
    return Service(
        place=place,
        kind=kind_of(labels),
        template=_template_of(reading, reading.table(spec, "template")),
        labels=labels,
        annotations=reading.texts(metadata, "annotations"),
        generation=reading.number(metadata, "generation"),
        observed_generation=reading.number(status, "observedGeneration"),
        reconciling=ready is ConditionState.PENDING,
        ready=ready,
        ready_reason=reason,
        latest_created=reading.text(status, "latestCreatedRevisionName") or None,
        latest_ready=reading.text(status, "latestReadyRevisionName") or None,
        desired=tuple(_row_of(reading, row) for row in reading.rows(spec, "traffic")),
        effective=tuple(_row_of(reading, row) for row in reading.rows(status, "traffic")),
        updated_at=reading.moment(since, "lastTransitionTime"),
        uri=reading.text(status, "url"),
        etag=reading.text(metadata, "resourceVersion"),
        problems=tuple(dict.fromkeys(reading.problems)),
    )


def job_of(raw: Mapping[str, Any]) -> Service | None:
    """A v1 job; None when it does not say its name, project and region."""
    reading = Reading()
    metadata, spec, status = (reading.table(raw, key) for key in ("metadata", "spec", "status"))
    labels = reading.texts(metadata, "labels")
    place = _place_of(metadata, labels, metadata.get("name"))
    if place is None:
        return None
    if metadata.get("deletionTimestamp"):
        reading.problems.append("it is being deleted")
    ready, reason, since = _ready_of(reading, status)
    execution = reading.table(spec, "template")
    task = reading.table(reading.table(reading.table(execution, "spec"), "template"), "spec")
    run = container_of(reading, task, is_job=True)
    about = reading.table(execution, "metadata")
    return Service(
        place=place,
        kind=Kind.JOB,
        template=Revision(
            None,
            run.image,
            reading.texts(about, "labels"),
            reading.texts(about, "annotations"),
            run.env,
            overrides=run.overrides,
            variables=run.variables,
        ),
        labels=labels,
        annotations=reading.texts(metadata, "annotations"),
        generation=reading.number(metadata, "generation"),
        observed_generation=reading.number(status, "observedGeneration"),
        reconciling=ready is ConditionState.PENDING,
        ready=ready,
        ready_reason=reason,
        updated_at=reading.moment(since, "lastTransitionTime"),
        etag=reading.text(metadata, "resourceVersion"),
        problems=tuple(dict.fromkeys(reading.problems)),
    )


def revision_of(raw: Mapping[str, Any]) -> tuple[Place, Revision, tuple[str, ...]] | None:
    """A v1 revision, where it belongs and what was odd; None when it does not say whose it is."""
    reading = Reading()
    metadata, spec, status = (reading.table(raw, key) for key in ("metadata", "spec", "status"))
    labels = reading.texts(metadata, "labels")
    place = _place_of(metadata, labels, labels.get(OWNER))
    name = metadata.get("name")
    if place is None or not isinstance(name, str) or not name:
        return None
    run = container_of(reading, spec)
    revision = Revision(
        name=name,
        image=_with_digest(run.image, reading.text(status, "imageDigest")),
        labels=labels,
        annotations=reading.texts(metadata, "annotations"),
        env=run.env,
        overrides=run.overrides,
        created_at=reading.moment(metadata, "creationTimestamp"),
        ready=_ready_of(reading, status)[0],
    )
    return place, revision, tuple(reading.problems)


def _place_of(metadata: Mapping[str, Any], labels: Mapping[str, str], name: object) -> Place | None:
    """Project, region and name, when all three are there and of Google's grammar."""
    full = f"projects/{metadata.get('namespace')}/locations/{labels.get(LOCATION)}/services/{name}"
    match = NAME.fullmatch(full)
    if match is None or not isinstance(metadata.get("namespace"), str) or LOCATION not in labels:
        return None
    return Place(match["project"], match["region"], match["name"])


def _template_of(reading: Reading, raw: Mapping[str, Any]) -> Revision:
    metadata = reading.table(raw, "metadata")
    run = container_of(reading, reading.table(raw, "spec"))
    return Revision(
        name=reading.text(metadata, "name") or None,
        image=run.image,
        labels=reading.texts(metadata, "labels"),
        annotations=reading.texts(metadata, "annotations"),
        env=run.env,
        overrides=run.overrides,
        variables=run.variables,
    )


def _ready_of(reading: Reading, status: Mapping[str, Any]) -> tuple[ConditionState, str, Mapping[str, Any]]:
    """State and reason of the Ready condition, and the condition itself; unknown when there is none."""
    for condition in reading.rows(status, "conditions"):
        if condition.get("type") != "Ready":
            continue
        state = STATES.get(str(condition.get("status")))
        if state is None:
            reading.problems.append("the state of a condition is one that this version does not know")
        reason = reading.text(condition, "reason") or reading.text(condition, "message")
        return state or ConditionState.UNKNOWN, reason, condition
    return ConditionState.UNKNOWN, "", {}


def _row_of(reading: Reading, raw: Mapping[str, Any]) -> TrafficTarget:
    """One traffic row; what cannot be understood names no revision and has an impossible percent."""
    named = reading.text(raw, "revisionName") or None
    latest = reading.flag(raw, "latestRevision", odd=False)
    understood = latest or isinstance(raw.get("latestRevision", False), bool)
    percent = reading.number(raw, "percent") if "percent" in raw else 0
    return TrafficTarget(
        revision=named if understood else None,
        percent=-1 if percent is None else percent,
        latest=latest,
        tag=reading.text(raw, "tag") or None,
        uri=reading.text(raw, "url") or None,
    )


def _with_digest(image: str, resolved: str) -> str:
    """The image as written, with the digest it was resolved to when that is known."""
    _, at, digest = resolved.partition("@")
    return f"{image}@{digest}" if at and digest.startswith("sha256:") and "@" not in image else image
