"""What was asked of the API, in order: the outermost layer, which sees what a client saw."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

from deploytool.emulator.stamps import stamp

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

KEPT = 10_000  # requests; the oldest go first
MAX_READ = 1024 * 1024  # of a body whose keys are listed
NOT_THE_API = ("/emulator/", "/run/", "/run-revision/")
ONLY_ASKS = (":wait", ":testIamPermissions", "/entries:list")  # POST that changes nothing


class RequestJournal:
    """The latest requests to the API; values of bodies are never kept, only the names of their fields."""

    def __init__(self, app: App, clock: Callable[[], float]) -> None:
        self.app = app
        self.clock = clock
        self.entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._number = 0

    def clear(self) -> None:
        self.entries.clear()
        self._number = 0

    def body(self) -> dict[str, Any]:
        return {"requests": list(self.entries)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(NOT_THE_API):
            return await self.app(scope, receive, self._dated(send, {}))
        entry = self._entry(scope)
        reads = _Reading(receive)
        try:
            await self.app(scope, reads if scope["method"] in {"PATCH", "PUT"} else receive, self._dated(send, entry))
        finally:
            if scope["method"] in {"PATCH", "PUT"}:
                entry |= reads.told(entry)
            if "hit_by" in scope:
                entry["faults"] = scope["hit_by"]
        return None

    def _entry(self, scope: Scope) -> dict[str, Any]:
        """Written when the request comes, so that one which never ends is in it; `status` null is no answer."""
        self._number += 1
        query = scope["query_string"].decode("latin-1")
        entry = {"number": self._number, "at": stamp(self._now()), "method": scope["method"]}
        entry |= {"path": scope["path"], "query": query, "status": None}
        entry["mutating"] = _mutating(scope["method"], scope["path"], parse_qs(query))
        self.entries.append(entry)
        return entry

    def _dated(self, send: Send, entry: dict[str, Any]) -> Send:
        """Answers carry the time of this world, which need not be that of the machine."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
                headers = list(message.get("headers", []))
                if not any(key.lower() == b"date" for key, _ in headers):
                    headers.append((b"date", format_datetime(self._now(), usegmt=True).encode()))
                message = {**message, "headers": headers}
            await send(message)

        return dated

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)


class _Reading:
    """Hands a body on and remembers its beginning."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.read = b""

    async def __call__(self) -> Message:
        message = await self.receive()
        if len(self.read) <= MAX_READ:
            self.read += message.get("body", b"")
        return message

    def told(self, entry: dict[str, Any]) -> dict[str, Any]:
        """`{updateMask?, etag?, body: [names of its fields]}`."""
        query = parse_qs(entry["query"])
        told: dict[str, Any] = {}
        for spelling, key in {"update_mask": "updateMask", "updateMask": "updateMask", "etag": "etag"}.items():
            if spelling in query:
                told[key] = query[spelling][0]
        try:
            value = json.loads(self.read or b"{}")
        except (ValueError, RecursionError):
            return told
        if isinstance(value, dict):
            told["body"] = sorted(value)
            if isinstance(value.get("etag"), str):
                told.setdefault("etag", value["etag"])
        return told


def _mutating(method: str, path: str, query: dict[str, list[str]]) -> bool:
    if method in {"GET", "HEAD", "OPTIONS"} or path.endswith(ONLY_ASKS):
        return False
    said = {name: values[0].lower() for name, values in query.items()}
    only_asks = (said.get("validateOnly") or said.get("validate_only") or "") in {"true", "1"}
    return not only_asks and said.get("dryRun") != "all"
