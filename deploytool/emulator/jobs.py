"""Jobs: a template and no traffic; the emulator stores them and does not execute them."""

from __future__ import annotations

import uuid
from typing import Any

from deploytool.emulator import revisions, templates
from deploytool.emulator.errors import invalid
from deploytool.emulator.masks import OUTPUT_ONLY
from deploytool.emulator.services import Moment
from deploytool.emulator.stamps import etag_of

Resource = dict[str, Any]


def created_job(name: str, body: Resource, moment: Moment) -> Resource:
    """A new job, reconciling; 400 when the body cannot be one."""
    sent = {key: value for key, value in templates.without_nulls(body).items() if key not in OUTPUT_ONLY}
    _check_template(sent.get("template"))
    job: Resource = {"name": name, "uid": str(uuid.uuid4()), "creator": moment.actor, "lastModifier": moment.actor}
    job |= {"createTime": moment.now, "launchStage": "GA"} | sent
    return _written(job, "1", moment.now)


def patched_job(old: Resource, wanted: Resource, moment: Moment) -> Resource | None:
    """`wanted` is `old` with the masked fields replaced; None when that changes nothing."""
    job = templates.without_nulls(wanted)
    _check_template(job.get("template"))
    if job == old:
        return None
    return _written(job | {"lastModifier": moment.actor}, str(int(old.get("generation") or 0) + 1), moment.now)


def deleted_job(job: Resource, now: str, expires: str) -> Resource:
    generation = str(int(job.get("generation") or 0) + 1)
    return _written(job | {"deleteTime": now, "expireTime": expires}, generation, now)


def settled_job(job: Resource, now: str) -> Resource:
    result = {key: value for key, value in job.items() if key != "reconciling"}
    result["terminalCondition"] = revisions.condition("Ready", revisions.SUCCEEDED, now)
    return result | {"observedGeneration": job["generation"]}


def _check_template(template: Any) -> None:
    inner = template.get("template") if isinstance(template, dict) else None
    if not isinstance(inner, dict) or not inner.get("containers"):
        raise invalid("A job's template needs at least one container.", "job.template.template.containers")


def _written(job: Resource, generation: str, now: str) -> Resource:
    state = {"terminalCondition": {"type": "Ready", "state": revisions.PENDING}, "reconciling": True}
    return job | state | {"generation": generation, "updateTime": now, "etag": etag_of(job["name"], generation, now)}
