"""A server on 127.0.0.1 for REST doubles: one function answers, and every question is written down."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

Answering = Callable[["Asked"], Any]  # a body, or (status, body); bytes are sent as they are


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str] = field(repr=False)


@dataclass
class Double:
    answer: Answering
    asked: list[Asked] = field(default_factory=list)
    url: str = ""


@contextmanager
def double(answer: Answering) -> Iterator[Double]:
    made = Double(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece

        def _answered(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            raw = self.rfile.read(length) if length else b""
            where = urlsplit(self.path)
            asked = Asked(
                self.command,
                unquote(where.path),
                dict(parse_qsl(where.query)),
                json.loads(raw) if raw else None,
                {name.lower(): value for name, value in self.headers.items()},
            )
            made.asked.append(asked)
            said = made.answer(asked)
            status, body = said if isinstance(said, tuple) else (200, said)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _answered  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def error(code: int, status: str, message: str = "no") -> tuple[int, Any]:
    """As Google's APIs say no."""
    return code, {"error": {"code": code, "status": status, "message": message}}


def slow(_: Asked) -> Any:
    time.sleep(3)
    return {}


# What a neighbour can do instead of answering. None: nobody listens there.
BROKEN: dict[str, Answering | None] = {
    "refused": None,
    "slow": slow,
    "401": lambda _: error(401, "UNAUTHENTICATED"),
    "403": lambda _: error(403, "PERMISSION_DENIED"),
    "404": lambda _: error(404, "NOT_FOUND"),
    "429": lambda _: error(429, "RESOURCE_EXHAUSTED"),
    "500": lambda _: error(500, "INTERNAL"),
    "no json": lambda _: b"<html>sign in</html>",
    "cut json": lambda _: b'{"rows": [',
    "deep json": lambda _: b"[" * 100_000,
    "empty": lambda _: b"",
    "an object": lambda _: {},
    "a list": lambda _: [],
    "a list of oddities": lambda _: [None, 1, {"found": 3}],
    "oddities": lambda _: {"jobComplete": "yes", "entries": 7, "statistics": [], "rows": {}, "nextPageToken": 3},
    "a text": lambda _: "hello",
    "null": lambda _: None,
}


@contextmanager
def broken(how: str) -> Iterator[str]:
    """The address of a neighbour that is broken in this way."""
    answer = BROKEN[how]
    if answer is not None:
        with double(answer) as made:
            yield made.url
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # taken, and nobody listens
        yield f"http://127.0.0.1:{free.getsockname()[1]}"
