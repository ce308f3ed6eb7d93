"""Our own front door, behind the token of the state folder: fleets in and out, visitors, faults, requests, the end."""

from __future__ import annotations

import os
import secrets
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploytool.emulator.bodies import MAX_IMPORT, json_object, plain
from deploytool.emulator.client import TOKEN_HEADER
from deploytool.emulator.errors import ApiError
from deploytool.emulator.faults import fault_of
from deploytool.emulator.fleet import export_fleet, import_fleet
from deploytool.emulator.visitors import visit_of

Answer = Callable[[Request], Awaitable[Response]]


def _with_token(answer: Answer) -> Answer:
    async def checked(request: Request) -> Response:
        sent = request.headers.get(TOKEN_HEADER, "")
        if not secrets.compare_digest(sent.encode(), request.app.state.token.encode()):
            raise ApiError(403, "PERMISSION_DENIED", "The token of this server's state folder is needed here.")
        return await answer(request)

    return checked


@_with_token
async def _health(request: Request) -> Response:
    state = request.app.state
    return plain({"emulator": "cloudrun", "state": str(state.folder), "pid": os.getpid(), "settle": state.world.settle})


@_with_token
async def _import(request: Request) -> Response:
    fleet = await json_object(request, MAX_IMPORT)
    return plain(import_fleet(request.app.state.world.store, fleet))


@_with_token
async def _export(request: Request) -> Response:
    world = request.app.state.world
    world.pass_time()
    return plain(export_fleet(world.store))


@_with_token
async def _reset(request: Request) -> Response:
    await request.app.state.house.reset()
    return plain({})


@_with_token
async def _visitors(request: Request) -> Response:
    """`{project, region, service, per_second, seconds, path}`: what `client.visit` sends."""
    request.app.state.house.visitors.send(visit_of(await json_object(request)))
    return plain({})


@_with_token
async def _stop(request: Request) -> Response:
    request.app.state.house.stop()
    return plain({})


@_with_token
async def _faults(request: Request) -> Response:
    """What is added is `{"faults": […]}` or one fault: all of them, or a 400 and none."""
    plan = request.app.state.house.plan
    if request.method == "POST":
        sent = await json_object(request)
        listed = sent["faults"] if isinstance(sent.get("faults"), list) else [sent]
        plan.add([fault_of(one) for one in listed])
    if request.method == "DELETE":
        plan.clear()
    return plain(plan.body())


@_with_token
async def _requests(request: Request) -> Response:
    requests = request.app.state.house.requests
    if request.method == "DELETE":
        requests.clear()
    return plain(requests.body())


@_with_token
async def _buckets(request: Request) -> Response:
    """`{"buckets": [name, …]}`: from now on exactly these exist."""
    names = (await json_object(request)).get("buckets")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ApiError(400, "INVALID_ARGUMENT", "'buckets' is a list of names.")
    request.app.state.house.objects.list_buckets(names)
    return plain({})


routes = [
    Route("/emulator/health", _health, methods=["GET"]),
    Route("/emulator/import", _import, methods=["POST"]),
    Route("/emulator/export", _export, methods=["GET"]),
    Route("/emulator/reset", _reset, methods=["POST"]),
    Route("/emulator/visitors", _visitors, methods=["POST"]),
    Route("/emulator/stop", _stop, methods=["POST"]),
    Route("/emulator/faults", _faults, methods=["GET", "POST", "DELETE"]),
    Route("/emulator/buckets", _buckets, methods=["POST"]),
    Route("/emulator/requests", _requests, methods=["GET", "DELETE"]),
]
