"""What happens to a request on its way in and out: the faults of the plan."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.responses import Response

from deploytool.emulator.bodies import plain
from deploytool.emulator.errors import ApiError
from deploytool.emulator.faults import ASKED, KINDS, STATUSES, Fault, Plan
from deploytool.emulator.lines import hang_up

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OURS = "/emulator/"  # what a test drives the server with is never hit by its own faults
NEW_NAME = {"state": "CONDITION_OF_A_LATER_VERSION", "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_OF_A_LATER_VERSION"}
NEW_NUMBER = 99
FIRST_LETTER = {"state": "CONDITION_", "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_"}


class Wire:
    """Lets each request through, unless faults of the plan hit it: those that come first are met first.

    A fault behind one that keeps the request away neither sees nor counts it.
    """

    def __init__(self, app: App, plan: Plan) -> None:
        self.app = app
        self.plan = plan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(OURS):
            return await self.app(scope, receive, send)
        return await self._past(0, scope, receive, send)

    async def _past(self, at: int, scope: Scope, receive: Receive, send: Send) -> None:
        """Meet the faults from number `at` on."""
        entries = self.plan.entries
        query = scope["query_string"].decode("latin-1")
        while at < len(entries) and not entries[at].hit(scope["method"], scope["path"], query):
            at += 1
        if at == len(entries):
            return await self.app(scope, receive, send)
        fault = entries[at].fault
        scope.setdefault("hit_by", []).append(fault.do)

        async def onwards(scope: Scope, receive: Receive, send: Send) -> None:
            await self._past(at + 1, scope, receive, send)

        return await _meet(fault, onwards, scope, receive, send)


async def _meet(fault: Fault, onwards: App, scope: Scope, receive: Receive, send: Send) -> None:
    if KINDS[fault.do].in_world:
        return await _asked_of_world(fault, onwards, scope, receive, send)
    match fault.do:
        case "delay":
            await asyncio.sleep(fault.value)
            await onwards(scope, receive, send)
        case "status":
            await _refusal(fault)(scope, receive, send)
        case "drop":
            await hang_up(scope, receive)
        case "lose-reply":
            await _whole(onwards, scope, receive)
            await hang_up(scope, receive)
        case "lose-reply-status":
            await _whole(onwards, scope, receive)
            await _refusal(fault)(scope, receive, send)
        case "malformed":
            await _malformed(fault, onwards, scope, receive, send)
        case "unknown-enum":
            start, body = await _whole(onwards, scope, receive)
            await _answer(start, _with_unknown(body, fault.value), send)
    return None


async def _asked_of_world(fault: Fault, onwards: App, scope: Scope, receive: Receive, send: Send) -> None:
    token = ASKED.set(ASKED.get().with_one(fault))
    try:
        await onwards(scope, receive, send)
    finally:
        ASKED.reset(token)


def _refusal(fault: Fault) -> Response:
    code = fault.value
    answer = plain(ApiError(code, STATUSES[code], "The fault plan of this server says so.").body(), code)
    if fault.retry_after is not None:
        answer.headers["retry-after"] = str(fault.retry_after)
    return answer


async def _whole(app: App, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """What the application would answer: the message that starts it, and the body."""
    kept: list[Message] = []

    async def keep(message: Message) -> None:
        kept.append(message)

    await app(scope, receive, keep)
    starts = [message for message in kept if message["type"] == "http.response.start"]
    start = starts[0] if starts else {"type": "http.response.start", "status": 500, "headers": []}
    return start, b"".join(message.get("body", b"") for message in kept)


async def _answer(start: Message, body: bytes, send: Send, length: int | None = None) -> None:
    headers = [(key, value) for key, value in start["headers"] if key.lower() != b"content-length"]
    headers.append((b"content-length", str(len(body) if length is None else length).encode()))
    await send({**start, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": length is not None})


async def _malformed(fault: Fault, onwards: App, scope: Scope, receive: Receive, send: Send) -> None:
    """The request is acted on; of its answer only the first half comes, as if that were all, or torn off."""
    start, body = await _whole(onwards, scope, receive)
    half = body[: max(len(body) // 2, 1)] or b"{"
    if fault.value == "broken":
        return await _answer({**start, "status": 200}, half, send)
    await _answer({**start, "status": 200}, half, send, length=len(body) + 1)
    await asyncio.sleep(0.01)  # what was written shall leave before the connection is closed
    return await hang_up(scope, receive)


def _with_unknown(body: bytes, field: str) -> bytes:
    try:
        return json.dumps(_renamed(json.loads(body), field)).encode()
    except ValueError:
        return body


def _renamed(value: Any, field: str) -> Any:
    """Every condition state (or traffic type) becomes one that no client of today knows."""
    if isinstance(value, list):
        return [_renamed(item, field) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _new(item, field) if key == field else _renamed(item, field) for key, item in value.items()}


def _new(item: Any, field: str) -> Any:
    if isinstance(item, int):
        return NEW_NUMBER
    return NEW_NAME[field] if isinstance(item, str) and item.startswith(FIRST_LETTER[field]) else item
