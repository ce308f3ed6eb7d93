"""v2 resources in the Knative v1 shape that gcloud reads."""

from __future__ import annotations

import json
import re
from typing import Any

from deploytool.emulator.addresses import service_uri
from deploytool.emulator.names import short
from deploytool.emulator.traffic import LATEST

Resource = dict[str, Any]

API = "serving.knative.dev/v1"
STATUS = {"CONDITION_SUCCEEDED": "True", "CONDITION_FAILED": "False"}  # anything else is Unknown
INGRESS = {
    "INGRESS_TRAFFIC_ALL": "all",
    "INGRESS_TRAFFIC_INTERNAL_ONLY": "internal",
    "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER": "internal-and-cloud-load-balancing",
}
ENVIRONMENT = {"EXECUTION_ENVIRONMENT_GEN1": "gen1", "EXECUTION_ENVIRONMENT_GEN2": "gen2"}
EGRESS = {"ALL_TRAFFIC": "all-traffic", "PRIVATE_RANGES_ONLY": "private-ranges-only"}

MAX_SCALE = "autoscaling.knative.dev/maxScale"
MIN_SCALE = "autoscaling.knative.dev/minScale"
THROTTLING = "run.googleapis.com/cpu-throttling"
BOOST = "run.googleapis.com/startup-cpu-boost"
GENERATION = "run.googleapis.com/execution-environment"
AFFINITY = "run.googleapis.com/sessionAffinity"
CONNECTOR = "run.googleapis.com/vpc-access-connector"
VPC_EGRESS = "run.googleapis.com/vpc-access-egress"
REGION_LABEL = "cloud.googleapis.com/location"


def knative_service(service: Resource, base: str) -> Resource:
    """`kubectl`-like: metadata, spec, status. `base` is the address that URLs begin with."""
    spec: Resource = {"template": knative_template(service.get("template") or {})}
    spec["traffic"] = [_asked(row) for row in service.get("traffic") or []] or [
        {"percent": 100, "latestRevision": True}
    ]
    return {
        "apiVersion": API,
        "kind": "Service",
        "metadata": _service_metadata(service),
        "spec": spec,
        "status": _service_status(service, base),
    }


def resource_version(resource: Resource) -> str:
    """The etag without its quotes: what a replace must repeat."""
    return str(resource.get("etag", "")).strip('"')


def _metadata(resource: Resource) -> Resource:
    _, project, _, region, *_ = resource["name"].split("/")
    found = {
        "name": short(resource["name"]),
        "namespace": project,
        "uid": resource.get("uid"),
        "resourceVersion": resource_version(resource) or None,
        "generation": int(resource.get("generation") or 0),
        "creationTimestamp": resource.get("createTime"),
        "deletionTimestamp": resource.get("deleteTime"),
        "labels": {**(resource.get("labels") or {}), REGION_LABEL: region},
        "annotations": dict(resource.get("annotations") or {}),
    }
    return {key: value for key, value in found.items() if value is not None}


def _service_metadata(service: Resource) -> Resource:
    metadata = _metadata(service)
    project, name = metadata["namespace"], metadata["name"]
    metadata["selfLink"] = f"/apis/{API}/namespaces/{project}/services/{name}"
    extra = {
        "serving.knative.dev/creator": service.get("creator"),
        "serving.knative.dev/lastModifier": service.get("lastModifier"),
        "run.googleapis.com/client-name": service.get("client"),
        "run.googleapis.com/client-version": service.get("clientVersion"),
        "run.googleapis.com/description": service.get("description"),
        "run.googleapis.com/ingress": INGRESS.get(service.get("ingress", "")),
        "run.googleapis.com/ingress-status": INGRESS.get(service.get("ingress", "")),
    }
    metadata["annotations"] |= {key: value for key, value in extra.items() if value}
    if service.get("launchStage") not in {None, "GA"}:
        metadata["annotations"]["run.googleapis.com/launch-stage"] = service["launchStage"]
    return metadata


def _looked_at(service: Resource) -> str | None:
    """In v1 it is the generation that was last tried, also in vain; in v2 the one that was last carried out."""
    return service.get("observedGeneration" if service.get("reconciling") else "generation")


def _service_status(service: Resource, base: str) -> Resource:
    latest = short(service.get("latestReadyRevision") or "")
    ready = service.get("terminalCondition") or {}
    conditions = [ready | {"type": "Ready"}] if ready else []
    conditions += service.get("conditions") or []
    status: Resource = {
        "observedGeneration": int(_looked_at(service) or 0),
        "conditions": [knative_condition(c) for c in conditions if c.get("type")],
    }
    for key, field in (("latestReadyRevisionName", "latestReadyRevision"), ("latestCreatedRevisionName", "latestCreatedRevision")):  # fmt: skip # noqa: E501
        if service.get(field):
            status[key] = short(service[field])
    if latest:
        url = service_uri(service["name"], base)
        status |= {"url": url, "address": {"url": url}}
    if service.get("trafficStatuses"):
        status["traffic"] = [_effective(row, latest, service["name"], base) for row in service["trafficStatuses"]]
    return status


def _asked(row: Resource) -> Resource:
    target: Resource = {"latestRevision": True} if row.get("type") == LATEST else {"revisionName": row.get("revision")}
    return target | {key: row[key] for key in ("percent", "tag") if row.get(key)}


