"""A served world on a free loopback port, without a process of its own."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from deploytool.emulator.server import Gate, application, bound_socket
from deploytool.emulator.store import Store
from deploytool.emulator.world import World

TOKEN = "a-token-of-the-tests"


@dataclass
class Clock:
    """Seconds since 1970 that pass when a test says so."""

    now: float = 1_770_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Served:
    """What a test holds of a running server: its port, its world, and the clock it lives by."""

    port: int
    world: World
    clock: Clock
    state: Path
    headers: dict[str, str] = field(default_factory=dict)
    token: str = TOKEN
    location: str = "projects/demo-project/locations/us-west2"
    v2: str = f"/v2/{location}"

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and parsed JSON of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        raw = None if body is None else json.dumps(body)
        connection.request(method, path, raw, self.headers | (headers or {}))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        status, value = self.call(method, path, body)
        assert status == 200, value
        return value

    def settle(self) -> None:
        self.clock.now += 1.0

    def create(self, service: str = "api", **body: Any) -> Any:
        """Create a service and let it settle; answers the service."""
        self.ok("POST", f"{self.v2}/services?serviceId={service}", {"template": self.template()} | body)
        self.settle()
        return self.service(service)

    def service(self, service: str = "api") -> Any:
        return self.ok("GET", f"{self.v2}/services/{service}")

    def patch(self, body: Any, query: str = "", service: str = "api") -> Any:
        """Patch and let it settle; answers the service."""
        self.ok("PATCH", f"{self.v2}/services/{service}?{query}", body)
        self.settle()
        return self.service(service)

    def revisions(self, service: str = "api") -> list[Any]:
        """Newest first."""
        return self.ok("GET", f"{self.v2}/services/{service}/revisions").get("revisions", [])

    @staticmethod
    def template(image: str = "gcr.io/demo-project/api:1", **more: Any) -> dict[str, Any]:
        return {"containers": [{"image": image}]} | more


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts servers in threads; every one of them ends with the test."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(state: Path = tmp_path, clock: Callable[[], float] | None = None) -> Served:
        clock = clock or Clock()
        listener = bound_socket(0)
        port = listener.getsockname()[1]
        ready: dict[str, World] = {}

        def run() -> None:
            world = World(Store(state / "cloudrun.sqlite"), clock=clock)
            ready["world"] = world
            gate = Gate(application(world, base=f"http://127.0.0.1:{port}", token=TOKEN))
            config = uvicorn.Config(gate, http="h11", ws="none", lifespan="off", log_config=None, access_log=False)
            server = uvicorn.Server(config)
            running.append((server, threading.current_thread()))
            server.run(sockets=[listener])
            world.store.close()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        while "world" not in ready and thread.is_alive():
            time.sleep(0.005)
        return Served(port, ready["world"], clock, state)  # type: ignore[arg-type]

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(5)


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()
