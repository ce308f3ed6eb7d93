"""A ledger and leases in memory, which keep to `deploytool.ports` and can be told to fail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from deploytool.domain.release import FIRST, Event, EventKind, hash_of
from deploytool.errors import CouldNotLook, LeaseHeld, LeaseLost
from tests.release.small_cloud import Clock, Fault, Gate

TTL = 60.0


class MemoryLedger:
    def __init__(self, gate: Gate, clock: Clock) -> None:
        self.gate, self.clock = gate, clock
        self.lines: list[Event] = []
        self.down = 0  # so many calls fail
        self.unread = 0  # times that it could not be read

    def append(self, release: str, kind: EventKind, step: str, data: Mapping[str, Any], *, fence: int) -> Event:
        def act(fault: Fault | None) -> Event:
            if fault is not None and fault.what == "down":
                self.down = int(fault.more)
            if self.down:
                self.down -= 1
                raise CouldNotLook("the disk is full", hint="free some")
            event = self._added(release, kind, step, data, fence)
            if fault is not None and fault.what == "written":
                raise CouldNotLook("the disk does not answer", hint="look")
            return event

        event: Event = self.gate.call("ledger", act)
        return event

    def _added(self, release: str, kind: EventKind, step: str, data: Mapping[str, Any], fence: int) -> Event:
        mine = [line for line in self.lines if line.release == release]
        if any(line.kind is EventKind.ENDED for line in mine):
            raise LeaseLost(f"{release} has ended", hint="look")
        if max((line.fence for line in mine), default=0) > fence:
            raise LeaseLost(f"{release} was taken over", hint="look")
        previous = self.lines[-1].hash if self.lines else FIRST
        at: datetime = self.clock.now()
        plain = json.loads(json.dumps(data))
        event = Event(len(self.lines) + 1, release, at, kind, step, plain, fence, previous)
        event = replace(event, hash=hash_of(event))
        self.lines.append(event)
        return event

    def events(self, release: str | None = None) -> tuple[Event, ...]:
        if self.down:
            self.down -= 1
            self.unread += 1
            raise CouldNotLook("the disk is full", hint="free some")
        return tuple(line for line in self.lines if release in (None, line.release))

    def head(self) -> tuple[int, str] | None:
        return (len(self.lines), self.lines[-1].hash) if self.lines else None

    def chain(self) -> tuple[tuple[Event, ...], tuple[int, str] | None]:
        return tuple(self.lines), self.head()


@dataclass
class Leases:
    """One key. `holder` is the release that it is held for, "" when it is free."""

    clock: Clock
    holder: str = ""
    number: int = 0
    expires: float = 0.0

    @property
    def live(self) -> bool:
        return bool(self.holder) and self.clock.seconds < self.expires

    def take(self, release: str) -> SmallHold:
        if self.live:
            raise LeaseHeld(f"{self.holder} holds it", hint="wait")
        return self.give(release)

    def give(self, release: str) -> SmallHold:
        """Also in the place of somebody who is known to be gone."""
        self.holder, self.number = release, self.number + 1
        self.expires = self.clock.seconds + TTL
        return SmallHold(self, release, self.number, self.clock.seconds)


@dataclass
class SmallHold:
    """The lease as a release has it. `stopped`: the process stands still, so nothing is renewed."""

    leases: Leases
    release: str
    number: int
    sure: float
    stopped: bool = False

    @property
    def ours(self) -> bool:
        return self.leases.number == self.number and self.leases.live

    def renewed(self) -> None:
        """What the thread beside does all the time."""
        if not self.stopped and self.leases.number == self.number and self.leases.holder:
            self.sure = self.leases.clock.seconds
            self.leases.expires = self.sure + TTL

    def check(self) -> None:
        if self.leases.number != self.number or not self.leases.holder or not self.ours:
            raise LeaseLost("the lease is lost", hint="look")
        if self.leases.clock.seconds - self.sure >= TTL * 2 / 3:
            raise LeaseLost("the lease was not renewed for too long", hint="look")

    def retake(self) -> None:
        if self.leases.number != self.number or not self.leases.holder:
            raise LeaseHeld("somebody else took it in between", hint="look")
        again = self.leases.give(self.release)
        self.number, self.sure, self.stopped = again.number, again.sure, False

    def freed(self) -> None:
        if self.leases.number == self.number:
            self.leases.holder = ""
