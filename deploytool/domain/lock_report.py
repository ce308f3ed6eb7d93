"""Who is releasing now, and how it went over the last week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deploytool.domain.lease import Lease, LeaseRecord, place_of
from deploytool.errors import ExitCode


@dataclass(frozen=True, slots=True)
class HeldLease:
    lease: Lease
    age: float  # seconds, by the store's clock
    seconds_left: float  # until it lapses, unless it is renewed

    @property
    def service(self) -> str:
        place = place_of(self.lease.key)
        return place.name if place else self.lease.key

    @property
    def region(self) -> str:
        place = place_of(self.lease.key)
        return place.region if place else ""


@dataclass(frozen=True, slots=True)
class Week:
    """Of all keys together, the holds of now among them. Lengths in seconds."""

    holds: int = 0
    longest_hold: float = 0.0
    longest_wait: float = 0.0


@dataclass(frozen=True, slots=True)
class LockReport:
    generated_at: datetime
    held: tuple[HeldLease, ...]
    week: Week
    max_age: float | None = None  # seconds that a hold may last

    @property
    def too_old(self) -> tuple[HeldLease, ...]:
        return tuple(one for one in self.held if self.max_age is not None and one.age > self.max_age)

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.FINDINGS if self.too_old else ExitCode.CLEAN


def lock_report(records: tuple[LeaseRecord, ...], at: datetime, max_age: float | None = None) -> LockReport:
    held = tuple(_held(record.held, record.seconds_left) for record in records if record.held is not None)
    past = [hold for record in records for hold in record.past]
    lengths = [*(one.age for one in held), *((hold.ended_at - hold.taken_at).total_seconds() for hold in past)]
    waits = [*(one.lease.waited for one in held), *(hold.waited for hold in past)]
    return LockReport(at, held, Week(len(lengths), max(lengths, default=0.0), max(waits, default=0.0)), max_age)


def _held(lease: Lease, left: float) -> HeldLease:
    return HeldLease(lease, max(0.0, (lease.expires_at - lease.taken_at).total_seconds() - left), left)
