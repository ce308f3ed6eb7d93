"""What gcloud sends in the Knative v1 shape, as the v2 body it stands for.

The v2 resource is the truth: what v1 has no word for is taken over from the stored resource untouched.
"""

from __future__ import annotations

from typing import Any

from deploytool.emulator import knative_shape as shape
from deploytool.emulator.errors import invalid
from deploytool.emulator.masks import OUTPUT_ONLY
from deploytool.emulator.traffic import LATEST, REVISION

Resource = dict[str, Any]

# v1 annotations that are fields, or the server's own, in v2.
SERVICE_ANNOTATIONS = {
    "run.googleapis.com/client-name": "client",
    "run.googleapis.com/client-version": "clientVersion",
    "run.googleapis.com/description": "description",
    "run.googleapis.com/ingress": "ingress",
    "run.googleapis.com/launch-stage": "launchStage",
}
OWN_ANNOTATIONS = frozenset(
    f"{prefix}/{name}"
    for prefix, names in {
        "serving.knative.dev": ("creator", "lastModifier"),
        "run.googleapis.com": ("ingress-status", "operation-id", "urls"),
    }.items()
    for name in names
)
TEMPLATE_ANNOTATIONS = frozenset(
    {
        shape.MAX_SCALE,
        shape.MIN_SCALE,
        shape.THROTTLING,
        shape.BOOST,
        shape.GENERATION,
        shape.AFFINITY,
        shape.CONNECTOR,
        shape.VPC_EGRESS,
    }
)
SPEC = frozenset(
    {"containerConcurrency", "timeoutSeconds", "serviceAccountName", "containers", "volumes", "nodeSelector"}
)
INGRESS = {text: name for name, text in shape.INGRESS.items()}
ENVIRONMENT = {text: name for name, text in shape.ENVIRONMENT.items()}
EGRESS = {text: name for name, text in shape.EGRESS.items()}


def service_body(sent: Resource, stored: Resource) -> Resource:
    """The v2 body of a v1 create (`stored` is `{}`) or replace."""
    if sent.get("kind") != "Service" or not isinstance(sent.get("spec"), dict):
        raise invalid("Expected a Knative Service: kind, metadata, spec.")
    metadata = sent.get("metadata") or {}
    body = {key: value for key, value in stored.items() if key not in OUTPUT_ONLY}
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k != shape.REGION_LABEL}
    annotations, fields = _split(metadata.get("annotations") or {})
    for key in ("description", "client", "clientVersion"):
        body.pop(key, None)
    body |= fields
    _set(body, "labels", labels)
    _set(body, "annotations", annotations)
    template, old = sent["spec"].get("template") or {}, stored.get("template") or {}
    body["template"] = old if _same(template, old) else template_body(template, old)
    body["traffic"] = [_row(row) for row in sent["spec"].get("traffic") or []]
    if stored and body["traffic"] == _asked_before(stored):
        body["traffic"] = stored.get("traffic") or []
    return body


def _same(sent: Resource, stored: Resource) -> bool:
    """Did the client send back what it read? Then the stored template stays byte for byte."""
    shown = shape.knative_template(stored)
    return bool(stored) and sent.get("spec") == shown["spec"] and (sent.get("metadata") or {}) == shown["metadata"]


def _asked_before(stored: Resource) -> list[Resource]:
    return [{k: v for k, v in row.items() if v} for row in stored.get("traffic") or []]


def _split(annotations: dict[str, str]) -> tuple[dict[str, str], Resource]:
    """Free annotations, and those that are v2 fields."""
    free = {k: v for k, v in annotations.items() if k not in SERVICE_ANNOTATIONS and k not in OWN_ANNOTATIONS}
    fields: Resource = {field: annotations[key] for key, field in SERVICE_ANNOTATIONS.items() if annotations.get(key)}
    if "ingress" in fields:
        fields["ingress"] = _word(INGRESS, fields["ingress"], "ingress")
    return free, fields


def _word(words: dict[str, str], text: str, field: str) -> str:
    if text not in words:
        raise invalid(f"Unknown value '{text}' of {field}; known: {', '.join(sorted(words))}.", field)
    return words[text]


def _set(body: Resource, key: str, value: Any) -> None:
    """Set, or leave out what is empty."""
    if value:
        body[key] = value
    else:
        body.pop(key, None)


def _row(row: Resource) -> Resource:
    """A v1 target; `percent: 0` is as good as none."""
    if row.get("latestRevision"):
        target: Resource = {"type": LATEST}
    else:
        target = {"type": REVISION, "revision": row.get("revisionName")}
    return target | {key: row[key] for key in ("percent", "tag") if row.get(key)}


