"""Revisions: frozen copies of a template, and the conditions they go through."""

from __future__ import annotations

import copy
import re
import uuid
from typing import Any

from deploytool.emulator.enums import NUMBERS
from deploytool.emulator.names import short
from deploytool.emulator.stamps import etag_of

SUCCEEDED = "CONDITION_SUCCEEDED"
FAILED = "CONDITION_FAILED"
PENDING = "CONDITION_PENDING"
RECONCILING = "CONDITION_RECONCILING"

Resource = dict[str, Any]


def born(name: str, service: Resource, template: Resource, now: str) -> Resource:
    """The record of a new revision: the template, frozen, and nothing known about its health."""
    content = {key: copy.deepcopy(value) for key, value in template.items() if key not in {"revision", "healthCheck"}}
    head: Resource = {"name": name, "uid": str(uuid.uuid4()), "generation": "1"}
    for key in ("labels", "annotations"):
        if key in content:
            head[key] = content.pop(key)
    head |= {"createTime": now, "updateTime": now, "launchStage": service.get("launchStage", "GA")}
    head["service"] = short(service["name"])
    tail = {"reconciling": True, "conditions": [condition("Ready", RECONCILING, now)]}
    if "creator" in service:
        tail["creator"] = service["lastModifier"]
    return head | content | tail | {"etag": etag_of(name, "1", now)}


def condition(kind: str, state: str, now: str, **more: str) -> Resource:
    return {"type": kind, "state": state} | more | {"lastTransitionTime": now}


def finished(revision: Resource, failure: str | None, now: str) -> Resource:
    """The revision once it either became ready or failed with `failure`."""
    result = {key: value for key, value in revision.items() if key != "reconciling"}
    if failure is None:
        states = [condition(kind, SUCCEEDED, now) for kind in ("Ready", "Active", "ResourcesAvailable")]
        states += [condition(kind, SUCCEEDED, now) for kind in ("ContainerHealthy", "ContainerReady")]
    else:
        why = reason_fields(failure) | {"message": failure_message(short(revision["name"]), failure)}
        states = [condition(kind, FAILED, now, **why) for kind in ("Ready", "ContainerHealthy")]
        states += [condition("ContainerReady", SUCCEEDED, now), condition("ResourcesAvailable", SUCCEEDED, now)]
    return result | {"conditions": states, "observedGeneration": "1", "updateTime": now}


def retired(revision: Resource, now: str) -> Resource:
    """Healthy, but nobody's traffic: Ready=SUCCEEDED and Active=FAILED are both right then."""
    why = {"revisionReason": "RETIRED"}
    idle = {
        "Ready": condition("Ready", SUCCEEDED, now, **why),
        "Active": condition("Active", FAILED, now, severity="INFO", **why),
        "ResourcesAvailable": condition("ResourcesAvailable", RECONCILING, now, **why),
    }
    return _with_states(revision, idle, now)


def active(revision: Resource, now: str) -> Resource:
    """A retired revision that serves again."""
    names = ("Ready", "Active", "ResourcesAvailable")
    return _with_states(revision, {name: condition(name, SUCCEEDED, now) for name in names}, now)


def _with_states(revision: Resource, changed: dict[str, Resource], now: str) -> Resource:
    kept = [changed.pop(old["type"], old) for old in revision.get("conditions") or []]
    return revision | {"conditions": kept + list(changed.values()), "updateTime": now}


def is_ready(revision: Resource) -> bool:
    return state_of(revision, "Ready") == SUCCEEDED


def is_retired(revision: Resource) -> bool:
    return state_of(revision, "Active") == FAILED


def state_of(revision: Resource, kind: str) -> str | None:
    """The state of one condition; None when the resource does not have it."""
    return next((c.get("state") for c in revision.get("conditions") or [] if c.get("type") == kind), None)


def template_of(revision: Resource) -> Resource | None:
    """The configuration a revision was made of; None when it is not known (an imported bare record)."""
    if not revision.get("containers"):
        return None
    own = {
        "name", "uid", "generation", "createTime", "updateTime", "deleteTime", "expireTime", "launchStage", "service",
        "reconciling", "conditions", "observedGeneration", "logUri", "satisfiesPzs", "scalingStatus", "creator", "etag",
    }  # fmt: skip
    return {key: value for key, value in revision.items() if key not in own}


def reason_fields(failure: str) -> dict[str, str]:
    """`HealthCheckContainerError` in the fields of a v2 condition; an unknown one is REVISION_FAILED."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", failure).upper()
    for field in ("revisionReason", "reason"):
        if name in NUMBERS[field]:
            return {field: name}
    return {"reason": "REVISION_FAILED"}


def failure_message(revision: str, failure: str) -> str:
    if reason_fields(failure).get("revisionReason") == "HEALTH_CHECK_CONTAINER_ERROR":
        why = "The container did not start and listen on the port of the PORT environment variable in time."
    else:
        why = f"It was asked to fail with {failure}."
    return f"Revision '{revision}' is not ready and cannot serve traffic. {why}"
