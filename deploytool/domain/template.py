"""What Cloud Run was told about a container and its scaling, read from its own JSON: settings, and names of variables.

Only the container that answers requests counts: that is the one a release writes to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from deploytool.domain.plan import Plan

Raw = Mapping[str, Any]
C = TypeVar("C", bound=Raw)


def ingress_of(containers: Sequence[C]) -> C:
    """The container that answers requests: the one with ports when there are several."""
    with_ports = [container for container in containers if container.get("ports")]
    return with_ports[0] if len(containers) > 1 and len(with_ports) == 1 else containers[0]


def container_of(told: Raw) -> Raw:
    """Of a service, revision or job, as it came; empty when it has none. A job has its own one level deeper."""
    template = _table(told, "template")
    inner = _table(template, "template")
    spec = inner or template or told
    containers = [one for one in _rows(spec, "containers") if isinstance(one, Mapping)]
    if not containers:
        return {}
    return containers[0] if inner else ingress_of(containers)


def variables_of(told: Raw | None) -> tuple[str, ...]:
    """Names alone, also of those that come from a secret."""
    entries = _rows(container_of(told), "env") if told is not None else ()
    names = (entry.get("name") for entry in entries if isinstance(entry, Mapping))
    return tuple(name for name in names if isinstance(name, str))


def settings_said(service: Raw | None, least: int | None, throttled: bool | None) -> tuple[str, ...]:
    """Each declared setting as it is and as it will be."""
    told = service or {}
    found = []
    if least is not None:
        found.append(_instances_said(told, least))
    if throttled is not None:
        found.append(_throttling_said(_table(container_of(told), "resources").get("cpuIdle"), throttled))
    return tuple(found)


def settings_off(service: Raw, revision: Raw, least: int | None, throttled: bool | None) -> tuple[str, ...]:
    """Each declared setting that a serving revision does not have, as it is and as it should be."""
    found = []
    now = max(_least(service), _least(revision))
    if least is not None and now != least:
        found.append(f"min_instances {now}, declared {least}")
    idle = _table(container_of(revision), "resources").get("cpuIdle") is True  # Cloud Run leaves out what is false
    if throttled is not None and idle is not throttled:
        found.append(f"cpu_throttling {str(idle).lower()}, declared {str(throttled).lower()}")
    return tuple(found)


def held_up_by_service(service: Raw | None, least: int | None) -> int | None:
    """Instances that the service itself asks for, where that is more than is declared: no revision can lower it."""
    own = _least(service or {})
    return own if least is not None and own > least else None


def differences(plan: Plan, revision: Raw) -> tuple[str, ...]:
    """What a revision of this plan should have and has not: declared settings, and every variable by its name."""
    container, changes = container_of(revision), plan.changes
    found = [*lost_variables(plan, revision)]
    if changes.min_instances is not None and _least(revision) != changes.min_instances:
        found.append(f"min_instances {changes.min_instances}")
    idle = _table(container, "resources").get("cpuIdle") is True  # Cloud Run leaves out what is false
    if changes.cpu_throttling is not None and idle is not changes.cpu_throttling:
        found.append(f"cpu_throttling {str(changes.cpu_throttling).lower()}")
    return tuple(found)


def lost_variables(plan: Plan, told: Raw) -> tuple[str, ...]:
    """Variables that the template had, or that the release writes, and that are not there."""
    there = set(variables_of(told))
    wanted = dict.fromkeys((*plan.variables, *plan.changes.env))
    return tuple(f"the variable {name}" for name in wanted if name not in there)


def _instances_said(service: Raw, least: int) -> str:
    """The larger of what the service and its revision ask for is what counts."""
    own, of_template = _least(service), _least(_table(service, "template"))
    if own > least:
        return f"min_instances {least} is declared, and the service itself asks for {own}: {own} stays"
    now = max(own, of_template)
    return f"min_instances {least}" if now == least else f"min_instances {now} -> {least}"


def _throttling_said(now: object, wanted: bool) -> str:
    words = {True: "true", False: "false"}
    said = words[now] if isinstance(now, bool) else "not set"
    return f"cpu_throttling {words[wanted]}" if now is wanted else f"cpu_throttling {said} -> {words[wanted]}"


def _least(told: Raw) -> int:
    """`scaling.minInstanceCount` right here; what is absent is 0, as Cloud Run has it."""
    value = _table(told, "scaling").get("minInstanceCount")
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _table(told: Raw, key: str) -> Raw:
    value = told.get(key)
    return value if isinstance(value, Mapping) else {}


def _rows(told: Raw, key: str) -> Sequence[Any]:
    value = told.get(key)
    return value if isinstance(value, list) else ()
