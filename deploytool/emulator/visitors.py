"""Visitors of a rehearsal: requests that the server itself sends to a service, so that there is something to judge."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from deploytool.emulator.errors import ApiError, invalid
from deploytool.emulator.forwarding import Asked, Forwarding
from deploytool.emulator.names import location_of

MAX_SECONDS = 600.0
MAX_RATE = 200.0  # requests a second
MAX_INSIDE = 50  # visitors that wait for an answer at the same time; more do not come
WHO = (("user-agent", "emulator-visitors"), ("accept", "*/*"))


@dataclass(frozen=True)
class Visit:
    """Who is visited, how often, for how long."""

    service: str  # full name
    per_second: float
    seconds: float
    path: str


def visit_of(body: dict[str, Any]) -> Visit:
    """A request's body, checked; 400 otherwise. More than the longest time is cut to it."""
    location = location_of(str(body.get("project", "")), str(body.get("region", "")))
    service, path = body.get("service"), body.get("path", "/")
    if not isinstance(service, str) or not service:
        raise invalid("A service is required.", "service")
    if not isinstance(path, str) or not path.startswith("/") or not path.isprintable() or " " in path:
        raise invalid("A path begins with a slash and is percent-encoded.", "path")
    rate, seconds = _number(body, "per_second"), _number(body, "seconds")
    if rate > MAX_RATE:
        raise invalid(f"At most {MAX_RATE:g} visitors a second come.", "per_second")
    return Visit(f"{location}/services/{service}", rate, min(seconds, MAX_SECONDS), path)


def _number(body: dict[str, Any], field: str) -> float:
    value = body.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise invalid(f"'{field}' is a number that is not negative.", field)
    return float(value)


class Visitors:
    """At most one stream of visitors per service."""

    def __init__(self, forwarding: Forwarding, base: str) -> None:
        self._forwarding = forwarding
        self._base = base
        self._host = base.removeprefix("http://")
        self._streams: dict[str, asyncio.Task[None]] = {}
        self._inside: set[asyncio.Task[None]] = set()

    def any(self) -> bool:
        """Is somebody on the way, or waiting for an answer?"""
        return bool(self._streams or self._inside)

    def send(self, visit: Visit) -> None:
        """From now on, instead of an earlier stream to the same service; 404 when there is no such service."""
        self._forwarding.check(visit.service)
        stream = self._streams.pop(visit.service, None)
        if stream is not None:
            stream.cancel()
        if visit.seconds and visit.per_second:
            task = asyncio.get_running_loop().create_task(self._stream(visit))
            self._streams[visit.service] = task
            task.add_done_callback(lambda done: self._forget(visit.service, done))

    def _forget(self, service: str, task: asyncio.Task[None]) -> None:
        if self._streams.get(service) is task:
            del self._streams[service]

    async def end(self) -> None:
        tasks = [*self._streams.values(), *self._inside]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _stream(self, visit: Visit) -> None:
        loop = asyncio.get_running_loop()
        began, number = loop.time(), 0
        while number < visit.seconds * visit.per_second:
            if len(self._inside) < MAX_INSIDE:
                task = loop.create_task(self._visit(visit))
                self._inside.add(task)
                task.add_done_callback(self._inside.discard)
            number += 1
            await asyncio.sleep(began + number / visit.per_second - loop.time())

    async def _visit(self, visit: Visit) -> None:
        _, project, _, region, _, service = visit.service.split("/")
        url = f"{self._base}/run/{project}/{region}/{service}{visit.path.partition('?')[0]}"
        try:
            revision = self._forwarding.revision_for(visit.service, None)
            await self._forwarding.answer(revision, Asked("GET", visit.path, url, (("host", self._host), *WHO)))
        except ApiError:
            return  # noted in the log, as far as a revision was there to answer
