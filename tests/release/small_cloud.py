"""Cloud Run, a clock and other people, all in one process: what a release is tried on, and what is seen of it.

The services are those of the embedded server, without its door. Everything that anybody changes is written down here
with what it was before, so that somebody else can judge it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deploytool.adapters.cloudrun.edits import new_service, patch_of
from deploytool.adapters.fleet import v2json
from deploytool.domain.edit import Edit
from deploytool.domain.model import Place
from deploytool.emulator.errors import ApiError
from deploytool.emulator.masks import SERVICE_FIELDS, parse_mask
from deploytool.emulator.store import Store
from deploytool.emulator.world import World, Write
from deploytool.errors import CouldNotLook, WriteRefused, WriteUnclear
from deploytool.ports import SeenRevision, SeenService

PLACE = Place("shop-prod", "europe-west1", "api")
PARENT = f"projects/{PLACE.project}/locations/{PLACE.region}/services"
NAME = f"{PARENT}/{PLACE.name}"
BEGIN = datetime(2026, 2, 5, tzinfo=UTC)
LATEST, BY_NAME = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
MOST_CALLS = 8_000  # of one operation: more is endless
Json = dict[str, Any]


class Death(BaseException):
    """kill -9: nobody catches it."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong at the `number`-th call of a channel: read, write, ledger, sleep, check."""

    channel: str
    number: int
    what: str
    more: Any = None


@dataclass
class Clock:
    """Seconds since BEGIN. `skew` is between this machine and Cloud Run; `passed` hears of time that goes by."""

    seconds: float = 1_000.0
    skew: float = 0.0
    passed: Callable[[], None] = lambda: None

    def server(self) -> float:
        return BEGIN.timestamp() + self.seconds

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds + self.skew)

    def monotonic(self) -> float:
        return self.seconds

    def go(self, seconds: float) -> None:
        self.seconds += seconds
        self.passed()


@dataclass(frozen=True)
class Change:
    """One accepted change: who made it, and the service around it. `fence` is 0 for other people."""

    release: str  # "" for other people
    fence: int
    before: Json | None
    after: Json | None
    edit: Edit | None = None


class Gate:
    """Every call goes through here, so that something can happen before, after and instead of it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.faults: dict[tuple[str, int], Fault] = {}
        self.happen: Callable[[Fault], None] = lambda fault: None
        self.begin([])

    def begin(self, faults: list[Fault]) -> None:
        self.faults = {(fault.channel, fault.number): fault for fault in faults}
        self.counts: dict[str, int] = {}
        self.calls, self.shielded, self.noted = 0, 0, False

    def call(self, channel: str, act: Callable[[Fault | None], Any]) -> Any:
        self.calls += 1
        assert self.calls < MOST_CALLS, "this never ends"
        self.counts[channel] = number = self.counts.get(channel, 0) + 1
        fault = self.faults.pop((channel, number), None)
        self.clock.go(0.01)
        if fault is None:
            return act(None)
        if fault.what == "die-before":
            raise Death
        if fault.what == "stop-before":
            self.stop()
        self.happen(fault)
        result = act(fault)
        if fault.what == "die-after":
            raise Death
        if fault.what == "stop-after":
            self.stop()
        return result

    def stop(self) -> None:
        if self.shielded and not self.noted:
            self.noted = True
            return
        raise KeyboardInterrupt

    @contextmanager
    def shield(self) -> Iterator[None]:
        self.shielded += 1
        try:
            yield
        finally:
            self.shielded -= 1


class Cloud:
    """The one service, as it really is; `seen` is called with each change and whenever time has passed."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.world = World(Store(Path(":memory:")), settle=3.0, clock=clock.server)
        self.changes: list[Change] = []
        self.sick: set[str] = set()
        self.late: list[tuple[float, Callable[[], None]]] = []
        self.judge: Callable[[Change], None] = lambda change: None

    def close(self) -> None:
        self.world.store.close()

    def settle(self) -> None:
        """What is due happens: lost requests arrive, and Cloud Run does what it was asked to do."""
        due = [one for one in self.late if one[0] <= self.clock.seconds]
        self.late = [one for one in self.late if one[0] > self.clock.seconds]
        for _, act in due:
            try:
                act()
            except ApiError:
                continue
        self.world.pass_time()

    def raw(self) -> Json | None:
        self.settle()
        row = self.world.store.get(NAME)
        return None if row is None else row.body

    def revision(self, name: str) -> Json | None:
        self.settle()
        row = self.world.store.get(f"{NAME}/revisions/{name}")
        return None if row is None else row.body

    def revisions(self) -> list[Json]:
        self.settle()
        return [row.body for row in self.world.store.children("revisions", NAME)]

    def patch(self, body: Json, mask: str, *, release: str = "", fence: int = 0, edit: Edit | None = None) -> None:
        before = copy.deepcopy(self.raw())
        self.world.patch_service(NAME, body, Write(mask=parse_mask(mask, SERVICE_FIELDS), etag=body.get("etag")))
        self._changed(release, fence, before, edit)

    def create(self, body: Json, *, release: str = "", fence: int = 0, edit: Edit | None = None) -> None:
        before = copy.deepcopy(self.raw())
        self.world.create_service(NAME, body)
        self._changed(release, fence, before, edit)

    def delete(self, etag: str | None = None, *, release: str = "", fence: int = 0) -> None:
        before = copy.deepcopy(self.raw())
        self.world.delete_service(NAME, Write(etag=etag))
        self._changed(release, fence, before, None)

    def sicken(self, name: str) -> None:
        """A revision that was ready is not any more."""
        row = self.world.store.get(f"{NAME}/revisions/{name}")
        if row is not None:
            self.sick.add(name)
            conditions = [
                one | {"state": "CONDITION_FAILED"} if one["type"] == "Ready" else one
                for one in row.body.get("conditions", [])
            ]
            self.world.store.put(replace(row, body=row.body | {"conditions": conditions}))

    def swap(self, name: str) -> None:
        """A revision runs something else than what was asked for."""
        row = self.world.store.get(f"{NAME}/revisions/{name}")
        if row is not None:
            first, *rest = row.body["containers"]
            body = row.body | {"containers": [first | {"image": "other/image"}, *rest]}
            self.world.store.put(replace(row, body=body))

    def _changed(self, release: str, fence: int, before: Json | None, edit: Edit | None) -> None:
        row = self.world.store.get(NAME)
        change = Change(release, fence, before, copy.deepcopy(row.body) if row else None, edit)
        if change.before != change.after:
            self.changes.append(change)
            self.judge(change)


