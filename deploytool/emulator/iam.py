"""IAM policies of services: kept and given back, enforced nowhere."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploytool.emulator.bodies import answer, json_object
from deploytool.emulator.errors import conflict, invalid
from deploytool.emulator.names import location_of
from deploytool.emulator.store import Row
from deploytool.emulator.world import World

NO_POLICY = {"etag": "ACAB"}


def _service(request: Request) -> tuple[World, str]:
    """The world and the full name of a service that exists; 404 otherwise."""
    world: World = request.app.state.world
    location = location_of(request.path_params["project"], request.path_params["region"])
    name = f"{location}/services/{request.path_params['name']}"
    world.get("services", name)
    return world, name


def _policy(world: World, service: str) -> dict[str, Any]:
    row = world.store.get(f"{service}/policy")
    return row.body if row else NO_POLICY


async def _get(request: Request) -> Response:
    return answer(request, _policy(*_service(request)))


async def _set(request: Request) -> Response:
    policy = (await json_object(request)).get("policy")
    world, service = _service(request)
    if not isinstance(policy, dict):
        raise invalid("A policy is required.", "policy")
    stored = _policy(world, service)
    if policy.get("etag") and policy["etag"] != stored["etag"]:
        raise conflict("There were concurrent policy changes. Read the policy again and repeat the change.")
    digest = hashlib.sha256(json.dumps([policy, stored["etag"]], sort_keys=True).encode()).digest()[:8]
    policy = {"version": 1} | policy | {"etag": base64.b64encode(digest).decode()}
    world.store.put(Row(f"{service}/policy", "policies", service, policy))
    return answer(request, policy)


async def _test(request: Request) -> Response:
    _service(request)
    return answer(request, {"permissions": (await json_object(request)).get("permissions") or []})


routes = [
    Route(f"/{version}/projects/{{project}}/locations/{{region}}/services/{{name}}:{verb}", endpoint, methods=methods)
    for version in ("v1", "v2")
    for verb, endpoint, methods in (
        ("getIamPolicy", _get, ["GET"]),
        ("setIamPolicy", _set, ["POST"]),
        ("testIamPermissions", _test, ["POST"]),
    )
]
