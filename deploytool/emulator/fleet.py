"""A whole fleet in and out: `{"services": […], "revisions": […], "jobs": […]}` in the v2 REST shape."""

from __future__ import annotations

import re
from typing import Any

from deploytool.emulator import revisions
from deploytool.emulator.enums import with_names
from deploytool.emulator.errors import invalid
from deploytool.emulator.names import short
from deploytool.emulator.settling import serving
from deploytool.emulator.store import Row, Store

Resource = dict[str, Any]
Fleet = dict[str, Any]

KINDS = ("services", "revisions", "jobs")
NAME = {
    "services": re.compile(r"projects/[^/]+/locations/[^/]+/services/[^/]+"),
    "revisions": re.compile(r"projects/[^/]+/locations/[^/]+/services/[^/]+/revisions/[^/]+"),
    "jobs": re.compile(r"projects/[^/]+/locations/[^/]+/jobs/[^/]+"),
}


def import_fleet(store: Store, fleet: Fleet) -> dict[str, Any]:
    """Put a fleet into the store as it is: all of it, or a 400 and nothing.

    What has the name of something stored takes its place, a service together with its revisions.
    Answers how many of each came in, how many revision records were made, and which keys were not used.
    """
    rows = {kind: [_row(kind, entry, at) for at, entry in enumerate(_list(fleet, kind))] for kind in KINDS}
    listed = {row.name for row in rows["revisions"]}
    made = [row for service in rows["services"] for row in _missing(service.body, listed)]
    with store.writing():
        for service in rows["services"]:
            store.delete_children(service.name)
        for row in [*rows["services"], *made, *rows["revisions"], *rows["jobs"]]:
            store.put(row)
    ignored = sorted(key for key in fleet if key not in KINDS)
    return {kind: len(rows[kind]) for kind in KINDS} | {"made": len(made), "ignored": ignored}


def export_fleet(store: Store) -> Fleet:
    """Everything there is, as stored: an import of it elsewhere makes the same world."""
    return {kind: [row.body for row in store.all_of(kind)] for kind in KINDS}


def _list(fleet: Fleet, kind: str) -> list[Any]:
    entries = fleet.get(kind, [])
    if not isinstance(entries, list):
        raise invalid(f"'{kind}' is a list.", kind)
    if not any(key in fleet for key in KINDS):
        raise invalid('This is no fleet: expected an object with "services", "revisions" or "jobs" in the v2 shape.')
    return entries


def _row(kind: str, entry: Any, at: int) -> Row:
    where = f"{kind}[{at}]"
    if not isinstance(entry, dict):
        raise invalid(f"{where} is not an object.", where)
    if "apiVersion" in entry:
        raise invalid(f"{where} has the Knative v1 shape; the v2 REST shape is wanted here.", where)
    name = entry.get("name")
    if not isinstance(name, str) or not NAME[kind].fullmatch(name):
        raise invalid(f"{where}: '{name}' is not the full name of one of the {kind}.", f"{where}.name")
    parts = name.split("/")
    parent = "/".join(parts[:6]) if kind == "revisions" else "/".join(parts[:4])
    if kind == "revisions":
        entry = {**entry, "service": parts[5]}  # as the API says it, whatever the file says or leaves out
    return Row(name, kind, parent, with_names(entry))


def _missing(service: Resource, listed: set[str]) -> list[Row]:
    """Records of the revisions a service speaks of and the fleet does not list.

    Only the latest created one can be told from the template; of any other nothing is known but that it is.
    """
    prefix = f"{service['name']}/revisions/"
    rows = [*(service.get("traffic") or []), *(service.get("trafficStatuses") or [])]
    names = {prefix + short(row["revision"]) for row in rows if row.get("revision")}
    names |= {prefix + short(service[k]) for k in ("latestReadyRevision", "latestCreatedRevision") if service.get(k)}
    serves = {prefix + name for name in serving(service)}
    return [Row(n, "revisions", service["name"], _bare(n, service, n in serves)) for n in sorted(names - listed)]


def _bare(name: str, service: Resource, serves: bool) -> Resource:
    record: Resource = {"name": name, "generation": "1", "service": short(service["name"])}
    latest = short(service.get("latestCreatedRevision") or "")
    if short(name) == latest and service.get("template"):
        record |= {key: value for key, value in service["template"].items() if key != "revision"}
    if serves or short(name) == short(service.get("latestReadyRevision") or ""):
        now = service.get("updateTime") or "1970-01-01T00:00:00Z"
        record["conditions"] = [revisions.condition("Ready", revisions.SUCCEEDED, now)]
        record["observedGeneration"] = "1"
    return record
