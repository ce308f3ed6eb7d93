"""Everything outside that we can touch, one Protocol each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from deploytool.domain.build import Built, Wanted
from deploytool.domain.check import Counted, HttpAnswer, NoHttpAnswer
from deploytool.domain.check_documents import Documents
from deploytool.domain.check_program import Ended
from deploytool.domain.check_rows import Rows
from deploytool.domain.edit import Edit
from deploytool.domain.judge import RequestStats
from deploytool.domain.lease import Holder, Lease, LeaseRecord
from deploytool.domain.logline import LogLine
from deploytool.domain.message import Message, Said
from deploytool.domain.model import Fleet, Place, Revision, Service
from deploytool.domain.release import Event, EventKind


class FleetReader(Protocol):
    """Who tells what runs: the Cloud Run API, or files."""

    def fleet(self, *, dated: bool = False) -> Fleet:
        """All services and jobs of the configured project and regions, with the revisions that serve.

        `dated` asks for more, so that every serving revision has its date.
        A region that cannot be looked at is in `Fleet.unreachable`; it never raises for one region alone.
        """
        ...

    def history(self, place: Place) -> tuple[Revision, ...]:
        """Older revisions of one service, newest first; empty where no history can be had."""
        ...


class LeaseStore(Protocol):
    """Where leases are kept. Expiry is by the store's clock; everything here is atomic.

    Every method raises CouldNotLook when the store is out of reach: then nobody may act.
    """

    def take(self, key: str, holder: Holder, ttl: float, *, waited: float = 0.0) -> Lease:
        """The lease for `ttl` seconds. Raises LeaseHeld, with who and how long, while somebody has it."""
        ...

    def take_over(self, key: str, lease_id: str, holder: Holder, ttl: float) -> Lease:
        """The lease in the place of hold `lease_id`, whose holder is known to be gone.

        Raises LeaseHeld when another hold, or none, is there by now.
        """
        ...

    def renew(self, lease: Lease, ttl: float) -> Lease:
        """The same hold for `ttl` seconds from now. Raises LeaseLost when it is not the current one, or lapsed."""
        ...

    def release(self, lease: Lease) -> bool:
        """End this hold and no other; False when it was not the current one any more."""
        ...

    def break_(self, lease_id: str, why: str) -> Lease:
        """End the hold of that id, whoever has it; what ended. Raises UsageError when there is no such hold."""
        ...

    def records(self) -> tuple[LeaseRecord, ...]:
        """Every key that is held or was in the last week, by key."""
        ...


class Ledger(Protocol):
    """Who released what, when, and how it ended. Nothing is ever changed or taken away.

    Every method raises CouldNotLook when the ledger cannot be read or written: then nobody may act.
    """

    def append(self, release: str, kind: EventKind, step: str, data: Mapping[str, Any], *, fence: int) -> Event:
        """One more line, on disk before this returns.

        Raises LeaseLost when a later holder (a greater `fence`) has written for this release, or it has ended.
        """
        ...

    def events(self, release: str | None = None) -> tuple[Event, ...]:
        """All lines, or those of one release, oldest first; also what others have written, where it is shared."""
        ...

    def adopt(self, release: str) -> tuple[Event, ...]:
        """All lines of a release, as they are at this moment; when it has not ended, `append` can follow them."""
        ...

    def head(self) -> tuple[int, str] | None:
        """Number and hash of the last line, kept apart from the lines; None for an empty ledger."""
        ...

    def chain(self) -> tuple[tuple[Event, ...], tuple[int, str] | None]:
        """All lines and the head, as they were at one moment: for `broken_links` while others write."""
        ...


class Notebook(Protocol):
    """What was last said to people, one record for each thing that is watched, by a clock of its own."""

    def change(self, key: str, turn: Callable[[Said, datetime], Said]) -> Said:
        """Put `turn(said, now)` in the place of what is there; nobody else writes in between. Raises CouldNotLook.

        `turn` may be asked more than once, also after it was written and the answer got lost.
        """
        ...


class Outlet(Protocol):
    """A way to people who did not ask."""

    name: str  # as people call it

    def send(self, message: Message, within: float) -> None:
        """Within so many seconds. Raises NotSent, which says whether it may have arrived all the same."""
        ...


@dataclass(frozen=True, slots=True)
class SeenService:
    """A service as it is now: in our words, and as it came, for what we have no words for."""

    service: Service
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SeenRevision:
    revision: Revision
    ready_reason: str
    raw: Mapping[str, Any]


class ServiceEditor(Protocol):
    """Reads one service at a time and changes it. Every change carries the etag of what was read.

    Writes raise WriteUnclear when they may have been carried out, WriteRefused when they were not.
    """

    def read(self, place: Place) -> SeenService | None:
        """The service; None when there is none. Raises CouldNotLook."""
        ...

    def revision(self, place: Place, name: str) -> SeenRevision | None: ...

    def create(self, place: Place, edit: Edit) -> None:
        """A new service that runs the edit's revision, with Cloud Run's defaults for everything else."""
        ...

    def change(self, seen: SeenService, edit: Edit) -> None:
        """Accepted, not yet effective. Only what the edit names is changed."""
        ...

    def delete(self, seen: SeenService) -> None: ...

    def read_job(self, place: Place) -> SeenService | None:
        """The job as a service whose only revision is its template."""
        ...

    def create_job(self, place: Place, edit: Edit) -> None: ...

    def change_job(self, seen: SeenService, edit: Edit) -> None: ...

    def delete_job(self, seen: SeenService) -> None: ...


class ImageBuilder(Protocol):
    """Who makes an image of a commit's files, and tells by which digest it is known from then on."""

    name: str

    def reachable(self) -> str:
        """Why it cannot be used now, in a sentence; "" when it can."""
        ...

    def refusal(self, wanted: Wanted) -> tuple[str, str] | None:
        """(sentence, hint) for what it cannot build as git has it, told before anything is done."""
        ...

    def has(self, image: str) -> bool:
        """Is NAME@sha256:… still there to be deployed? Raises CouldNotLook when that cannot be told."""
        ...

    def build(self, wanted: Wanted, tell: Callable[[str], None]) -> Built:
        """Make it, or find that it is made; `tell` gets the log line by line. Raises BuildFailed."""


