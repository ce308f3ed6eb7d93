"""An embedded Cloud Run whose services have logged what a story says, at times of the story."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from deploytool.commands.faultwords import fault_in
from deploytool.emulator import client
from deploytool.emulator.house import House
from deploytool.emulator.log_entries import entry_of
from deploytool.emulator.log_store import LogStore
from tests.adapters.shapes import v2_revision, v2_service
from tests.stories.conftest import TOKEN, P, R

OLD, NEW = "api-00006-old", "api-00007-abc"
MADE = {OLD: "2025-06-10T08:00:00Z", NEW: "2025-06-19T12:00:00Z"}
BEFORE, AFTER = "2025-06-19T10:00:00Z", "2025-06-19T13:00:00Z"  # the deploy
NUMBERS = itertools.count(1)


def fleet(service: str = "api", made: dict[str, str] | None = None) -> dict[str, Any]:
    """One service that serves its newest revision."""
    dates = MADE if made is None else made
    return {
        "services": [v2_service(service)],
        "revisions": [v2_revision(name, service, createTime=at) for name, at in dates.items()],
    }


@dataclass
class LogWorld:
    port: int
    store: LogStore
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> client.Address:
        return client.Address("127.0.0.1", self.port, TOKEN)

    def holds(self, fleet: dict[str, Any]) -> None:
        client.reset(self.address)
        client.import_fleet(self.address, fleet)

    def says(self, text: Any, at: str, revision: str = NEW, severity: str = "ERROR", log: str = "stderr") -> None:
        """A line of text, or a JSON object, or a request with a status."""
        service = revision.rsplit("-", 2)[0]
        name = f"projects/{P}/locations/{R}/services/{service}/revisions/{revision}"
        entry = entry_of({"name": name}, log, severity)
        entry |= {"jsonPayload": text} if isinstance(text, dict) else {"textPayload": text}
        moment = datetime.fromisoformat(at)
        entry |= {"timestamp": at, "receiveTimestamp": at, "insertId": f"i{next(NUMBERS)}"}
        self.store.add(round(moment.timestamp() * 1e6), entry)
        self.store.flush()

    def fault(self, rule: str) -> None:
        client.add_fault(self.address, fault_in(rule))


@contextmanager
def log_world(state: Path) -> Iterator[LogWorld]:
    made: list[House] = []

    def live() -> None:
        house = House(state, port=0, settle=0.0, token=TOKEN)
        made.append(house)
        house.run()
        house.close()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    while not made and thread.is_alive():
        time.sleep(0.002)
    store = LogStore(state / "logs.sqlite")  # a second way into the same file
    yield LogWorld(made[0].port, store, {"CLOUD_RUN_EMULATOR_HOST": f"127.0.0.1:{made[0].port}"})
    store.close()
    made[0].stop()
    thread.join(5)


def parsed(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]
