"""A small shop to release into: one repository, one embedded Cloud Run, a fresh project for each release."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploytool.emulator import client, daemon
from tests.repositories import Builder

Json = dict[str, Any]
REGION, NAME = "us-west2", "shop"
CANARY = "canary-4f1d-not-for-anybody"  # the value of a variable: it must never turn up anywhere
OLD, OLDER = f"{NAME}-00002-old", f"{NAME}-00001-older"
PROGRAM = b"""import json, os, signal, socket
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
door = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), reuse_port=False)
body = json.dumps({"service": os.environ["K_SERVICE"], "version": %d}).encode()
head = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: "
while True:
    guest, _ = door.accept()
    guest.settimeout(5)
    try:
        if guest.recv(65536):
            guest.sendall(head + str(len(body)).encode() + b"\\r\\nConnection: close\\r\\n\\r\\n" + body)
    except OSError:
        pass
    guest.close()
"""
DOCKERFILE = b'FROM python:3.11-slim\nWORKDIR /app\nCOPY app.py .\nCMD ["python", "app.py"]\n'
CONFIG = """[project]
cloud      = "local"
project    = "{project}"
regions    = ["us-west2"]
repository = "."
target     = "main"

[services.shop]
paths      = ["."]
dockerfile = "Dockerfile"

[services.shop.release]
build = "local"
steps = {steps}
bake  = "1s"
judge = {{ min_requests = 1, max_p95_ratio = 1000 }}

[[services.shop.checks]]
name = "health"
http = "/health"
expect = {{ status = 200, json = {{ service = "shop" }} }}
when = ["candidate", "live"]

