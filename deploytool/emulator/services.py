"""Services: request + resource -> new resource. Pure; the world around it stores what comes out."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from deploytool.emulator import revisions, templates, traffic
from deploytool.emulator.errors import conflict, invalid
from deploytool.emulator.masks import OUTPUT_ONLY
from deploytool.emulator.names import check_revision_id, number_of, revision_id, short
from deploytool.emulator.stamps import etag_of

Resource = dict[str, Any]
DEFAULTS = {"ingress": "INGRESS_TRAFFIC_ALL", "launchStage": "GA"}


@dataclass(frozen=True)
class Change:
    """The service as it is right after the request, the revision it made (or None), and the last number given."""

    service: Resource
    revision: Resource | None
    counter: int


@dataclass(frozen=True)
class Moment:
    """When and by whom; `now` is RFC 3339."""

    now: str
    actor: str = "emulator@localhost"


def created(name: str, body: Resource, moment: Moment) -> Change:
    """A new service with revision 1; 400 when the body cannot be one."""
    sent = {key: value for key, value in templates.without_nulls(body).items() if key not in OUTPUT_ONLY}
    project = name.split("/")[1]
    service: Resource = {"name": name, "uid": str(uuid.uuid4()), "generation": "1"}
    service |= {"createTime": moment.now, "updateTime": moment.now}
    service |= {"creator": moment.actor, "lastModifier": moment.actor}
    service |= DEFAULTS | sent
    template = templates.with_defaults(templates.checked_template(body.get("template")), project)
    service["template"] = template
    revision, counter = _new_revision(service, template, 0, moment)
    known = {short(revision["name"])}
    service["traffic"] = traffic.checked_traffic(body.get("traffic"), short(name), known) or _all_latest()
    return Change(_in_flight(service, "1", moment.now), revision, counter)


def patched(
    old: Resource, wanted: Resource, counter: int, known: Mapping[str, Resource], moment: Moment
) -> Change | None:
    """`wanted` is `old` with the masked fields replaced; None when that changes nothing.

    `known` maps short names to revision records. 409 when an old revision name comes with another configuration.
    """
    service = templates.without_nulls(wanted)
    for field, default in DEFAULTS.items():
        if field in old:
            service.setdefault(field, default)
    service_id, revision = short(old["name"]), None
    if service.get("template") != old.get("template"):
        service["template"], makes_revision = _template_after(old, service.get("template"), known)
        if makes_revision:
            revision, counter = _new_revision(service, service["template"], counter, moment)
    names = set(known) | ({short(revision["name"])} if revision else set())
    if service.get("traffic") != old.get("traffic"):
        service["traffic"] = traffic.checked_traffic(service.get("traffic"), service_id, names) or _all_latest()
    if revision is None and service == old:
        return None
    generation = str(int(old.get("generation") or 0) + 1)
    service["lastModifier"] = moment.actor
    return Change(_in_flight(service, generation, moment.now), revision, counter)


def _template_after(old: Resource, sent: Any, known: Mapping[str, Resource]) -> tuple[Resource, bool]:
    """The template to store, and whether it makes a revision: content or name must differ for that."""
    project = old["name"].split("/")[1]
    template, stored = templates.checked_template(sent), old.get("template") or {}
    same = templates.same_configuration(template, stored, project)
    named = template.get("revision")
    if named:
        _check_reuse(named, template, known, short(old["name"]), project)
        makes_revision = named not in known
    else:
        makes_revision = not same or bool(stored.get("revision"))
    return (_keeping(stored, template) if same else templates.with_defaults(template, project)), makes_revision


def _keeping(stored: Resource, sent: Resource) -> Resource:
    """The stored template, byte for byte, under the name that was sent."""
    rest = {key: value for key, value in copy.deepcopy(stored).items() if key != "revision"}
    return {"revision": sent["revision"]} | rest if sent.get("revision") else rest


def _check_reuse(named: str, template: Resource, known: Mapping[str, Resource], service_id: str, project: str) -> None:
    check_revision_id(named, service_id)
    if named not in known:
        return
    existing = revisions.template_of(known[named])
    if existing is None or not templates.same_configuration(existing, template, project):
        raise conflict(f"Revision named '{named}' with different configuration already exists.")


def _new_revision(service: Resource, template: Resource, counter: int, moment: Moment) -> tuple[Resource, int]:
    service_id = short(service["name"])
    chosen = template.get("revision")
    if chosen:
        check_revision_id(chosen, service_id)
    number = counter + 1
    name = f"{service['name']}/revisions/{chosen or revision_id(service_id, number)}"
    return revisions.born(name, service, template, moment.now), number


def _all_latest() -> list[Resource]:
    return [{"type": traffic.LATEST, "percent": 100}]


def _in_flight(service: Resource, generation: str, now: str) -> Resource:
    """Just written: reconciling, and everything observed is still what it was."""
    ready = service.get("terminalCondition") or {}
    pending = {"type": "Ready", "state": revisions.PENDING} if ready else {"state": revisions.PENDING}
    if "lastTransitionTime" in ready:
        pending["lastTransitionTime"] = ready["lastTransitionTime"]
    return service | {
        "generation": generation,
        "updateTime": now,
        "terminalCondition": pending,
        "reconciling": True,
        "etag": etag_of(service["name"], generation, now),
    }


def deleted(service: Resource, now: str, expires: str) -> Resource:
    """Marked for deletion: still there, reconciling, one generation on."""
    generation = str(int(service.get("generation") or 0) + 1)
    return _in_flight(service | {"deleteTime": now, "expireTime": expires}, generation, now)


def settled(service: Resource, newest: Resource, ready: Collection[str], failure: str | None, now: str) -> Resource:
    """The service once its controllers are done. `newest` is the latest created revision, `ready` short names.

    `failure` says why the newest one is not ready; it leaves the latest ready one, and the traffic, where it was.
    """
    result = {key: value for key, value in service.items() if key != "reconciling"}
    result["latestCreatedRevision"] = newest["name"]
    if failure is None:
        result["latestReadyRevision"] = newest["name"]
    served = _effective(result, ready)
    if served is not None:
        result["trafficStatuses"] = served
    why = {"reason": "REVISION_FAILED"}
    if failure is not None:
        why["message"] = failure
    elif served is None:
        why["message"] = "A revision that traffic names is not ready and cannot serve traffic."
    states = {"RoutesReady": served is not None, "ConfigurationsReady": failure is None}
    kept = {c.get("type"): c for c in service.get("conditions") or []}
    result["conditions"] = [_turned(kind, good, why, kept, now) for kind, good in states.items()]
    result["conditions"] += [c for kind, c in kept.items() if kind not in states]
    result["terminalCondition"] = _turned("Ready", all(states.values()), why, {}, now)
    if all(states.values()):  # else it stays at the generation that was last reconciled well, as Cloud Run has it
        result["observedGeneration"] = service["generation"]
    return result


def routed(service: Resource, ready: Collection[str]) -> Resource:
    """The service whose traffic moves while its newest revision is still tried: routes wait for no configuration."""
    served = _effective(service, ready)
    return service if served is None else service | {"trafficStatuses": served}


def _effective(service: Resource, ready: Collection[str]) -> list[Resource] | None:
    latest = service.get("latestReadyRevision")
    return traffic.effective(service.get("traffic") or [], ready, short(latest) if latest else None)


def _turned(kind: str, good: bool, why: dict[str, str], kept: dict[Any, Resource], now: str) -> Resource:
    """A condition in its new state; one that already was so keeps its transition time."""
    state = revisions.SUCCEEDED if good else revisions.FAILED
    old = kept.get(kind)
    if old and old.get("state") == state and (good or old.get("message") == why.get("message")):
        return old
    return revisions.condition(kind, state, now, **({} if good else why))


def counter_of(service: Resource, names: Collection[str]) -> int:
    """The highest number given so far, as far as the names tell."""
    latest = [short(service[key]) for key in ("latestCreatedRevision", "latestReadyRevision") if service.get(key)]
    return max((number_of(name, short(service["name"])) for name in [*names, *latest]), default=0)


def check_etag(sent: str | None, stored: Resource) -> None:
    """409 when a client speaks of another version than the stored one."""
    if sent and sent != stored.get("etag"):
        raise conflict(
            f"Conflict for resource '{short(stored['name'])}': version '{sent}' was specified "
            f"but the current version is '{stored.get('etag')}'."
        )


def check_sent_name(sent: Resource, name: str) -> None:
    """400 when the body names another resource than the address."""
    if sent.get("name") and sent["name"] != name:
        raise invalid(f"The resource name '{sent['name']}' does not match '{name}'.", "name")
