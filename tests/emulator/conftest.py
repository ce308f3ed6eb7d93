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

from deploytool.emulator import client
from deploytool.emulator.house import House

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
    house: House
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
        """Programs that are tried have their real time; for everything else a second passes at once."""
        deadline = time.monotonic() + 15
        while self.house.readiness.busy and time.monotonic() < deadline:
            time.sleep(0.002)
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


def _house(state: Path, clock: Callable[[], float], settle: float = 0.3) -> tuple[House, threading.Thread]:
    """A house that runs in a thread; SQLite wants to be opened, used and closed there."""
    made: list[House] = []

    def live() -> None:
        house = House(state, port=0, settle=settle, token=TOKEN, clock=clock)
        made.append(house)
        house.run()
        house.close()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    while not made and thread.is_alive():
        time.sleep(0.002)
    return made[0], thread


@pytest.fixture(scope="session")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    clock = Clock()
    state = tmp_path_factory.mktemp("state")
    house, thread = _house(state, clock)
    yield Served(house.port, house, clock, state)
    house.stop()
    thread.join(5)


@pytest.fixture
def served(_shared: Served) -> Served:
    """An empty world whose time stands still; one server for all tests, reset for each."""
    client.reset(client.Address("127.0.0.1", _shared.port, TOKEN))
    _shared.clock.now = Clock.now
    return _shared


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Starts further servers on a state folder; every one of them ends with the test."""
    running: list[tuple[House, threading.Thread]] = []

    def start(state: Path) -> Served:
        clock = Clock()
        running.append(_house(state, clock))
        return Served(running[-1][0].port, running[-1][0], clock, state)

    yield start
    for house, thread in running:
        house.stop()
        thread.join(5)
