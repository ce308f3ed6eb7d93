"""The services' own addresses: requests go to a revision's program, by effective traffic."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploytool.emulator.bodies import MAX_BODY, raw_body
from deploytool.emulator.forwarding import Asked, Forwarding
from deploytool.emulator.world import World

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


async def _by_service(request: Request) -> Response:
    forwarding: Forwarding = request.app.state.forwarding
    p = request.path_params
    tag, mark, service_id = p["service"].rpartition("---")
    name = f"projects/{p['project']}/locations/{p['region']}/services/{service_id}"
    return await _through(request, forwarding.revision_for(name, tag if mark else None), 5)


async def _by_revision(request: Request) -> Response:
    world: World = request.app.state.world
    p = request.path_params
    service = f"projects/{p['project']}/locations/{p['region']}/services/{p['service']}"
    return await _through(request, world.get("revisions", f"{service}/revisions/{p['revision']}"), 6)


async def _through(request: Request, revision: dict[str, Any], depth: int) -> Response:
    """Hand the request on, without the first `depth` segments of its path; the rest stays percent-encoded."""
    raw = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    target = "/" + "".join(raw.split("/", depth)[depth:])
    if request.url.query:
        target += f"?{request.url.query}"
    body = await raw_body(request, MAX_BODY)
    asked = Asked(request.method, target, request.app.state.base + raw, tuple(request.headers.items()), body)
    reply = await request.app.state.forwarding.answer(revision, asked)
    answer = Response(reply.body, reply.status)
    answer.raw_headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in reply.headers]
    answer.raw_headers.append((b"content-length", str(len(reply.body)).encode()))
    return answer


routes = [
    Route("/run/{project}/{region}/{service}", _by_service, methods=METHODS),
    Route("/run/{project}/{region}/{service}/{path:path}", _by_service, methods=METHODS),
    Route("/run-revision/{project}/{region}/{service}/{revision}", _by_revision, methods=METHODS),
    Route("/run-revision/{project}/{region}/{service}/{revision}/{path:path}", _by_revision, methods=METHODS),
]
