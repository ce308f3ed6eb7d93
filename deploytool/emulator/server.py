"""One ASGI application for all front doors, and the socket it listens on."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from deploytool.emulator import admin, cloudbuild, gateway, iam, knative, logging_api, registry, storage, v2
from deploytool.emulator.bodies import plain
from deploytool.emulator.errors import ApiError, EmulatorError

if TYPE_CHECKING:
    from deploytool.emulator.house import House


async def _refused(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, ApiError)
    return plain(problem.body(), problem.code)


async def _unusable(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, EmulatorError)
    return plain(ApiError(500, "INTERNAL", f"{problem.message} {problem.hint}").body(), 500)


async def _no_route(request: Request, problem: Exception) -> Response:
    code = problem.status_code if isinstance(problem, HTTPException) else 500
    status = {404: "NOT_FOUND", 405: "UNIMPLEMENTED"}.get(code, "UNKNOWN")
    return plain(ApiError(code, status, f"No such method: {request.method} {request.url.path}").body(), code)


def application(house: House, folder: Path) -> Starlette:
    """All routes over one house; `folder` is the state folder."""
    app = Starlette(
        routes=[
            *iam.routes,
            *v2.routes,
            *logging_api.routes,
            *registry.routes,
            *knative.routes,
            *cloudbuild.routes,
            *storage.routes,
            *gateway.routes,
            *admin.routes,
        ],
        exception_handlers={ApiError: _refused, EmulatorError: _unusable, HTTPException: _no_route},
    )
    app.state.house = house
    app.state.world = house.world
    app.state.forwarding = house.forwarding
    app.state.base = f"http://127.0.0.1:{house.port}"  # what URIs begin with
    app.state.token = house.token
    app.state.folder = folder
    return app


def bound_socket(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes any free one. EmulatorError when it is taken."""
    # Said outright: asyncio turns off Nagle's delay (40 ms an answer) only where TCP is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(256)
    except OSError as problem:
        listener.close()
        raise EmulatorError(
            f"Port {port} on 127.0.0.1 cannot be used: {problem.strerror}.",
            hint="Take another port, or 0 for any free one: deploytool emulator serve --port 0",
        ) from problem
    return listener
