"""A Cloud Run in thirty lines: answers lists in pages, revisions by name, and faults as they were queued."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class FakeCloudRun(ThreadingHTTPServer):
    """`lists` maps a path to its pages; `things` maps a path to one object; `faults` come first, per path."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.lists: dict[str, list[dict]] = {}
        self.things: dict[str, dict] = {}
        self.faults: dict[str, deque] = {}
        self.asked: list[tuple[str, dict]] = []

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def paths(self):
        return [path for path, _ in self.asked]

    def fail(self, path, *faults):
        """Each fault is (status, headers, body) and is answered once; one in a list is answered for ever."""
        self.faults[path] = deque(faults)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        path, query = url.path.removeprefix("/v2/"), parse_qs(url.query)
        self.server.asked.append((path, dict(self.headers)))
        faults = self.server.faults.get(path)
        if faults:
            fault = faults[0] if isinstance(faults[0], list) else [faults.popleft()]
            return self.fault(*fault[0])
        if path in self.server.things:
            return self.say(200, self.server.things[path])
        pages = self.server.lists.get(path)
        if pages is None:
            empty = path.endswith(("/services", "/jobs"))
            return self.say(200 if empty else 404, {} if empty else error_body(404, "NOT_FOUND", "no such thing"))
        return self.say(200, pages[int(query.get("pageToken", ["0"])[0])])

    def fault(self, status, headers, body):
        if status == "hang":
            time.sleep(body)
            return None
        return self.say(status, body, headers)

    def say(self, status, body, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in dict(headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def error_body(code, status, message, reason=None):
    """An error as Google's front end writes it."""
    error = {"code": code, "message": message, "status": status}
    if reason:
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
        error["details"] = [info]
    return {"error": error}