@dataclass
class Writer:
    """Who writes just now, as the fake of the API knows it."""

    release: str = ""
    fence: Callable[[], int] = lambda: 0
    may: Callable[[], bool] = lambda: True
    unfenced: list[str] = field(default_factory=list)  # writes that came without a lease or an etag


class Editor:
    """A `ServiceEditor` on the small cloud."""

    def __init__(self, cloud: Cloud, gate: Gate, writer: Writer) -> None:
        self.cloud, self.gate, self.writer = cloud, gate, writer
        self.away = 0.0  # until then nothing can be read

    def read(self, place: Place) -> SeenService | None:
        raw = self._look(self.cloud.raw)
        if raw is None:
            return None
        raw = copy.deepcopy(raw)
        service = v2json.service_of(raw)
        assert service is not None
        return SeenService(service, raw)

    def revision(self, place: Place, name: str) -> SeenRevision | None:
        raw = self._look(lambda: self.cloud.revision(name))
        found = None if raw is None else v2json.revision_of(raw)
        return None if found is None else SeenRevision(found[1], "it says why", raw)

    def create(self, place: Place, edit: Edit) -> None:
        body = new_service(edit)
        release, fence = self.writer.release, self.writer.fence()
        self._send(lambda: self.cloud.create(body, release=release, fence=fence, edit=edit), etag="none is needed")

    def change(self, seen: SeenService, edit: Edit) -> None:
        body, mask = patch_of(seen.raw, edit)
        release, fence = self.writer.release, self.writer.fence()
        self._send(
            lambda: self.cloud.patch(body, mask, release=release, fence=fence, edit=edit), etag=str(body.get("etag"))
        )

    def delete(self, seen: SeenService) -> None:
        release, fence = self.writer.release, self.writer.fence()
        self._send(lambda: self.cloud.delete(seen.service.etag, release=release, fence=fence), etag=seen.service.etag)

    def read_job(self, place: Place) -> SeenService | None:
        raise AssertionError("nobody asks for a job here")

    create_job = change_job = delete_job = read_job  # type: ignore[assignment]

    def _look(self, read: Callable[[], Json | None]) -> Json | None:
        def act(fault: Fault | None) -> Json | None:
            if fault is not None and fault.what == "out":
                self.away = self.cloud.clock.seconds + float(fault.more)
            if fault is not None and fault.what == "forbidden":
                problem = CouldNotLook("403", hint="log in")
                problem.passing = False
                raise problem
            if self.cloud.clock.seconds < self.away:
                raise CouldNotLook("503", hint="wait")
            return read()

        found: Json | None = self.gate.call("read", act)
        return found

    def _send(self, send: Callable[[], None], etag: str) -> None:
        if not self.writer.may():
            self.writer.unfenced.append("without a lease")
        if not etag or etag == "None":
            self.writer.unfenced.append("without an etag")

        def act(fault: Fault | None) -> None:
            what = fault.what if fault is not None else ""
            if what == "lost":
                raise WriteUnclear("no answer", hint="look")
            if fault is not None and what in ("late", "late-stop", "late-die"):
                self.cloud.late.append((self.cloud.clock.seconds + float(fault.more), send))
                if what == "late-die":
                    raise Death
                if what == "late-stop":
                    self.gate.stop()
                raise WriteUnclear("no answer", hint="look")
            if what in ("conflict", "passing", "refused"):
                raise WriteRefused(what, hint="look", conflict=what == "conflict", passing=what == "passing", wait=2.0)
            try:
                self.cloud.settle()
                send()
            except ApiError as refused:
                raise WriteRefused(refused.message, hint="look", conflict=refused.code in (409, 412)) from refused
            if what == "acted":
                raise WriteUnclear("no answer", hint="look")

        self.gate.call("write", act)