def _effective(row: Resource, latest: str, name: str, base: str) -> Resource:
    """The LATEST row names the revision that serves now, which during a rollout is still the old one."""
    target = _asked(row) | {"revisionName": latest if row.get("type") == LATEST else short(row["revision"])}
    if row.get("tag"):
        target["url"] = service_uri(name, base, row["tag"])
    return target


def knative_condition(condition: Resource) -> Resource:
    state = condition.get("state", "")
    reason = condition.get("revisionReason") or condition.get("reason")
    found = {
        "type": condition["type"],
        "status": STATUS.get(state, "Unknown"),
        "reason": _camel(reason) if reason else ("Deploying" if STATUS.get(state) is None else None),
        "message": condition.get("message") or ("Deploying." if STATUS.get(state) is None else None),
        "severity": str(condition.get("severity", "")).capitalize() or None,
        "lastTransitionTime": condition.get("lastTransitionTime"),
    }
    return {key: value for key, value in found.items() if value is not None}


def _camel(reason: str) -> str:
    return "".join(word.capitalize() for word in reason.split("_"))


def knative_revision(revision: Resource) -> Resource:
    metadata = _metadata(revision)
    service = revision.get("service", "")
    own = {"serving.knative.dev/service": service, "serving.knative.dev/configuration": service}
    metadata["labels"] |= own
    template = knative_template(revision)
    metadata["annotations"] = template["metadata"].get("annotations", {})
    if revision.get("creator"):
        metadata["annotations"]["serving.knative.dev/creator"] = revision["creator"]
    metadata["selfLink"] = f"/apis/{API}/namespaces/{metadata['namespace']}/revisions/{metadata['name']}"
    status: Resource = {"conditions": [knative_condition(c) for c in revision.get("conditions") or []]}
    status["observedGeneration"] = int(revision.get("observedGeneration") or 0)
    image = str((revision.get("containers") or [{}])[0].get("image", ""))
    if "@sha256:" in image:
        status["imageDigest"] = image
    return {"apiVersion": API, "kind": "Revision", "metadata": metadata, "spec": template["spec"], "status": status}


def knative_template(template: Resource) -> Resource:
    """Template (or revision) in the v1 shape: scaling and the like become annotations there."""
    metadata: Resource = {}
    if template.get("revision"):
        metadata["name"] = template["revision"]
    if template.get("labels"):
        metadata["labels"] = dict(template["labels"])
    annotations = {**(template.get("annotations") or {}), **_annotations(template)}
    if annotations:
        metadata["annotations"] = annotations
    spec: Resource = {}
    if "maxInstanceRequestConcurrency" in template:
        spec["containerConcurrency"] = template["maxInstanceRequestConcurrency"]
    if re.fullmatch(r"\d+s", str(template.get("timeout", ""))):
        spec["timeoutSeconds"] = int(template["timeout"][:-1])
    if template.get("serviceAccount"):
        spec["serviceAccountName"] = template["serviceAccount"]
    if template.get("nodeSelector"):
        spec["nodeSelector"] = dict(template["nodeSelector"])
    spec["containers"] = [_container(container) for container in template.get("containers") or []]
    if template.get("volumes"):
        spec["volumes"] = [_volume(volume) for volume in template["volumes"]]
    return {"metadata": metadata, "spec": spec}


def _annotations(template: Resource) -> dict[str, str]:
    scaling, vpc = template.get("scaling") or {}, template.get("vpcAccess") or {}
    resources = ((template.get("containers") or [{}])[0]).get("resources") or {}
    found = {
        MAX_SCALE: scaling.get("maxInstanceCount"),
        MIN_SCALE: scaling.get("minInstanceCount"),
        THROTTLING: "false" if resources.get("cpuIdle") is False else None,
        BOOST: "true" if resources.get("startupCpuBoost") else None,
        GENERATION: ENVIRONMENT.get(template.get("executionEnvironment", "")),
        AFFINITY: "true" if template.get("sessionAffinity") else None,
        CONNECTOR: vpc.get("connector"),
        VPC_EGRESS: EGRESS.get(vpc.get("egress", "")),
    }
    return {key: str(value) for key, value in found.items() if value is not None}


def _container(container: Resource) -> Resource:
    result = {key: value for key, value in container.items() if key not in {"env", "resources"}}
    if container.get("env"):
        result["env"] = [_variable(entry) for entry in container["env"]]
    if container.get("resources"):
        result["resources"] = {"limits": dict(container["resources"].get("limits") or {})}
    return json.loads(json.dumps(result)) if result else result


def _variable(entry: Resource) -> Resource:
    secret = (entry.get("valueSource") or {}).get("secretKeyRef")
    if not secret:
        return dict(entry)
    return {"name": entry["name"], "valueFrom": {"secretKeyRef": {"name": secret.get("secret"), "key": secret.get("version")}}}  # fmt: skip # noqa: E501


def _volume(volume: Resource) -> Resource:
    secret = volume.get("secret")
    if not secret:
        return dict(volume)
    items = [{"key": i.get("version"), "path": i.get("path")} for i in secret.get("items") or []]
    return volume | {"secret": {"secretName": secret.get("secret"), "items": items}}
