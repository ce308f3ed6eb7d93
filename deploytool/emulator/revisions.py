"""Revisions: frozen copies of a template, and the conditions they go through."""

from __future__ import annotations

import copy
import re
import uuid
from dataclasses import dataclass
from typing import Any

from deploytool.emulator.enums import NUMBERS
from deploytool.emulator.names import short
from deploytool.emulator.stamps import etag_of

SUCCEEDED = "CONDITION_SUCCEEDED"
FAILED = "CONDITION_FAILED"
PENDING = "CONDITION_PENDING"
RECONCILING = "CONDITION_RECONCILING"

NO_START = "The container did not start and listen on the port of the PORT environment variable in time."

Resource = dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """Why a revision is not ready: the API's reason, and a sentence."""

    reason: str
    message: str


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


def finished(revision: Resource, failure: Failure | None, now: str) -> Resource:
    """The revision once it either became ready or failed."""
    result = {key: value for key, value in revision.items() if key != "reconciling"}
    if failure is None:
        states = [condition(kind, SUCCEEDED, now) for kind in ("Ready", "Active", "ResourcesAvailable")]
        states += [condition(kind, SUCCEEDED, now) for kind in ("ContainerHealthy", "ContainerReady")]
    else:
        why = reason_fields(failure.reason) | {"message": failure.message}
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


def asked_to_fail(revision: Resource, reason: str) -> Failure:
    """A failure that the template asks for."""
    if reason_fields(reason).get("revisionReason") == "HEALTH_CHECK_CONTAINER_ERROR":
        return Failure(reason, _not_ready(revision, NO_START))
    return Failure(reason, _not_ready(revision, f"It was asked to fail with {reason}."))


def failed_to_start(revision: Resource, problem: str) -> Failure:
    """A program that was started and did not pass its probe."""
    return Failure("HealthCheckContainerError", _not_ready(revision, f"{NO_START} {problem}"))


def failure_of(revision: Resource, asked: str | None) -> str:
    """What the revision itself says about why it is not ready."""
    ready: Resource = next((c for c in revision.get("conditions") or [] if c.get("type") == "Ready"), {})
    return str(ready.get("message") or asked_to_fail(revision, asked or "RevisionFailed").message)


def _not_ready(revision: Resource, why: str) -> str:
    return f"Revision '{short(revision['name'])}' is not ready and cannot serve traffic. {why}"
