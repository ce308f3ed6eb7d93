"""An edit as a PATCH body and its mask, made from the service as it came: what has no name here stays byte for byte.

The typed client would lose every field that it does not know; so writes are JSON, read and sent.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from deploytool.domain.edit import Edit, NewRevision
from deploytool.domain.model import TrafficTarget
from deploytool.domain.template import ingress_of
from deploytool.errors import CouldNotLook

Json = dict[str, Any]
TYPE = "TRAFFIC_TARGET_ALLOCATION_TYPE_"


def etag_of(raw: Mapping[str, Any]) -> str:
    """What makes a change one of that very state. Raises CouldNotLook: Cloud Run takes a change without it anyway."""
    etag = raw.get("etag")
    if isinstance(etag, str) and etag:
        return etag
    raise CouldNotLook(
        f"Cloud Run's answer has no etag of {raw.get('name')}: a change could overwrite somebody else's.",
        hint="Is a proxy in between? Run it again.",
    )


def patch_of(raw: Mapping[str, Any], edit: Edit) -> tuple[Json, str]:
    """The body of a PATCH, with the etag of what was read, and its update mask."""
    body: Json = {"name": raw["name"], "etag": etag_of(raw)}
    mask: list[str] = []
    if edit.revision is not None:
        template = template_of(raw.get("template") or {}, edit.revision)
        body["template"] = template
        mask += ["template.revision", "template.labels", "template.containers"]
        if edit.revision.changes.annotations:
            mask.append("template.annotations")
        if edit.revision.changes.min_instances is not None:
            mask.append("template.scaling")
    if edit.traffic is not None:
        body["traffic"] = traffic_of(edit.traffic)
        mask.append("traffic")
    if edit.labels:
        body["labels"] = merged_labels(raw.get("labels") or {}, edit.labels)
        mask.append("labels")
    return body, ",".join(mask)


def job_patch_of(raw: Mapping[str, Any], edit: Edit) -> tuple[Json, str]:
    """The same for a job, whose containers lie one level deeper."""
    body: Json = {"name": raw["name"], "etag": etag_of(raw)}
    mask = []
    if edit.revision is not None:
        body["template"] = job_template_of(raw.get("template") or {}, edit.revision)
        mask += ["template.labels", "template.template.containers"]
    if edit.labels:
        body["labels"] = merged_labels(raw.get("labels") or {}, edit.labels)
        mask.append("labels")
    return body, ",".join(mask)


def job_template_of(stored: Mapping[str, Any], wanted: NewRevision) -> Json:
    """The stored execution template with our image, labels and variables in it."""
    template = copy.deepcopy(dict(stored))
    labels = dict(template.get("labels") or {}) | dict(wanted.changes.labels)
    template["labels"] = {name: value for name, value in labels.items() if value}
    container = template.setdefault("template", {}).setdefault("containers", [{}])[0]
    container["image"] = wanted.image
    _set_env(container, wanted.changes.env)
    _take_away(container, wanted.without)
    return template


def new_job(edit: Edit) -> Json:
    """The body of a create: one container, and Cloud Run's own defaults."""
    assert edit.revision is not None
    body: Json = {"template": job_template_of({}, edit.revision)}
    labels = merged_labels({}, edit.labels)
    return body | ({"labels": labels} if labels else {})


def new_service(edit: Edit) -> Json:
    """The body of a create: one container, and Cloud Run's own defaults."""
    assert edit.revision is not None
    container = {"image": edit.revision.image}
    body: Json = {"template": template_of({"containers": [container]}, edit.revision)}
    labels = merged_labels({}, edit.labels)
    if labels:
        body["labels"] = labels
    if edit.traffic is not None:
        body["traffic"] = traffic_of(edit.traffic)
    return body


def traffic_of(rows: Sequence[TrafficTarget]) -> list[Json]:
    """Rows as the API takes them; a row without percent has none."""
    result = []
    for row in rows:
        shown: Json = {"type": TYPE + ("LATEST" if row.latest else "REVISION")}
        if not row.latest:
            shown["revision"] = row.revision
        if row.percent:
            shown["percent"] = row.percent
        if row.tag:
            shown["tag"] = row.tag
        result.append(shown)
    return result


def template_of(stored: Mapping[str, Any], wanted: NewRevision) -> Json:
    """The stored template with our image, labels, variables and settings in it, and nothing else changed."""
    template = copy.deepcopy(dict(stored))
    changes = wanted.changes
    template["revision"] = wanted.name
    template["labels"] = dict(template.get("labels") or {}) | dict(changes.labels)
    if changes.annotations:
        template["annotations"] = dict(template.get("annotations") or {}) | dict(changes.annotations)
    container = ingress_of(template.setdefault("containers", [{}]))
    container["image"] = wanted.image
    _set_env(container, changes.env)
    if changes.min_instances is not None:
        template["scaling"] = dict(template.get("scaling") or {}) | {"minInstanceCount": changes.min_instances}
    if changes.cpu_throttling is not None:
        container["resources"] = dict(container.get("resources") or {}) | {"cpuIdle": changes.cpu_throttling}
    return template


def merged_labels(stored: Mapping[str, str], wanted: Mapping[str, str | None]) -> dict[str, str]:
    """The stored labels with ours set, and those taken away that are wanted as None."""
    merged: dict[str, str | None] = {**stored, **wanted}
    return {name: value for name, value in merged.items() if value is not None}


def _set_env(container: Json, wanted: Mapping[str, str]) -> None:
    """By name: the order and every other variable stay, and one that comes from a secret is never overwritten."""
    left = dict(wanted)
    for entry in container.get("env") or []:
        if entry.get("name") in left:
            value = left.pop(entry["name"])
            if "valueSource" not in entry:
                entry["value"] = value
    if left:
        container.setdefault("env", []).extend({"name": name, "value": value} for name, value in left.items())


def _take_away(container: Json, names: Sequence[str]) -> None:
    """What comes from a secret is somebody else's, whatever its name."""
    kept = [entry for entry in container.get("env") or [] if entry.get("name") not in names or "valueSource" in entry]
    if names and kept:
        container["env"] = kept
    elif names:
        container.pop("env", None)
