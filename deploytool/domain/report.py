"""What is said about drift: plain values that every renderer reads and no renderer changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from deploytool.domain.doubt import Doubt
from deploytool.domain.model import Fleet, Kind
from deploytool.errors import ExitCode


class Verdict(StrEnum):
    CURRENT = "current"
    STALE = "stale"
    MISROUTED = "misrouted"
    MISSING = "missing"
    UNKNOWN = "unknown"  # never folded into CURRENT


class CodeState(StrEnum):
    CURRENT = "current"
    BEHIND = "behind"
    AHEAD = "ahead"
    DIVERGED = "diverged"
    UNKNOWN = "unknown"


class ServingState(StrEnum):
    NONE = "none"
    RECONCILING = "reconciling"
    DESIRED_DIFFERS = "desired-differs"
    NEWEST_NOT_READY = "newest-not-ready"
    SPLIT = "split"
    NEWEST_NOT_SERVING = "newest-not-serving"
    PINNED = "pinned"
    LATEST = "latest"


class Source(StrEnum):
    """How the commit of a revision is known, best first."""

    REVISION_LABEL = "revision-label"
    ANNOTATION = "annotation"
    ENV = "env"
    IMAGE_TAG = "image-tag"
    IMAGE_LABEL = "image-label"
    SERVICE_LABEL = "service-label"
    DIGEST = "digest"
    TIMESTAMP = "timestamp"
    NONE = "none"


class Precision(StrEnum):
    PATH = "path"
    IMAGE = "image"
    IMPORT = "import"


class Relevance(StrEnum):
    OUTSIDE = "outside"
    IGNORED = "ignored"
    NOT_IN_IMAGE = "not-in-image"
    NOT_IMPORTED = "not-imported"
    NO_OP = "no-op"
    IMPORTED = "imported"
    BUILD_INPUT = "build-input"
    DATA = "data"
    CANNOT_PROVE = "cannot-prove"

    @property
    def reaches(self) -> bool:
        """The change can alter what the service does: the four that make it stale."""
        return self in (Relevance.IMPORTED, Relevance.BUILD_INPUT, Relevance.DATA, Relevance.CANNOT_PROVE)


@dataclass(frozen=True, slots=True)
class FileChange:
    path: str
    relevance: Relevance
    chain: tuple[str, ...] = ()  # imports from the entrypoint to `path`; empty below import precision
    note: str = ""  # the doubt with its place, the distributions that changed: what the one word cannot say


@dataclass(frozen=True, slots=True)
class CommitNote:
    """One undeployed commit and the files of the service that it touches."""

    sha: str
    author: str
    committed_at: datetime
    subject: str
    relevance: Relevance  # the coarsest-to-finest worst of its files
    files: tuple[FileChange, ...] = ()
    undeployed: bool = True  # False: what serves has it, and the target does not


@dataclass(frozen=True, slots=True)
class ServingRow:
    """One revision that serves."""

    name: str | None
    commit: str | None
    percent: int
    deployed_at: datetime | None
    image: str
    tags: tuple[str, ...] = ()
    source: Source = Source.NONE  # how `commit` is known
    scope: str | None = None  # what its program is made of, as an id; equal ids mean the same program


@dataclass(frozen=True, slots=True)
class ServiceDrift:
    """One service in one region, on independent axes, with one verdict."""

    name: str
    kind: Kind
    project: str
    region: str
    verdict: Verdict
    code: CodeState
    serving: ServingState
    precision: Precision
    reason: str
    hint: str = ""  # the command that would help, when one would
    provenance: Source = Source.NONE
    conflicts: tuple[str, ...] = ()
    revisions: tuple[ServingRow, ...] = ()
    behind: int | None = None
    ahead: int | None = None
    at_least: bool = False  # `behind` and `ahead` are lower bounds: counting stopped at a cap
    stale_since: datetime | None = None
    commits: tuple[CommitNote, ...] = ()
    files: tuple[FileChange, ...] = ()
    scope: str | None = None  # of the target
    doubts: tuple[Doubt, ...] = ()  # why everything in the image had to be called reachable


@dataclass(frozen=True, slots=True)
class Unmanaged:
    name: str
    region: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class LookError:
    region: str
    message: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the configuration or the repository worth saying beside the verdicts."""

    message: str
    hint: str = ""


WORST_FIRST = (Verdict.UNKNOWN, Verdict.STALE, Verdict.MISROUTED, Verdict.MISSING, Verdict.CURRENT)


def worst_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of many; nothing judged at all is unknown, never current."""
    return min(verdicts, key=WORST_FIRST.index, default=Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True)
class DriftReport:
    generated_at: datetime
    target_ref: str
    target_commit: str
    services: tuple[ServiceDrift, ...]
    unmanaged: tuple[Unmanaged, ...] = ()
    errors: tuple[LookError, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """Entries per verdict, in the order of the JSON contract; verdicts without an entry count 0."""
        found = [service.verdict for service in self.services]
        return {verdict: found.count(verdict) for verdict in Verdict}

    @property
    def verdict(self) -> Verdict:
        worst = worst_verdict(service.verdict for service in self.services)
        return Verdict.UNKNOWN if self.errors else worst

    @property
    def sure(self) -> bool:
        """Could everything be looked at and judged?"""
        return not self.errors and not self.counts[Verdict.UNKNOWN]

    @property
    def exit_code(self) -> ExitCode:
        """Findings beat could-not-tell: 1 when anything was found, 3 when only doubt is left."""
        counts = self.counts
        if counts[Verdict.STALE] or counts[Verdict.MISROUTED] or counts[Verdict.MISSING]:
            return ExitCode.FINDINGS
        return ExitCode.CLEAN if self.verdict is Verdict.CURRENT else ExitCode.UNDETERMINED


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One line of `status`: a service and one revision that serves it (or none)."""

    service: str
    kind: Kind
    region: str
    serving: ServingState
    row: ServingRow | None
    conflicts: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StatusReport:
    generated_at: datetime
    rows: tuple[StatusRow, ...]
    unmanaged: tuple[Unmanaged, ...] = ()
    errors: tuple[LookError, ...] = ()
    fleet: Fleet = field(default_factory=Fleet)


class Contains(StrEnum):
    """Does what serves contain the commit that was asked for?"""

    YES = "yes"
    EQUIVALENT = "equivalent"  # another commit with the same patch: a cherry-pick or a squash
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class WhereRow:
    """One service against one commit."""

    service: str
    region: str
    contains: Contains
    percent: int  # share of traffic on revisions that contain it
    since: datetime | None
    by: str | None = None  # the equivalent commit, when `contains` is EQUIVALENT
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WhereAnswer:
    sha: str
    subject: str
    author: str
    committed_at: datetime
    rows: tuple[WhereRow, ...]


@dataclass(frozen=True, slots=True)
class WhereReport:
    generated_at: datetime
    question: str
    asked_as: str  # "commit" | "path" | "text"
    answers: tuple[WhereAnswer, ...]
    errors: tuple[LookError, ...] = ()
