"""The house: one ASGI application for all front doors, and the loop that serves it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from deploytool.emulator import hosts, v2
from deploytool.emulator.bodies import plain
from deploytool.emulator.errors import ApiError, EmulatorError
from deploytool.emulator.world import World

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


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


def application(world: World, *, base: str, token: str) -> Starlette:
    """All routes over one world. `base` is the address that URIs begin with."""
    app = Starlette(
        routes=[*v2.routes],
        exception_handlers={ApiError: _refused, EmulatorError: _unusable, HTTPException: _no_route},
    )
    app.state.world = world
    app.state.base = base
    app.state.token = token
    return app


class Gate:
    """Checks Host and Origin, unwraps proxy requests, and notes when somebody was last here."""

    def __init__(self, app: Starlette, clock: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self.clock = clock
        self.last_seen = clock()
        self.inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.inside += 1
        try:
            refusal = self._enter(scope)
            await (refusal or self.app)(scope, receive, send)
        finally:
            self.inside -= 1
            self.last_seen = self.clock()

    def _enter(self, scope: Scope) -> Response | None:
        """Rewrites a proxy request in place; the answer to give instead, when it may not come in."""
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        if scope["method"] == "CONNECT":
            return plain(ApiError(502, "UNAVAILABLE", "This proxy leads to the embedded Cloud Run only.").body(), 502)
        if hosts.foreign_origin(headers.get("origin")):
            return plain(ApiError(403, "PERMISSION_DENIED", "Requests of other sites are refused.").body(), 403)
        absolute = hosts.split_absolute(scope["path"])
        host = absolute[0] if absolute else headers.get("host", "")
        if absolute:
            scope["path"], scope["raw_path"] = absolute[1], absolute[1].encode()
        if hosts.is_loopback(host) or (absolute and hosts.is_cloud_run(host)):
            scope["state"] = {**scope.get("state", {}), "region": hosts.region_of(host)}
            return None
        return plain(ApiError(403, "PERMISSION_DENIED", f"This server does not answer for '{host}'.").body(), 403)

    def idle_for(self) -> float:
        """Seconds since the last request ended; 0 while one is inside."""
        return 0.0 if self.inside else self.clock() - self.last_seen


def bound_socket(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes any free one. EmulatorError when it is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
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


def run_until_idle(gate: Gate, listener: socket.socket, *, idle: float | None) -> None:
    """Serve until a signal, or until nobody came for `idle` seconds (None: for ever)."""
    asyncio.run(_serve(gate, listener, idle))


async def _serve(gate: Gate, listener: socket.socket, idle: float | None) -> None:
    config = uvicorn.Config(
        gate, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    watch = asyncio.create_task(_close_when_idle(server, gate, idle)) if idle is not None else None
    try:
        await server.serve(sockets=[listener])
    finally:
        if watch:
            watch.cancel()


async def _close_when_idle(server: uvicorn.Server, gate: Gate, idle: float) -> None:
    while gate.idle_for() < idle:
        await asyncio.sleep(min(max(idle - gate.idle_for(), 0.05), 1.0))
    server.should_exit = True
