"""Whom a release talks to. A test puts fakes here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from deploytool.domain.build import Built
from deploytool.domain.check import CheckResult
from deploytool.domain.judge import RequestStats
from deploytool.domain.plan import Plan
from deploytool.ports import Ledger, ServiceEditor


class Hold(Protocol):
    """The lease as a release needs it."""

    @property
    def number(self) -> int: ...

    def check(self) -> None:
        """Raises LeaseLost when nothing may be written any more."""
        ...

    def retake(self) -> None:
        """After it lapsed: hold it again, unless somebody else does. Raises LeaseHeld."""
        ...


class Time(Protocol):
    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class Teller(Protocol):
    """Says what happens while it happens."""

    def step(self, text: str) -> None: ...

    def tell(self, text: str) -> None: ...

    def done(self, text: str) -> None: ...

    def failed(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Looked:
    """Where checks look: an address, the revision behind it, and since when it is there."""

    uri: str
    audience: str  # the service's own address, also when `uri` is that of a tag
    revision: str
    since: datetime  # of its deploy, by Cloud Run's clock


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a release waits, in seconds; every wait has an end."""

    ready: float = 900.0  # for a revision; Cloud Run itself gives up after the start-up probe's time
    write: float = 60.0  # for one change to be accepted
    effective: float = 180.0  # for accepted traffic to serve
    undo: float = 300.0
    late: float = 10.0  # for a create whose answer was lost to arrive
    poll: float = 0.5  # between two looks, at first


@dataclass
class Tools:
    editor: ServiceEditor
    ledger: Ledger
    time: Time
    teller: Teller
    build: Callable[[Plan, Callable[[str], None]], Built]
    check: Callable[[str, Looked], tuple[CheckResult, ...]]  # "candidate" or "live"
    stats: Callable[[tuple[str, ...], datetime, datetime], Mapping[str, RequestStats]]
    ask: Callable[[str], bool] | None = None  # None: nobody is there to be asked
    shield: Callable[[], AbstractContextManager[object]] = nullcontext  # inside, a first signal waits
    ending: Callable[[], None] = lambda: None  # said before the last line is written: a signal stops nothing any more
    limits: Limits = field(default_factory=Limits)


__all__ = ["Built", "CheckResult", "Hold", "Limits", "Looked", "RequestStats", "Teller", "Time", "Tools"]