[locks]
backend = "sqlite"
ttl = "60s"
"""


@dataclass(frozen=True)
class Shop:
    """What all releases share: the sources, the server, and two commits of which the first serves."""

    folder: Path
    address: client.Address
    first: str
    second: str
    process: int  # of the server

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    @property
    def state(self) -> Path:
        return self.folder / "cloud"


@dataclass(frozen=True)
class Counter:
    """One release of its own: a project with the service in it, and a folder with its services.toml."""

    shop: Shop
    project: str
    folder: Path

    @property
    def service(self) -> str:
        return f"projects/{self.project}/locations/{REGION}/services/{NAME}"

    @property
    def config(self) -> Path:
        return self.folder / "services.toml"

    @property
    def ledger(self) -> Path:
        return self.folder / ".deploytool" / "ledger.sqlite"

    @property
    def leases(self) -> Path:
        return self.folder / ".deploytool" / "leases.sqlite"

    def get(self, path: str) -> Json:
        return asked(self.shop.address, f"/v2/{path}")

    def read(self) -> Json:
        return self.get(self.service)

    def revisions(self) -> dict[str, Json]:
        """By short name."""
        found = self.get(f"{self.service}/revisions").get("revisions", [])
        return {revision["name"].rpartition("/")[2]: revision for revision in found}

    def served(self) -> frozenset[str]:
        """Who has traffic now."""
        service = self.read()
        latest = service.get("latestReadyRevision", "").rpartition("/")[2]
        rows = [row for row in service.get("trafficStatuses") or [] if row.get("percent")]
        return frozenset(row.get("revision") or latest for row in rows)

    def visit(self) -> None:
        """One visitor for each who has traffic: somebody must come, so that there is something to judge."""
        for revision in self.served():
            url = f"{self.shop.address.url}/run-revision/{self.project}/{REGION}/{NAME}/{revision}/health"
            with suppress(OSError):
                urllib.request.urlopen(url, timeout=10).close()

    def close(self) -> None:
        """Take the service away, and with it its programs."""
        with suppress(OSError):
            urllib.request.urlopen(
                urllib.request.Request(f"{self.shop.address.url}/v2/{self.service}", method="DELETE"), timeout=10
            ).close()
        shutil.rmtree(self.folder, ignore_errors=True)


def asked(address: client.Address, path: str) -> Json:
    with urllib.request.urlopen(address.url + path, timeout=10) as answer:
        found: Json = json.load(answer)
        return found


@contextmanager
def opened(folder: Path, *, settle: float = 0.02) -> Iterator[Shop]:
    """The shop, with a server in a process of its own, until the block is left."""
    first, second = _repository(folder / "repository")
    state = folder / "cloud"
    _image(state, OLD, 1)
    server = _server(state, settle)
    try:
        yield Shop(folder, _address(state, server), first, second, server.pid)
    finally:
        server.terminate()
        server.wait(20)


def counter(shop: Shop, number: str, steps: Sequence[int]) -> Counter:
    """A fresh project in which the first commit serves, with what a person may have put there beside it."""
    project = f"shop-{number}"
    folder = shop.folder / "counters" / project
    (folder / ".deploytool").mkdir(parents=True)
    (folder / ".deploytool" / "images").symlink_to(shop.state / "images")
    (folder / "services.toml").write_text(CONFIG.format(project=project, steps=list(steps)))
    client.import_fleet(shop.address, _fleet(project, shop.first))
    return Counter(shop, project, folder)


def _repository(folder: Path) -> tuple[str, str]:
    with Builder(folder) as builder:
        files = {"Dockerfile": DOCKERFILE, "app.py": PROGRAM % 1, "README.md": b"A shop.\n"}
        first = builder.commit(files, subject="Open the shop")
        second = builder.commit({"app.py": PROGRAM % 2}, subject="A new window")
        builder.checkout()
    return first, second


def _digest(revision: str) -> str:
    return hashlib.sha256(revision.encode()).hexdigest()


def _image(state: Path, revision: str, version: int) -> None:
    folder = state / "images" / _digest(revision)
    (folder / "rootfs" / "app").mkdir(parents=True)
    (folder / "rootfs" / "app" / "app.py").write_bytes(PROGRAM % version)
    (folder / "config.json").write_text(json.dumps({"cmd": ["python", "app.py"], "workdir": "/app"}))


def _server(state: Path, settle: float) -> subprocess.Popen[bytes]:
    """Of its own, so that the releases can be forked from a process without threads."""
    command = [sys.executable, "-m", "deploytool.emulator", "--state", str(state), "--settle", str(settle)]
    source = str(Path(daemon.__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, start_new_session=True, env=os.environ | {"PYTHONPATH": path}
    )


def _address(state: Path, server: subprocess.Popen[bytes]) -> client.Address:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        address = daemon.living(state)
        if address:
            return address
        time.sleep(0.02)
    raise AssertionError("the embedded Cloud Run did not start")


def _fleet(project: str, commit: str) -> Json:
    home = f"projects/{project}/locations/{REGION}/services/{NAME}"
    done = {"state": "CONDITION_SUCCEEDED", "lastTransitionTime": "2025-11-01T00:00:00Z"}
    rows = [
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100},
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": OLDER, "tag": "blue"},
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": OLD, "tag": "green"},
    ]
    service = {
        "name": home,
        "uid": f"uid-{project}",
        "generation": "7",
        "labels": {"commit-sha": commit, "team": "window"},
        "annotations": {"note": "by hand"},
        "template": {"labels": {"commit-sha": commit, "shelf": "3"}, **_template(commit)},
        "traffic": rows,
        "trafficStatuses": [dict(row) for row in rows],
        "observedGeneration": "7",
        "terminalCondition": {"type": "Ready", **done},
        "conditions": [{"type": "RoutesReady", **done}, {"type": "ConfigurationsReady", **done}],
        "latestReadyRevision": f"{home}/revisions/{OLD}",
        "latestCreatedRevision": f"{home}/revisions/{OLD}",
        "etag": f'"{project}-7"',
        "ingress": "INGRESS_TRAFFIC_ALL",
        "fieldOfNextYear": {"kept": [1, "two", {"three": False}]},
    }
    return {"services": [service], "revisions": [_revision(home, name, commit) for name in (OLDER, OLD)], "jobs": []}


def _template(commit: str) -> Json:
    env = [
        {"name": "BUILD_COMMIT", "value": commit},
        {"name": "API_TOKEN", "value": CANARY},
        {"name": "SIGNING_KEY", "valueSource": {"secretKeyRef": {"secret": "signing-key", "version": "3"}}},
    ]
    container = {
        "image": f"local/{NAME}@sha256:{_digest(OLD)}",
        "env": env,
        "resources": {"limits": {"memory": "256Mi", "cpu": "500m"}, "cpuIdle": True},
        "ports": [{"name": "http1", "containerPort": 8080}],
        "startupProbe": {"timeoutSeconds": 9, "periodSeconds": 9, "failureThreshold": 2, "tcpSocket": {"port": 8080}},
        "knobOfNextYear": {"turns": 7},
    }
    return {
        "scaling": {"minInstanceCount": 1, "maxInstanceCount": 9},
        "timeout": "77s",
        "serviceAccount": "clerk@example.iam.gserviceaccount.com",
        "containers": [container],
        "maxInstanceRequestConcurrency": 3,
    }


def _revision(home: str, name: str, commit: str) -> Json:
    done = {"state": "CONDITION_SUCCEEDED", "lastTransitionTime": "2025-11-01T00:00:00Z"}
    return {
        "name": f"{home}/revisions/{name}",
        "uid": f"uid-{name}",
        "generation": "1",
        "labels": {"commit-sha": commit},
        "createTime": "2025-11-01T00:00:00Z",
        "service": NAME,
        **_template(commit),
        "conditions": [{"type": "Ready", **done}, {"type": "Active", **done}],
        "observedGeneration": "1",
    }
