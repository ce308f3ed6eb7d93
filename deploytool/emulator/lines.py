"""The open connections, so that one can be hung up on: a thing that no ASGI application can do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
OPEN: dict[tuple[Any, Any], asyncio.BaseTransport] = {}


class Line(H11Protocol):
    """A connection that can be found by its two ends."""

    ends: tuple[Any, Any] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.ends = (transport.get_extra_info("sockname"), transport.get_extra_info("peername"))
        OPEN[self.ends] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.ends is not None:
            OPEN.pop(self.ends, None)
        super().connection_lost(exc)


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection of a request without another byte; returns when it is closed."""
    line = OPEN.get((tuple(scope["server"]), tuple(scope["client"])))
    if isinstance(line, asyncio.WriteTransport):
        line.abort()
        while (await receive())["type"] != "http.disconnect":
            pass
