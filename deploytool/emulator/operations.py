"""Long-running operations, as a client polls them."""

from __future__ import annotations

import uuid
from typing import Any

from deploytool.emulator.errors import RPC_CODES

Resource = dict[str, Any]
TYPE = "type.googleapis.com/google.cloud.run.v2."


def operation_name(resource: str) -> str:
    """A fresh name in the location of the resource it works on."""
    return f"{'/'.join(resource.split('/')[:4])}/operations/{uuid.uuid4()}"


def typed(kind: str, resource: Resource) -> Resource:
    """The resource as a protobuf Any: `@type` first. `kind` is Service, Revision or Job."""
    return {"@type": TYPE + kind} | resource


def running(name: str, kind: str, resource: Resource) -> Resource:
    """Not done: no `done`, no `response`."""
    return {"name": name, "metadata": typed(kind, resource)}


def done(name: str, kind: str, resource: Resource) -> Resource:
    whole = typed(kind, resource)
    return {"name": name, "metadata": whole, "done": True, "response": whole}


def failed(name: str, kind: str, resource: Resource, message: str) -> Resource:
    error = {"code": RPC_CODES["FAILED_PRECONDITION"], "message": message}
    return {"name": name, "metadata": typed(kind, resource), "done": True, "error": error}
