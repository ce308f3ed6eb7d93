"""Revision templates: the defaults Cloud Run fills in, what counts as a change, and asked-for failures."""

from __future__ import annotations

import copy
from typing import Any

from deploytool.emulator.errors import invalid

FAIL_ANNOTATION = "emulator.deploytool.dev/fail"
FAIL_ENV = "EMULATOR_FAIL"
FAIL_IMAGE = "emulator-fail"
DEFAULT_FAILURE = "HealthCheckContainerError"
NEVER = "Never"  # this failure does not fail: the revision and its operation never end

DEFAULT_PORT = 8080


def checked_template(template: Any) -> dict[str, Any]:
    """A template without nulls; 400 when it has no container or a container has no image."""
    if not isinstance(template, dict) or not template.get("containers"):
        raise invalid("A template needs at least one container.", "service.template.containers")
    clean: dict[str, Any] = without_nulls(template)
    if not all(isinstance(container, dict) and container.get("image") for container in clean["containers"]):
        raise invalid("A container needs an image.", "service.template.containers.image")
    return clean


def without_nulls(value: Any) -> Any:
    """Proto JSON reads null as "not set": `"grpc": null` is no field."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def with_defaults(template: dict[str, Any], project: str) -> dict[str, Any]:
    """The template with everything Cloud Run fills in when a client leaves it out."""
    result = copy.deepcopy(template)
    result.setdefault("scaling", {}).setdefault("maxInstanceCount", 100)
    result.setdefault("timeout", "300s")
    result.setdefault("serviceAccount", f"{project_number(project)}-compute@developer.gserviceaccount.com")
    result.setdefault("maxInstanceRequestConcurrency", 80)
    containers = result.get("containers") or []
    for container in containers:
        resources = container.setdefault("resources", {})
        resources.setdefault("cpuIdle", True)
        limits = resources.setdefault("limits", {})
        limits.setdefault("memory", "512Mi")
        limits.setdefault("cpu", "1000m")
    if containers:
        _open_port(_ingress_of(containers))
    return result


def _ingress_of(containers: list[dict[str, Any]]) -> dict[str, Any]:
    """Of several containers the one with ports takes the requests; alone, the only one."""
    return next((container for container in containers if container.get("ports")), containers[0])


def _open_port(container: dict[str, Any]) -> None:
    ports = container.setdefault("ports", [{"containerPort": DEFAULT_PORT}])
    ports[0].setdefault("name", "http1")
    probe = {"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1}
    container.setdefault("startupProbe", probe | {"tcpSocket": {"port": ports[0].get("containerPort", DEFAULT_PORT)}})


def project_number(project: str) -> str:
    """A steady 12-digit number for a project id; a number stays itself."""
    if project.isdigit():
        return project
    value = 0
    for byte in project.encode():
        value = (value * 257 + byte) % 900_000_000_000
    return str(100_000_000_000 + value)


def same_configuration(one: dict[str, Any], other: dict[str, Any], project: str) -> bool:
    """Would both run the same? The revision's name is no part of its configuration."""
    return _bare(with_defaults(one, project)) == _bare(with_defaults(other, project))


def _bare(template: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in template.items() if key != "revision" and value not in ({}, [], "", None)}


def asked_failure(template: dict[str, Any]) -> str | None:
    """The failure a template asks for, by annotation, by env of its first container, or by image name.

    `…/emulator-fail:REASON` is an image; REASON defaults to HealthCheckContainerError.
    """
    annotation = (template.get("annotations") or {}).get(FAIL_ANNOTATION)
    if annotation:
        return str(annotation)
    for container in template.get("containers") or []:
        for entry in container.get("env") or []:
            if entry.get("name") == FAIL_ENV and entry.get("value"):
                return str(entry["value"])
        name, _, tag = str(container.get("image", "")).rsplit("/", 1)[-1].partition(":")
        if name == FAIL_IMAGE:
            return tag or DEFAULT_FAILURE
    return None
