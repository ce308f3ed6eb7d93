"""The gate: Host and Origin checks, proxy requests unwrapped, and when somebody was last here."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from starlette.responses import Response

from deploytool.emulator import hosts
from deploytool.emulator.bodies import plain
from deploytool.emulator.errors import ApiError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Gate:
    """Checks Host and Origin, unwraps proxy requests, and notes when somebody was last here."""

    def __init__(self, app: App, clock: Callable[[], float] = time.monotonic) -> None:
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
        absolute = hosts.split_absolute(scope["raw_path"].decode("latin-1"))
        host = absolute[0] if absolute else headers.get("host", "")
        if absolute:
            scope["path"], scope["raw_path"] = unquote(absolute[1]), absolute[1].encode("latin-1")
        if hosts.is_loopback(host) or (absolute and hosts.is_google(host)):
            scope["state"] = {**scope.get("state", {}), "region": hosts.region_of(host)}
            return None
        return plain(ApiError(403, "PERMISSION_DENIED", f"This server does not answer for '{host}'.").body(), 403)

    def idle_for(self) -> float:
        """Seconds since the last request ended; 0 while one is inside."""
        return 0.0 if self.inside else self.clock() - self.last_seen
