"""Addresses of services, computed when read: a restart on another port changes nothing that is stored.

An imported service keeps its real address in the store and in exports; readers get the local one,
so that no rehearsal calls production.
"""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]


def service_uri(name: str, base: str, tag: str | None = None) -> str:
    """`BASE/run/PROJECT/REGION/SERVICE`, or `…/TAG---SERVICE`; `base` is `http://127.0.0.1:PORT`."""
    _, project, _, region, _, service = name.split("/")
    return f"{base}/run/{project}/{region}/{f'{tag}---' if tag else ''}{service}"


def with_addresses(kind: str, resource: Resource, base: str) -> Resource:
    """The resource as a client sees it. A service that never was ready has no address."""
    if kind == "operations":
        return _operation(resource, base)
    if kind != "services" or not (resource.get("latestReadyRevision") or resource.get("uri")):
        return resource
    uri = service_uri(resource["name"], base)
    result = resource | {"uri": uri}
    if "urls" in resource:
        result["urls"] = [uri]
    if "trafficStatuses" in resource:
        result["trafficStatuses"] = [_row(row, resource["name"], base) for row in resource["trafficStatuses"]]
    return result


def _row(row: Resource, name: str, base: str) -> Resource:
    return row | {"uri": service_uri(name, base, row["tag"])} if row.get("tag") else row


def _operation(operation: Resource, base: str) -> Resource:
    result = dict(operation)
    for key in ("metadata", "response"):
        part = operation.get(key)
        if part and part.get("@type", "").endswith(".Service"):
            result[key] = with_addresses("services", part, base)
    return result
