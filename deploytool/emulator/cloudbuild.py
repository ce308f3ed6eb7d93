"""The Cloud Build API v1, REST: builds and their operations."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploytool.emulator import lapses, paging
from deploytool.emulator.bodies import json_object, plain
from deploytool.emulator.builds import RUNNING, Builds
from deploytool.emulator.errors import invalid
from deploytool.emulator.names import PROJECT, location_of
from deploytool.emulator.store import Row

TYPE = "type.googleapis.com/google.devtools.cloudbuild.v1."
GLOBAL = "global"
ABORTED = {"CANCELLED": (1, "Build was cancelled")}
FAILED = (2, "Build failed; check build logs for details")
FILTER = re.compile(r'\s*(tags|status)\s*=\s*"?([^"\s]+)"?\s*')


def _builds(request: Request) -> Builds:
    builds: Builds = request.app.state.house.builds
    return builds


def _place(request: Request) -> tuple[str, str]:
    """Project and region; without one it is `global`."""
    project, region = request.path_params["project"], request.path_params.get("region", GLOBAL)
    if region != GLOBAL:
        location_of(project, region)
    elif not PROJECT.fullmatch(project):
        raise invalid(f"Invalid project: '{project}'.", "project_id")
    return project, region


def _name(request: Request) -> str:
    project, region = _place(request)
    return f"projects/{project}/locations/{region}/builds/{request.path_params['id']}"


async def _create(request: Request) -> Response:
    sent = await json_object(request)
    return plain(_operation_of(_builds(request).create(*_place(request), sent)))


async def _list(request: Request) -> Response:
    """One page, newest first; `filter` knows `tags="…"` and `status="…"`, joined by AND."""
    project, region = _place(request)
    keeps = _filter(request.query_params.get("filter", ""))
    found = [build for build in _builds(request).all_in(f"projects/{project}/locations/{region}") if keeps(build)]
    size = paging.page_size(request.query_params.get("pageSize"))
    collection = f"{project}/{region}/builds?{request.query_params.get('filter', '')}"
    after = paging.last_of(collection, request.query_params.get("pageToken"))
    ids = [build["id"] for build in found]
    begin = ids.index(after) + 1 if after in ids else 0
    answer: dict[str, Any] = {"builds": found[begin : begin + size]} if found[begin:] else {}
    if len(found) > begin + size:
        answer["nextPageToken"] = paging.token_for(collection, ids[begin + size - 1])
    return plain(answer)


def _filter(text: str) -> Any:
    rules = []
    for part in text.split(" AND ") if text.strip() else []:
        match = FILTER.fullmatch(part)
        if not match:
            raise invalid(f"Unsupported filter: '{part}'.", "filter")
        rules.append(match.groups())

    def keeps(build: dict[str, Any]) -> bool:
        return all(
            value in (build.get("tags") or []) if key == "tags" else build["status"] == value for key, value in rules
        )

    return keeps


async def _get(request: Request) -> Response:
    return plain(_builds(request).row(_name(request)).body)


async def _cancel(request: Request) -> Response:
    return plain(_builds(request).cancel(_name(request)))


async def _operation(request: Request) -> Response:
    project, region = _place(request)
    number = _decoded(request.path_params["id"])
    row = _builds(request).row(f"projects/{project}/locations/{region}/builds/{number}")
    lapses.check_found(row)
    return plain(_operation_of(row))


def _operation_of(row: Row) -> dict[str, Any]:
    """The long-running operation that a build is; its id is that of the build, encoded."""
    build = row.body
    _, project, _, region, _, number = row.name.split("/")
    encoded = base64.urlsafe_b64encode(number.encode()).decode()
    prefix = f"operations/build/{project}" if region == GLOBAL else f"projects/{project}/locations/{region}/operations"
    running = {"name": f"{prefix}/{encoded}", "metadata": {"@type": f"{TYPE}BuildOperationMetadata", "build": build}}
    if build["status"] in RUNNING:
        return running
    if build["status"] == "SUCCESS":
        end: dict[str, Any] = {"response": {"@type": f"{TYPE}Build"} | build}
    else:
        code, message = ABORTED.get(build["status"], FAILED)
        end = {"error": {"code": code, "message": message}}
    return lapses.told(row, running, running | {"done": True} | end)


def _decoded(text: str) -> str:
    """The id of the build; empty for what is no such encoding."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""


REGIONAL = "/v1/projects/{project}/locations/{region}/builds"
routes = [
    Route("/v1/operations/build/{project}/{id}", _operation, methods=["GET"]),
    Route("/v1/projects/{project}/locations/{region}/operations/{id}", _operation, methods=["GET"]),
]
for _root in (REGIONAL, "/v1/projects/{project}/builds"):
    routes[:0] = [
        Route(_root, _create, methods=["POST"]),
        Route(_root, _list, methods=["GET"]),
        Route(f"{_root}/{{id}}:cancel", _cancel, methods=["POST"]),
        Route(f"{_root}/{{id}}", _get, methods=["GET"]),
    ]
