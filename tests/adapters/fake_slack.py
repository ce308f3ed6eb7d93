"""A Slack in miniature over HTTP, or any other webhook: it keeps what it is sent, and fails when it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "T0SECRET/B0SECRET/s3cret-of-the-webhook"
PATH = f"/services/{SECRET}"


@dataclass
class Mood:
    """`first` answers come before the others."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    first: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    slow: float = 0.0  # seconds until the answer
    dribble: float = 0.0  # seconds between two bytes of a head that never ends
    hang_up: bool = False  # after it has read everything


class Double(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.mood = Mood()
        self.got: list[dict[str, Any]] = []
        self.guard = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{PATH}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked did not wait for the end."""


class Request(BaseHTTPRequestHandler):
    wbufsize = 1 << 16
    server: Double

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        assert self.path == PATH
        with self.server.guard:
            self.server.got.append(json.loads(content))
            mood = self.server.mood
            status, headers = mood.first.pop(0) if mood.first else (mood.status, mood.headers)
        time.sleep(mood.slow)
        if mood.dribble:
            self._dribble(mood.dribble)
        elif not mood.hang_up:
            self._answer(status, headers, mood)

    def _answer(self, status: int, headers: dict[str, str], mood: Mood) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(mood.body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(mood.body)

    def _dribble(self, pause: float) -> None:
        for letter in b"HTTP/1.0 200 OK\r\nx: " + b"x" * 2000:
            self.wfile.write(bytes([letter]))
            self.wfile.flush()
            time.sleep(pause)

    def log_message(self, format: str, *values: object) -> None:
        return


@contextmanager
def slack() -> Iterator[Double]:
    server = Double()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
