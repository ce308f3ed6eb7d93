"""Who may change a service now: a lease with an end, and a number that only grows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from deploytool.domain.model import Place


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease, as other people are told; `process` and `started` tell one process from its successors."""

    user: str
    host: str
    process: int  # id of the process on that host
    started: str  # when that process began, in the host's own words; "" where that cannot be told
    release: str  # id of the release that it is held for
    reason: str  # "deploy 7c406c20", "rollback"
    commit: str = ""
    link: str = ""  # to the CI run

    @property
    def who(self) -> str:
        """As people are told: user@host."""
        return f"{self.user}@{self.host}"


@dataclass(frozen=True, slots=True)
class Lease:
    """One hold on one key. All times are the store's own."""

    id: str  # names this hold and no other
    key: str
    holder: Holder
    number: int  # fencing: greater than that of every earlier hold on this key
    taken_at: datetime
    expires_at: datetime
    waited: float = 0.0  # seconds between asking and taking


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold that has ended, for the figures of the week."""

    id: str
    number: int
    holder: Holder
    taken_at: datetime
    ended_at: datetime
    waited: float
    how: str  # "released", "lapsed", "broken: WHY", "taken over"


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """What a store knows of one key: who holds it now, if anybody, and who did."""

    key: str
    held: Lease | None
    seconds_left: float = 0.0  # of the hold, by the store's clock; 0 without one
    past: tuple[Hold, ...] = field(default=())  # newest first, a week at most


def key_of(place: Place) -> str:
    """The name under which one service in one region is leased."""
    return f"{place.project}/{place.region}/{place.name}"


def place_of(key: str) -> Place | None:
    """The place that was leased under this name; None for a name of another kind."""
    parts = key.split("/")
    return Place(*parts) if len(parts) == 3 and all(parts) else None
