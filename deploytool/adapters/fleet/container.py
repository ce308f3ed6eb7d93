"""The container that answers requests: image, plain environment, what it starts. Both dialects share its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from deploytool.adapters.fleet.reading import Reading
from deploytool.domain.model import Overrides
from deploytool.domain.template import ingress_of

# The variables that tell Python, or a server of it, what to load. Nobody keeps a secret in them.
LOADING = frozenset(
    (
        "PYTHONPATH", "GUNICORN_CMD_ARGS", "DJANGO_SETTINGS_MODULE", "FLASK_APP", "CELERY_APP", "APP_MODULE",
        "MODULE_NAME", "FUNCTION_SOURCE", "FUNCTION_TARGET", "GOOGLE_ENTRYPOINT",
    )
)  # fmt: skip


class Container(NamedTuple):
    image: str
    env: Mapping[str, str]
    overrides: Overrides
    variables: tuple[str, ...] = ()  # names of all that is set, secrets among them


def container_of(reading: Reading, spec: Mapping[str, Any], *, is_job: bool = False) -> Container:
    """The ingress container, which is the one with ports when there are several."""
    containers = reading.rows(spec, "containers")
    if not containers:
        reading.problems.append("the template has no container")
        return Container("", {}, Overrides())
    container = containers[0] if is_job else _ingress_of(reading, containers)
    image = reading.text(container, "image")
    if not image:
        reading.problems.append("the container has no image")
    env = _plain_env(reading, container)
    overrides = Overrides(
        command=reading.words(container, "command"),
        args=reading.words(container, "args"),
        workdir=reading.text(container, "workingDir"),
        environment=tuple(sorted((name, value) for name, value in env.items() if name in LOADING)),
    )
    variables = (reading.text(row, "name") for row in reading.rows(container, "env"))
    return Container(image, env, overrides, tuple(sorted(filter(None, variables))))


def _ingress_of(reading: Reading, containers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if len(containers) > 1 and sum(1 for container in containers if container.get("ports")) != 1:
        reading.problems.append("which of the containers answers requests cannot be told")
    return ingress_of(containers)


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
