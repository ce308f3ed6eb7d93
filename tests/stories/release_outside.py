"""Cloud Run as anybody sees it over HTTP, and the hands of somebody at its console."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any

from tests.stories.conftest import P, R

LATEST, REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
V2 = f"/v2/projects/{P}/locations/{R}"


class Outside:
    """`port` is where Cloud Run answers; `allowed` are revisions that may serve although no release verified them."""

    port: int
    allowed: set[str]

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None

    def get(self, path: str) -> Any:
        status, value = self.call("GET", path)
        assert status == 200, value
        return value

    def service(self, name: str = "api") -> Any:
        return self.get(f"{V2}/services/{name}")

    def job(self) -> Any:
        return self.get(f"{V2}/jobs/migrate")

    def is_there(self, name: str) -> bool:
        return self.call("GET", f"{V2}/services/{name}")[0] == 200

    def revision(self, name: str, service: str = "api") -> Any:
        return self.get(f"{V2}/services/{service}/revisions/{name}")

    def health(self, name: str = "api") -> Any:
        """What the program that serves says of itself."""
        return self.get(f"/run/{P}/{R}/{name}/health")

    def asked(self, name: str = "api") -> dict[str, int]:
        return _shares(self.service(name).get("traffic", []))

    def serving(self, name: str = "api") -> dict[str, int]:
        """Percent by revision of the effective traffic, LATEST by what it means."""
        service = self.service(name)
        latest = service["latestReadyRevision"].rpartition("/")[2]
        return {latest if row == "LATEST" else row: n for row, n in _shares(service["trafficStatuses"]).items()}

    def tags(self, name: str = "api") -> dict[str, str]:
        return {row["tag"]: row.get("revision", "LATEST") for row in self.service(name)["traffic"] if row.get("tag")}

    def move(self, *rows: tuple[str, int], name: str = "api", tags: Mapping[str, str] | None = None) -> None:
        """Somebody moves traffic in the console."""
        self.allowed |= {row for row, _ in rows}
        traffic: list[dict[str, Any]] = [{"type": REVISION, "revision": row, "percent": n} for row, n in rows if row]
        traffic += [{"type": LATEST, "percent": n} for row, n in rows if not row]
        traffic += [{"type": REVISION, "revision": to, "tag": tag} for tag, to in (tags or {}).items()]
        body = {"name": f"{V2}/services/{name}".removeprefix("/v2/"), "traffic": traffic}
        status, value = self.call("PATCH", f"{V2}/services/{name}?updateMask=traffic", body)
        assert status == 200, value
        self.settled(name)

    def patch(self, body: Any, mask: str, name: str = "api") -> None:
        status, value = self.call("PATCH", f"{V2}/services/{name}?updateMask={mask}", body)
        assert status == 200, value
        self.settled(name)

    def settled(self, name: str = "api") -> None:
        until(lambda: not self.service(name).get("reconciling"))

    def newest(self, name: str = "api") -> str:
        return self.service(name)["latestCreatedRevision"].rpartition("/")[2]


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(AssertionError):
            if holds():
                return
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


def _shares(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        if row.get("percent"):
            name = "LATEST" if row.get("type") == LATEST else row["revision"]
            found[name] = found.get(name, 0) + row["percent"]
    return found
