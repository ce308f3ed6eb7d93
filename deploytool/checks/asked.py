"""What is asked about, whom, and how patiently."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from deploytool.domain.check import Answer
from deploytool.domain.model import Place

if TYPE_CHECKING:
    from deploytool.ports import DocumentReader, LogReader, Prober, ProgramRunner, QueryRunner

Told = tuple[Answer, str]


@dataclass(frozen=True, slots=True)
class Running:
    """A revision that is looked at; `since` is when it was deployed, by the clock of Cloud Run."""

    revision: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Target:
    """What is checked: a candidate at its tag's address, or what serves at the service's own."""

    uri: str
    place: Place
    revisions: tuple[Running, ...] = ()
    hosts: tuple[str, ...] = ()  # further ones that services.toml declares
    audience: str = ""  # the service's address, also for a tag; "" where nobody is told who we are
    job: bool = False
    unseen: str = ""  # why nothing can be said of what serves there


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait for what, in seconds. Lines take a while until they can be found."""

    settle: float = 2.0  # before lines that should not be there are counted
    arrive: float = 20.0  # at most, for lines that should be there
    every: float = 3.0  # Cloud Logging answers 60 questions a minute, to everybody together
    start: float = 30.0  # that a revision has until it answers
    overall: float = 75.0  # a check without an answer by then could not tell; one with a `timeout` has that as well


NEARBY = Pace(settle=0.2, arrive=5.0, every=0.1)  # the embedded server writes lines down at once
# Of what serves for a while: nothing is on its way.
STANDING = Pace(settle=0.0, arrive=0.0, start=5.0)
STANDING_NEARBY = Pace(settle=0.0, arrive=0.0, start=0.5)


class Neighbours(Protocol):
    """Whom checks ask. Each raises a DeployToolError, with the reason, where it cannot be asked at all."""

    @property
    def prober(self) -> Prober: ...

    @property
    def log_reader(self) -> LogReader: ...

    @property
    def queries(self) -> QueryRunner: ...

    @property
    def documents(self) -> DocumentReader: ...

    @property
    def programs(self) -> ProgramRunner: ...


@dataclass(frozen=True, slots=True)
class Asking:
    """What every kind of check gets."""

    target: Target
    neighbours: Neighbours
    candidate: bool = False  # asked before it has traffic
    pace: Pace = field(default_factory=Pace)

    def now(self) -> datetime:
        return datetime.now(UTC)
