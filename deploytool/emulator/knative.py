"""The Knative v1 front door, as far as gcloud goes through it.

The region is in the host name (`us-west2-run.googleapis.com`); without one, all regions are meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploytool.emulator import lapses
from deploytool.emulator.bodies import answer, json_object
from deploytool.emulator.errors import ApiError, conflict, invalid
from deploytool.emulator.knative_request import service_body
from deploytool.emulator.knative_shape import API, knative_revision, knative_service, resource_version
from deploytool.emulator.names import location_of
from deploytool.emulator.world import World, Write

ROOT = "/apis/serving.knative.dev/v1/namespaces/{project}"
SHAPES: dict[str, Callable[[dict[str, Any], str], dict[str, Any]]] = {
    "services": knative_service,
    "revisions": lambda body, base: knative_revision(body),
}


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


def _region(request: Request) -> str | None:
    region = request.path_params.get("region") or request.scope.get("state", {}).get("region")
    return None if region in {None, "-"} else region


def _bodies(request: Request, kind: str) -> list[dict[str, Any]]:
    """Everything of a kind in the project (and region, if one is named)."""
    world, region = _world(request), _region(request)
    world.pass_time()
    prefix = f"projects/{request.path_params['project']}/locations/"
    prefix += f"{location_of(request.path_params['project'], region).region}/" if region else ""
    return [lapses.seen(world.store, row) for row in world.store.all_of(kind) if row.name.startswith(prefix)]


def _one(request: Request, kind: str) -> dict[str, Any]:
    """The resource of that name; 404 when there is none, 400 when several regions have one."""
    name = request.path_params["name"]
    found = [body for body in _bodies(request, kind) if body["name"].endswith(f"/{kind}/{name}")]
    if not found:
        raise ApiError(404, "NOT_FOUND", f"Resource '{name}' of kind '{kind[:-1].upper()}' does not exist.")
    if len(found) > 1:
        raise invalid(f"'{name}' exists in several regions: name one in the host, as REGION-run.googleapis.com.")
    return found[0]


async def _list_services(request: Request) -> Response:
    return _listed(request, "services")


async def _list_revisions(request: Request) -> Response:
    return _listed(request, "revisions")


def _listed(request: Request, kind: str) -> Response:
    """All of them in one page; gcloud wants `metadata` to be there, be it empty."""
    wanted = _selector(request.query_params.get("labelSelector", ""))
    shown = [SHAPES[kind](body, request.app.state.base) for body in _bodies(request, kind)]
    items = [item for item in shown if wanted.items() <= item["metadata"]["labels"].items()]
    items.sort(
        key=lambda item: (item["metadata"].get("creationTimestamp") or "", item["metadata"]["name"]), reverse=True
    )
    listing = {"apiVersion": API, "kind": f"{kind[:-1].capitalize()}List", "metadata": {}, "items": items}
    return answer(request, listing)


def _selector(text: str) -> dict[str, str]:
    """`a = b,c=d` as a map; other operators are refused rather than ignored."""
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"([^\s=!]+)\s*={1,2}\s*(\S*)", part)
        if not match:
            raise invalid(f"Unsupported label selector: '{part}'.", "labelSelector")
        found[match.group(1)] = match.group(2)
    return found


async def _service(request: Request) -> Response:
    sent = await json_object(request)  # before the reading: nothing may come between reading and writing
    stored, world = _one(request, "services"), _world(request)
    if request.method == "GET":
        return answer(request, knative_service(stored, request.app.state.base))
    if request.method == "DELETE":
        world.delete_service(stored["name"])
        return answer(request, {"kind": "Status", "status": "Success"})
    version = (sent.get("metadata") or {}).get("resourceVersion")
    if version and version != resource_version(stored):
        raise conflict(
            f"Conflict for resource '{request.path_params['name']}': it was changed since version {version}."
        )
    operation = world.patch_service(stored["name"], service_body(sent, stored), _how(request))
    return _written(request, operation)


async def _create(request: Request) -> Response:
    sent = await json_object(request)
    region = _region(request)
    if region is None:
        raise invalid("The region of a new service is named in the host, as REGION-run.googleapis.com.")
    location = location_of(request.path_params["project"], region)
    name = f"{location}/services/{(sent.get('metadata') or {}).get('name') or ''}"
    return _written(request, _world(request).create_service(name, service_body(sent, {}), _how(request)))


def _how(request: Request) -> Write:
    return Write(validate_only=request.query_params.get("dryRun") == "all")


def _written(request: Request, operation: dict[str, Any]) -> Response:
    """v1 has no operations: the service itself, not yet ready, is the answer."""
    service = {key: value for key, value in operation["metadata"].items() if key != "@type"}
    return answer(request, knative_service(service, request.app.state.base))


async def _revision(request: Request) -> Response:
    stored = _one(request, "revisions")
    if request.method == "GET":
        return answer(request, knative_revision(stored))
    _world(request).delete_revision(stored["name"])
    return answer(request, {"kind": "Status", "status": "Success"})


routes = [
    Route(f"{ROOT}/services", _list_services, methods=["GET"]),
    Route(f"{ROOT}/services", _create, methods=["POST"]),
    Route(f"{ROOT}/services/{{name}}", _service, methods=["GET", "PUT", "DELETE"]),
    Route(f"{ROOT}/revisions", _list_revisions, methods=["GET"]),
    Route(f"{ROOT}/revisions/{{name}}", _revision, methods=["GET", "DELETE"]),
    Route("/v1/projects/{project}/locations/{region}/services", _list_services, methods=["GET"]),
    Route("/v1/projects/{project}/locations/{region}/revisions", _list_revisions, methods=["GET"]),
]
