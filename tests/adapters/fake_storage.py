"""A Cloud Storage in miniature over HTTP: generations, preconditions, pages; and it fails when it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "team-ledger"


@dataclass
class Trouble:
    """`status` answers everything. `before` hears of each write."""

    status: int = 0
    writes: int = 0  # answers writes alone
    slow: float = 0.0
    busy: int = 0  # of the next writes are too many
    lost: int = 0  # answers of the next writes
    before: Callable[[str], None] = lambda name: None


class Storage(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), StorageRequest)
        self.objects: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        self.written: list[str] = []
        self.trouble = Trouble()
        self.page = 1000
        self.generation = 1_700_000_000_000_000
        self.guard = threading.RLock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def put(self, name: str, content: bytes) -> None:
        """As somebody would by hand."""
        with self.guard:
            self.generation += 1
            self.objects[name] = (self.generation, content)

    def json(self, name: str) -> dict[str, object]:
        value: dict[str, object] = json.loads(self.objects[name][1])
        return value


class StorageRequest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body leave together
    server: Storage

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(where.query).items()}
        self.server.asked.append(unquote(where.path))
        if self._troubled(0):
            return None
        if where.path == f"/storage/v1/b/{BUCKET}/o":
            return self._json(200, self._listed(asked))
        name = unquote(where.path.rpartition("/o/")[2])
        found = self.server.objects.get(name)
        if found is None:
            return self._json(404, {"error": {"code": 404, "message": "No such object"}})
        if asked.get("alt") == "media":
            return self._answer(200, found[1], {"x-goog-generation": str(found[0])})
        return self._json(200, _row(name, found))

    def do_POST(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        content, server = self.rfile.read(int(self.headers["content-length"])), self.server
        status, server.trouble.busy = (
            (429 if server.trouble.busy else server.trouble.writes),
            max(0, server.trouble.busy - 1),
        )
        if self._troubled(status):
            return None
        server.trouble.before(asked["name"])
        with server.guard:
            there = server.objects.get(asked["name"], (0, b""))[0]
            if str(there) != asked["ifGenerationMatch"]:
                return self._json(412, {"error": {"code": 412, "message": "conditionNotMet"}})
            server.put(asked["name"], content)
            server.written.append(asked["name"])
            row = _row(asked["name"], server.objects[asked["name"]])
        if server.trouble.lost:
            server.trouble.lost -= 1
            self.close_connection = True
            return None
        return self._json(200, row)

    def _listed(self, asked: dict[str, str]) -> dict[str, object]:
        with self.server.guard:
            names = [name for name in sorted(self.server.objects) if name.startswith(asked["prefix"])]
            names = [name for name in names if name > asked.get("pageToken", "")]
            page = names[: self.server.page]
            found: dict[str, object] = (
                {"items": [_row(name, self.server.objects[name]) for name in page]} if page else {}
            )
            return found | ({"nextPageToken": page[-1]} if len(names) > len(page) else {})

    def _troubled(self, status: int) -> bool:
        trouble = self.server.trouble
        time.sleep(trouble.slow)
        status = trouble.status or status
        if status:
            self._json(status, {"error": {"code": status, "message": "not now"}})
        return status != 0

    def _json(self, status: int, value: object) -> None:
        self._answer(status, json.dumps(value).encode())

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *values: object) -> None:
        return


def _row(name: str, found: tuple[int, bytes]) -> dict[str, str]:
    return {"name": name, "generation": str(found[0]), "size": str(len(found[1]))}


@contextmanager
def storage() -> Iterator[Storage]:
    server = Storage()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
