"""Behind a service's URI: requests go to a revision's program, by effective traffic."""

from __future__ import annotations

import asyncio
import http.client
import random
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploytool.emulator import lapses, traffic
from deploytool.emulator.bodies import MAX_BODY, raw_body
from deploytool.emulator.errors import ApiError
from deploytool.emulator.images import NotRunnable
from deploytool.emulator.names import short
from deploytool.emulator.settling import serving
from deploytool.emulator.world import World

ANSWER_WAIT = 60.0  # seconds a program has for one answer
MAX_ANSWER = 32 * 1024 * 1024  # Cloud Run's own limit for HTTP/1 answers
# Of one connection only, or wrong after the body was read whole.
HOP = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length", "proxy-connection"}
)
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def chosen(service: dict[str, Any], label: str | None, draw: float) -> str | None:
    """The short name of the revision that takes a request; `draw` in [0, 1) decides a split."""
    latest = service.get("latestReadyRevision")
    latest = short(latest) if latest else None
    if label is not None:
        return traffic.tagged(service.get("trafficStatuses") or [], label, latest)
    point = draw * 100
    for revision, percent in serving(service).items():
        point -= percent
        if point < 0:
            return revision
    return None


async def _by_service(request: Request) -> Response:
    world: World = request.app.state.world
    p = request.path_params
    tag, mark, service_id = p["service"].rpartition("---")
    name = f"projects/{p['project']}/locations/{p['region']}/services/{service_id}"
    service = world.get("services", name)
    revision = chosen(service, tag if mark else None, random.random())
    if revision is None:
        what = f"Tag '{tag}' of service" if mark else "Service"
        raise ApiError(503, "UNAVAILABLE", f"{what} '{service_id}' has no revision that can serve.")
    return await _through(request, world.get("revisions", f"{name}/revisions/{revision}"), 5)


async def _by_revision(request: Request) -> Response:
    world: World = request.app.state.world
    p = request.path_params
    service = f"projects/{p['project']}/locations/{p['region']}/services/{p['service']}"
    return await _through(request, world.get("revisions", f"{service}/revisions/{p['revision']}"), 6)


async def _through(request: Request, revision: dict[str, Any], depth: int) -> Response:
    """Hand the request on, without the first `depth` segments of its path; the rest stays percent-encoded."""
    lapses.check_alive(request.app.state.world.store, revision["name"])
    try:
        port = await request.app.state.programs.port_of(revision)
    except NotRunnable as problem:
        raise ApiError(503, "UNAVAILABLE", f"Revision '{short(revision['name'])}' cannot answer: {problem}") from None
    body = await raw_body(request, MAX_BODY)
    raw = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    target = "/" + "".join(raw.split("/", depth)[depth:])
    if request.url.query:
        target += f"?{request.url.query}"
    headers = [(key, value) for key, value in request.headers.items() if key not in HOP]
    try:
        reply = await asyncio.to_thread(_asked, port, request.method, target, headers, body)
    except (OSError, http.client.HTTPException) as problem:
        text = f"Revision '{short(revision['name'])}' did not answer ({type(problem).__name__})."
        raise ApiError(503, "UNAVAILABLE", text) from problem
    answer = Response(reply.body, reply.status)
    answer.raw_headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in reply.headers]
    answer.raw_headers.append((b"content-length", str(len(reply.body)).encode()))
    return answer


def _asked(port: int, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> Reply:
    """One bounded request to a program; raises OSError or HTTPException."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WAIT)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for key, value in headers:
            connection.putheader(key, value)
        connection.putheader("content-length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        content = answer.read(MAX_ANSWER + 1)
        if len(content) > MAX_ANSWER:
            raise http.client.HTTPException("answer too long")
        return Reply(answer.status, [(k, v) for k, v in answer.getheaders() if k.lower() not in HOP], content)
    finally:
        connection.close()


routes = [
    Route("/run/{project}/{region}/{service}", _by_service, methods=METHODS),
    Route("/run/{project}/{region}/{service}/{path:path}", _by_service, methods=METHODS),
    Route("/run-revision/{project}/{region}/{service}/{revision}", _by_revision, methods=METHODS),
    Route("/run-revision/{project}/{region}/{service}/{revision}/{path:path}", _by_revision, methods=METHODS),
]
