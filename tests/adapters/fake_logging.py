"""A Cloud Logging on 127.0.0.1: each question of `entries:list` is written down and answered by a function."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Page = Callable[[dict[str, Any]], Any]


class FakeLogging:
    """`page` makes the answer to one question: a body, or (status, body)."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.questions: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.url = ""


@contextmanager
def logging_of(page: Page) -> Iterator[FakeLogging]:
    fake = FakeLogging(page)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece

        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["content-length"])))
            fake.questions.append(question)
            fake.paths.append(self.path)
            answer = fake.page(question)
            status, body = answer if isinstance(answer, tuple) else (200, answer)
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()


def pages(entries: list[Any]) -> Page:
    """All entries, cut into pages as they were asked for; the filter is not looked at."""

    def page(question: dict[str, Any]) -> dict[str, Any]:
        begin = int(question.get("pageToken", "0"))
        end = begin + question["pageSize"]
        more = {"nextPageToken": str(end)} if end < len(entries) else {}
        return {"entries": entries[begin:end], **more}

    return page
