"""The container that answers requests: its image and its plain environment. Both dialects share its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploytool.adapters.fleet.reading import Reading


def image_and_env(reading: Reading, spec: Mapping[str, Any], *, is_job: bool = False) -> tuple[str, Mapping[str, str]]:
    """Image and env of the ingress container, which is the one with ports when there are several."""
    containers = reading.rows(spec, "containers")
    if not containers:
        reading.problems.append("the template has no container")
        return "", {}
    container = containers[0] if is_job else _ingress_of(reading, containers)
    image = reading.text(container, "image")
    if not image:
        reading.problems.append("the container has no image")
    return image, _plain_env(reading, container)


def _ingress_of(reading: Reading, containers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if len(containers) == 1:
        return containers[0]
    with_ports = [container for container in containers if container.get("ports")]
    if len(with_ports) != 1:
        reading.problems.append("which of the containers answers requests cannot be told")
    return (with_ports or containers)[0]


def _plain_env(reading: Reading, container: Mapping[str, Any]) -> Mapping[str, str]:
    """Values written in the clear; what comes from a secret is left out."""
    env = {}
    for row in reading.rows(container, "env"):
        if "valueSource" in row or "valueFrom" in row:
            continue
        name = reading.text(row, "name")
        if name:
            env[name] = reading.text(row, "value")
    return env
