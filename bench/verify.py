"""`verify` of a fleet: every service answers its check a little late, and nobody waits for the one before."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.programs import DEPLOYTOOL
from bench.timing import Line, within
from bench.whole import middle, turns
from bench.world import PROJECT, READY

REGION = "us-west2"
LATE = 0.05  # seconds of one answer


def measure(runs: int, size: int = 50) -> Iterator[Line | str]:
    with tempfile.TemporaryDirectory(prefix="deploytool-bench-") as name, world(size) as address:
        folder = Path(name)
        (folder / "services.toml").write_text(_config(size))
        words = [*DEPLOYTOOL, "verify", "--config", str(folder / "services.toml"), "--format", "json"]
        ran = turns(runs, {"ours": words}, {"CLOUD_RUN_EMULATOR_HOST": address}, accept=(0,))["ours"]
    counts = json.loads(ran[0].stdout)["counts"]
    if counts["pass"] != size:
        raise SystemExit(f"of {size} checks {counts['pass']} passed: {counts}")
    yield f"verify: {size} checks of {LATE * 1000:.0f} ms, all passed"
    yield within(f"verify, {size} services", "whole command", middle(ran), 1.0, "s")


def _config(size: int) -> str:
    text = [f'[project]\ncloud = "local"\nproject = "{PROJECT}"\nregions = ["{REGION}"]\n']
    for number in range(size):
        text.append(
            f'[services.svc-{number:04d}]\npaths = ["svc-{number}"]\n\n[[services.svc-{number:04d}.checks]]\n'
            f'name = "health"\nhttp = "/health"\nexpect = {{ json = {{ service = "svc-{number:04d}" }} }}\n'
        )
    return "\n".join(text)


@contextmanager
def world(size: int) -> Iterator[str]:
    """Cloud Run and its services, all at one address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            raw = json.dumps(_answer(self.path, f"http://{self.headers['host']}", size)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _answer(path: str, url: str, size: int) -> Any:
    path = path.partition("?")[0]
    if path.endswith("/health"):
        time.sleep(LATE)
        return {"service": path.split("/")[1]}
    if path.endswith("/services"):
        return {"services": [_service(f"svc-{number:04d}", url) for number in range(size)]}
    if "/revisions/" in path:
        return {"name": path.removeprefix("/v2/"), "createTime": "2026-01-01T00:00:00Z", "conditions": [READY]}
    return {}


def _service(name: str, url: str) -> dict[str, Any]:
    home = f"projects/{PROJECT}/locations/{REGION}/services/{name}"
    rows = [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]
    return {
        "name": home,
        "generation": "1",
        "observedGeneration": "1",
        "template": {"containers": [{"image": "eu.gcr.io/p/api:1"}]},
        "traffic": rows,
        "trafficStatuses": rows,
        "terminalCondition": READY,
        "latestCreatedRevision": f"{home}/revisions/{name}-00001-abc",
        "latestReadyRevision": f"{home}/revisions/{name}-00001-abc",
        "uri": f"{url}/{name}",
    }