class Prober(Protocol):
    """Who asks a service for a page."""

    def get(
        self,
        url: str,
        hosts: Collection[str],
        *,
        audience: str = "",
        expected: int = 200,
        patience: float | None = None,
    ) -> HttpAnswer | NoHttpAnswer:
        """One answer, waited for while the service starts, for `patience` seconds; only `hosts` are asked.

        Never raises for what it meets.

        With an `audience`, which is the address of the service itself, that service may be told who we are.
        """
        ...


class LogReader(Protocol):
    """Who tells what was logged. Every method raises CouldNotLook rather than to tell a part."""

    ahead: float | None  # seconds by which this machine's clock is ahead of theirs, once it is known

    def lines(self, filter: str, newest_first: bool, most: int, *, deadline: float | None = None) -> Iterator[LogLine]:
        """At most `most` lines, as they come; secrets in them are masked. What came before an error is good."""
        ...

    def count(self, filter: str, most: int) -> Counted:
        """The number of lines, or that there are at least `most`."""
        ...

    def newest(self, filter: str) -> datetime | None:
        """When the newest line was written; None when there is none."""
        ...

    def requests_of(
        self, place: Place, revisions: Iterable[str], since: datetime, until: datetime | None = None
    ) -> Mapping[str, RequestStats]:
        """What each revision answered from `since` on and before `until`."""
        ...


class QueryRunner(Protocol):
    """Who runs a query that only reads."""

    def rows(self, query: str, *, most: int, max_bytes: int, seconds: float) -> Rows:
        """The first `most` rows, and how many there are.

        Raises CouldNotLook: for what would write, for what would read more than `max_bytes`, when time is over.
        """
        ...


class DocumentReader(Protocol):
    """Who reads Firestore. Every method raises CouldNotLook rather than to tell a part."""

    def document(self, database: str, path: str) -> Documents:
        """The one document; none when it does not exist."""
        ...

    def collection(self, database: str, path: str, *, contents: bool) -> Documents:
        """All documents of a collection; without `contents`, only when they were created."""
        ...


class ProgramRunner(Protocol):
    """Who runs the programs that services.toml names."""

    def run(self, argv: Sequence[str], seconds: float) -> Ended:
        """How it ended, within `seconds`; then it is ended, with all that it started."""
        ...