def template_body(sent: Resource, stored: Resource) -> Resource:
    """The v2 template of a v1 one; fields v1 cannot say are kept from `stored`."""
    metadata, spec = sent.get("metadata") or {}, sent.get("spec") or {}
    annotations = metadata.get("annotations") or {}
    if unknown := sorted(key for key in spec if spec[key] and key not in SPEC):
        raise invalid(f"The embedded Cloud Run does not know spec.template.spec.{unknown[0]}.", "spec.template.spec")
    body = dict(stored)
    _set(body, "revision", metadata.get("name"))
    _set(body, "labels", metadata.get("labels"))
    _set(body, "annotations", {k: v for k, v in annotations.items() if k not in TEMPLATE_ANNOTATIONS})
    _set(body, "maxInstanceRequestConcurrency", spec.get("containerConcurrency"))
    _set(body, "timeout", f"{spec['timeoutSeconds']}s" if spec.get("timeoutSeconds") else None)
    _set(body, "serviceAccount", spec.get("serviceAccountName"))
    _set(body, "nodeSelector", spec.get("nodeSelector"))
    _set(body, "volumes", [_volume(volume) for volume in spec.get("volumes") or []])
    _annotated(body, annotations)
    known = {c.get("name"): c for c in stored.get("containers") or []}
    sent_containers = spec.get("containers") or []
    body["containers"] = [_container(c, known.get(c.get("name"), {}), annotations) for c in sent_containers]
    return body


def _annotated(body: Resource, annotations: dict[str, str]) -> None:
    """The fields that v1 keeps in annotations."""
    scaling = {
        k: v for k, v in (body.get("scaling") or {}).items() if k not in {"minInstanceCount", "maxInstanceCount"}
    }
    for field, key in (("minInstanceCount", shape.MIN_SCALE), ("maxInstanceCount", shape.MAX_SCALE)):
        if annotations.get(key):
            scaling[field] = _number(annotations[key], key)
    _set(body, "scaling", scaling)
    generation = annotations.get(shape.GENERATION)
    _set(body, "executionEnvironment", _word(ENVIRONMENT, generation, shape.GENERATION) if generation else None)
    _set(body, "sessionAffinity", _is(annotations, shape.AFFINITY, "true"))
    vpc = {k: v for k, v in (body.get("vpcAccess") or {}).items() if k not in {"connector", "egress"}}
    _set(vpc, "connector", annotations.get(shape.CONNECTOR))
    egress = annotations.get(shape.VPC_EGRESS)
    _set(vpc, "egress", _word(EGRESS, egress, shape.VPC_EGRESS) if egress else None)
    _set(body, "vpcAccess", vpc)


def _is(annotations: dict[str, str], key: str, text: str) -> bool:
    """gcloud writes booleans as Python does: False."""
    return str(annotations.get(key, "")).lower() == text


def _number(text: str, key: str) -> int:
    if not str(text).isdigit():
        raise invalid(f"'{key}' is a number, not '{text}'.", key)
    return int(text)


def _container(sent: Resource, stored: Resource, annotations: dict[str, str]) -> Resource:
    result = {
        key: value for key, value in sent.items() if key not in {"env", "resources"} and value not in ("", {}, [])
    }
    if sent.get("env"):
        result["env"] = [_variable(entry) for entry in sent["env"]]
    resources = {k: v for k, v in (stored.get("resources") or {}).items() if k not in {"limits", "startupCpuBoost"}}
    _set(resources, "limits", (sent.get("resources") or {}).get("limits"))
    resources["cpuIdle"] = not _is(annotations, shape.THROTTLING, "false")
    _set(resources, "startupCpuBoost", _is(annotations, shape.BOOST, "true"))
    return result | {"resources": resources}


def _variable(entry: Resource) -> Resource:
    secret = (entry.get("valueFrom") or {}).get("secretKeyRef")
    if not secret:
        return dict(entry)
    reference = {"secret": secret.get("name"), "version": secret.get("key")}
    return {"name": entry["name"], "valueSource": {"secretKeyRef": reference}}


def _volume(volume: Resource) -> Resource:
    secret = volume.get("secret")
    if not secret:
        return dict(volume)
    items = [{"version": i.get("key"), "path": i.get("path")} for i in secret.get("items") or []]
    return volume | {"secret": {"secret": secret.get("secretName"), "items": items}}
