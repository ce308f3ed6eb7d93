"""JSON in and out of requests, with a limit on what comes in."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from deploytool.emulator.enums import with_names, with_numbers
from deploytool.emulator.errors import ApiError, invalid

MAX_BODY = 4 * 1024 * 1024
MAX_IMPORT = 256 * 1024 * 1024


async def raw_body(request: Request, limit: int) -> bytes:
    """The body; 413 beyond `limit` bytes, before it is read whole."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise ApiError(413, "INVALID_ARGUMENT", f"Request payload size exceeds the limit: {limit} bytes.")
        parts.append(part)
    return b"".join(parts)


async def json_object(request: Request, limit: int = MAX_BODY) -> dict[str, Any]:
    """The JSON object in the body, enums by name; 400 for anything else. Nothing at all is `{}`."""
    raw = await raw_body(request, limit)
    if not raw.strip():
        return {}
    try:
        value = with_names(json.loads(raw))
    except (ValueError, RecursionError) as problem:
        raise invalid(f"Invalid JSON payload received: {type(problem).__name__}.") from None
    if not isinstance(value, dict):
        raise invalid("Invalid JSON payload received: expected an object.")
    return value


def answer(request: Request, value: dict[str, Any], status: int = 200) -> Response:
    """The JSON answer; enums as integers when `$alt=json;enum-encoding=int` asks for it."""
    wanted = request.query_params.get("$alt", "")
    body = with_numbers(value) if "enum-encoding=int" in wanted else value
    return plain(body, status)


def plain(value: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(value), status, media_type="application/json; charset=utf-8")
