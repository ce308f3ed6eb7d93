"""The words everybody uses: what Cloud Run runs, said without any client library's types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    SERVICE = "service"
    FUNCTION = "function"  # gen2: read as its Cloud Run service
    JOB = "job"


class ConditionState(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PENDING = "pending"  # pending or reconciling
    UNKNOWN = "unknown"  # unspecified, absent, or a value this version does not know: never healthy


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something runs: the identity of a service or job."""

    project: str
    region: str
    name: str


@dataclass(frozen=True, slots=True)
class TrafficTarget:
    """One row of a traffic map. A tag-only row has percent 0 and does not serve."""

    revision: str | None  # short name; None when the row says LATEST without naming a revision
    percent: int = 0
    latest: bool = False
    tag: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """What Cloud Run is told to start instead of what the image says; where empty, the image decides."""

    command: tuple[str, ...] = ()  # in the place of ENTRYPOINT, and of CMD with it
    args: tuple[str, ...] = ()  # in the place of CMD
    workdir: str = ""
    environment: tuple[tuple[str, str], ...] = ()  # the variables that say what is loaded, by name


AS_BUILT = Overrides()


@dataclass(frozen=True, slots=True)
class Revision:
    """One immutable revision, or the template a service would make its next one from."""

    name: str | None  # short name; None for a template without a name of its own
    image: str = ""  # of the ingress container, as written: may carry a tag, a digest, both or none
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)  # plain values only; references to secrets are left out
    created_at: datetime | None = None
    ready: ConditionState = ConditionState.UNKNOWN
    overrides: Overrides = AS_BUILT
    variables: tuple[str, ...] = ()  # of a template: names of all that is set, secrets among them; sorted

    @property
    def digest(self) -> str | None:
        """`sha256:…` when the image is named by content."""
        _, at, digest = self.image.partition("@")
        return digest if at and digest.startswith("sha256:") else None


@dataclass(frozen=True, slots=True)
class Service:
    """A service, function or job as Cloud Run reports it. A job's only revision is its template."""

    place: Place
    kind: Kind
    template: Revision
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    generation: int | None = None
    observed_generation: int | None = None
    reconciling: bool = False
    ready: ConditionState = ConditionState.UNKNOWN
    ready_reason: str = ""
    latest_created: str | None = None  # short names
    latest_ready: str | None = None
    desired: tuple[TrafficTarget, ...] = ()  # what was asked for (`traffic`)
    effective: tuple[TrafficTarget, ...] = ()  # what serves (`trafficStatuses`)
    updated_at: datetime | None = None
    uri: str = ""
    etag: str = ""
    problems: tuple[str, ...] = ()  # parts of the answer that could not be understood

    @property
    def settled(self) -> bool:
        """Nothing is in flight: the newest wish was carried out, or Cloud Run gave up on it.

        After a failure `observed_generation` stays at the one that was last carried out well, as long as it lasts.
        """
        return not self.reconciling and (self.carried_out or self.ready is ConditionState.FAILED)

    @property
    def carried_out(self) -> bool:
        """The newest wish is what Cloud Run last carried out well."""
        return self.generation == self.observed_generation


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A region that could not be looked at, and why. Its services are unknown, never fine."""

    project: str
    region: str
    message: str
    hint: str = ""
    kinds: tuple[Kind, ...] = tuple(Kind)  # what could not be looked at there


@dataclass(frozen=True, slots=True)
class Fleet:
    """All that is known about what runs: the answer of the API, or of a file."""

    services: tuple[Service, ...] = ()
    revisions: Mapping[tuple[Place, str], Revision] = field(default_factory=dict)
    unreachable: tuple[Unreachable, ...] = ()
    source: str = "Cloud Run"  # how a reader is told where this came from
