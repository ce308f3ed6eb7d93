"""The Cloud Run Admin API v2, REST: services, revisions, jobs, operations."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploytool.emulator import lapses, paging
from deploytool.emulator.addresses import with_addresses
from deploytool.emulator.bodies import answer, json_object
from deploytool.emulator.errors import ApiError, invalid, not_found
from deploytool.emulator.masks import JOB_FIELDS, SERVICE_FIELDS
from deploytool.emulator.names import Location, location_of
from deploytool.emulator.world import World, write_of

LOCATION = "/v2/projects/{project}/locations/{region}"
MAX_WAIT = 30.0  # seconds


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


def _location(request: Request) -> Location:
    return location_of(request.path_params["project"], request.path_params["region"])


def _name(request: Request, kind: str) -> str:
    """The full name of the resource in the address."""
    name = request.path_params["name"]
    if ":" in name:
        verb = name.partition(":")[2]
        raise ApiError(501, "UNIMPLEMENTED", f"The embedded Cloud Run does not do '{verb}'.")
    return f"{_location(request)}/{kind}/{name}"


def _shown(request: Request, kind: str, resource: dict[str, Any]) -> Response:
    return answer(request, with_addresses(kind, resource, request.app.state.base))


def _list(kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def listed(request: Request) -> Response:
        return _page(request, kind, "location", str(_location(request)))

    return listed


def _page(request: Request, kind: str, column: str, value: str) -> Response:
    """One page, as `{kind: […], nextPageToken?}`; an empty list is `{}`, as on the wire."""
    size = paging.page_size(request.query_params.get("pageSize"))
    collection = f"{value}/{kind}"
    after = paging.last_of(collection, request.query_params.get("pageToken"))
    world = _world(request)
    world.pass_time()
    rows = world.store.page(kind, column=column, value=value, after=after, size=size + 1)
    shown = [with_addresses(kind, lapses.seen(world.store, row), request.app.state.base) for row in rows[:size]]
    body: dict[str, Any] = {kind: shown} if shown else {}
    if len(rows) > size:
        body["nextPageToken"] = paging.token_for(collection, rows[size - 1].name)
    return answer(request, body)


async def _service(request: Request) -> Response:
    name, world = _name(request, "services"), _world(request)
    if request.method == "GET":
        return _shown(request, "services", world.get("services", name))
    how = write_of(request.query_params, SERVICE_FIELDS)
    if request.method == "DELETE":
        return _shown(request, "operations", world.delete_service(name, how))
    return _shown(request, "operations", world.patch_service(name, await json_object(request), how))


async def _create_service(request: Request) -> Response:
    service_id = request.query_params.get("serviceId") or request.query_params.get("service_id") or ""
    name = f"{_location(request)}/services/{service_id}"
    how = write_of(request.query_params, SERVICE_FIELDS)
    body = await json_object(request)
    return _shown(request, "operations", _world(request).create_service(name, body, how))


async def _job(request: Request) -> Response:
    name, world = _name(request, "jobs"), _world(request)
    if request.method == "GET":
        return _shown(request, "jobs", world.get("jobs", name))
    how = write_of(request.query_params, JOB_FIELDS)
    if request.method == "DELETE":
        return _shown(request, "operations", world.delete_job(name, how))
    return _shown(request, "operations", world.patch_job(name, await json_object(request), how))


async def _create_job(request: Request) -> Response:
    job_id = request.query_params.get("jobId") or request.query_params.get("job_id") or ""
    name = f"{_location(request)}/jobs/{job_id}"
    how = write_of(request.query_params, JOB_FIELDS)
    return _shown(request, "operations", _world(request).create_job(name, await json_object(request), how))


async def _list_revisions(request: Request) -> Response:
    """`services/-` lists those of every service of the region."""
    service = request.path_params["service"]
    location = str(_location(request))
    if service == "-":
        return _page(request, "revisions", "location", location)
    return _page(request, "revisions", "parent", f"{location}/services/{service}")


async def _revision(request: Request) -> Response:
    name, world = _name(request, f"services/{request.path_params['service']}/revisions"), _world(request)
    if request.method == "GET":
        return _shown(request, "revisions", world.get("revisions", name))
    return _shown(request, "operations", world.delete_revision(name, write_of(request.query_params, SERVICE_FIELDS)))


async def _operation(request: Request) -> Response:
    operation, _, verb = request.path_params["name"].partition(":")
    name, world = f"{_location(request)}/operations/{operation}", _world(request)
    if request.method == "POST":
        if verb != "wait":
            raise not_found("OPERATION", name)
        await _wait(world, name, await json_object(request))
    if request.method == "DELETE":
        world.operation(name)
        world.store.delete(name)
        return answer(request, {})
    return _shown(request, "operations", world.operation(name))


async def _wait(world: World, name: str, body: dict[str, Any]) -> None:
    """Hold the answer until the operation is done, at most `timeout` (a duration such as "5s")."""
    try:
        seconds = min(float(str(body.get("timeout", f"{MAX_WAIT}s")).removesuffix("s")), MAX_WAIT)
    except ValueError:
        raise invalid(f"Invalid timeout: '{body['timeout']}'.", "timeout") from None
    deadline = asyncio.get_running_loop().time() + seconds
    while not world.operation(name).get("done") and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)


routes = [
    Route(f"{LOCATION}/services", _list("services"), methods=["GET"]),
    Route(f"{LOCATION}/services", _create_service, methods=["POST"]),
    Route(f"{LOCATION}/services/{{service}}/revisions", _list_revisions, methods=["GET"]),
    Route(f"{LOCATION}/services/{{service}}/revisions/{{name}}", _revision, methods=["GET", "DELETE"]),
    Route(f"{LOCATION}/services/{{name}}", _service, methods=["GET", "PATCH", "DELETE", "POST"]),
    Route(f"{LOCATION}/jobs", _list("jobs"), methods=["GET"]),
    Route(f"{LOCATION}/jobs", _create_job, methods=["POST"]),
    Route(f"{LOCATION}/jobs/{{name}}", _job, methods=["GET", "PATCH", "DELETE", "POST"]),
    Route(f"{LOCATION}/operations", _list("operations"), methods=["GET"]),
    Route(f"{LOCATION}/operations/{{name}}", _operation, methods=["GET", "DELETE", "POST"]),
]
