"""The plan of one release: what `--dry-run` shows is the value that runs.

What is needed to go on with a release after its process died is in `record`, which the ledger keeps. It holds names of
variables and never a value, except those that we write ourselves (commit, build time).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from deploytool.domain import traffic_plan
from deploytool.domain.model import Place, TrafficTarget
from deploytool.domain.release import Kind
from deploytool.domain.report import CommitNote

Rows = tuple[TrafficTarget, ...]
CANDIDATE = "candidate"
MOST_TAG_AND_SERVICE = 46  # characters; Cloud Run makes one host name of both
MOST_REVISION = 63


class Risk(StrEnum):
    """The size of what goes live: nothing tells more about how a release ends."""

    NONE = "none"
    SMALL = "small"  # up to 3 commits that reach it
    MEDIUM = "medium"  # up to 10
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Watch:
    """How a step below 100 % is watched; seconds."""

    bake: float = 300.0
    min_requests: int = 50
    max_5xx: float = 0.01
    max_p95_ratio: float = 1.5


@dataclass(frozen=True, slots=True)
class Before:
    """The service as it was when the release began, as far as it must be put back."""

    asked: Rows  # as it was asked for: may say LATEST
    named: Rows  # the same with every revision by its name: what is put back
    latest: bool  # does it follow the newest revision, or did it before a pin of our own?
    generation: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)  # those of the service that we will change


@dataclass(frozen=True, slots=True)
class Changes:
    """What the new revision has that the template has not. Names and our own values only."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)  # the commit and the build time, never anything else
    min_instances: int | None = None
    cpu_throttling: bool | None = None
    service_labels: Mapping[str, str] = field(default_factory=dict)  # written when the release is proven


@dataclass(frozen=True, slots=True)
class Was:
    """What a job had where this release writes: its image, and our own names with their values."""

    image: str
    generation: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    service_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """One service in one region, from what serves to `commit`."""

    id: str
    kind: Kind
    place: Place
    commit: str
    ref: str
    revision: str  # the one that will be made; of a rollback, the one with most of the traffic
    by: str = ""
    reason: str = ""
    builder: str = ""
    image: str = ""  # repository, without tag or digest
    dockerfile: str | None = None
    context: str = ""
    timestamp: str = ""  # of the commit: equal inputs give equal images
    key: str = ""  # of everything that goes into the image
    scope: str = ""
    tag: str = CANDIDATE
    steps: tuple[int, ...] = (100,)
    watch: Watch = Watch()
    before: Before | None = None  # None: the first deployment
    changes: Changes = Changes()
    goal: Rows = ()  # of a rollback: the map to restore
    from_commit: str = ""  # what serves now, where one revision does
    from_scope: str = ""
    hold: bool = False  # stop at the verified candidate
    job: bool = False  # no revisions and no traffic: its template is what runs next
    was: Was | None = None  # of a job; None: the first deployment
    variables: tuple[str, ...] = ()  # names that the template has: all of them must be there afterwards
    # for people only
    commits: tuple[CommitNote, ...] = ()
    reaching: int = 0
    authors: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()  # "min_instances 1 -> 0"
    checks: tuple[str, ...] = ()  # "health (candidate, live)"
    notes: tuple[str, ...] = ()

    @property
    def first(self) -> bool:
        return self.was is None if self.job else self.before is None

    @property
    def risk(self) -> Risk:
        if not self.reaching:
            return Risk.NONE
        return Risk.SMALL if self.reaching <= 3 else Risk.MEDIUM if self.reaching <= 10 else Risk.LARGE

    def record(self) -> dict[str, Any]:
        """For the ledger: what `plan_of` needs to go on."""
        found: dict[str, Any] = {
            "kind": self.kind.value,
            "project": self.place.project,
            "region": self.place.region,
            "service": self.place.name,
            "steps": list(self.steps),
            "watch": {name: getattr(self.watch, name) for name in Watch.__slots__},
            "before": None if self.before is None else _before_json(self.before),
            "changes": {name: _plain(getattr(self.changes, name)) for name in Changes.__slots__},
            "was": None if self.was is None else {name: _plain(getattr(self.was, name)) for name in Was.__slots__},
            "goal": traffic_plan.json_of(self.goal),
            "variables": list(self.variables),
            "commits": [
                {"sha": note.sha, "author": note.author, "subject": note.subject, "relevance": str(note.relevance)}
                for note in self.commits[:50]
            ],
        }
        return found | {name: getattr(self, name) for name in PLAIN}


PLAIN = (
    "commit", "ref", "revision", "by", "reason", "builder", "image", "dockerfile", "context", "timestamp", "key",
    "scope", "tag", "from_commit", "from_scope", "hold", "reaching", "job",
)  # fmt: skip


def plan_of(release: str, record: Mapping[str, Any]) -> Plan:
    """What `Plan.record` wrote, without what is for people only. Raises KeyError, ValueError for anything else."""
    before = record["before"]
    return Plan(
        id=release,
        kind=Kind(record["kind"]),
        place=Place(record["project"], record["region"], record["service"]),
        steps=tuple(record["steps"]),
        watch=Watch(**record["watch"]),
        before=None if before is None else _before_of(before),
        changes=Changes(**record["changes"]),
        was=None if record["was"] is None else Was(**record["was"]),
        goal=traffic_plan.rows_of(record["goal"]),
        variables=tuple(record.get("variables", ())),  # an earlier version did not write them
        **{name: record[name] for name in PLAIN},
    )


def revision_name(service: str, commit: str, release: str) -> str:
    """`SERVICE-COMMIT-RELEASE`, cut to what Cloud Run takes; the release's last letters make it unique."""
    tail = f"-{commit[:8]}-{release[-4:]}"
    return service[: MOST_REVISION - len(tail)] + tail


def tag_for(service: str) -> str:
    """`candidate`, or as much of it as fits beside the name of the service; "" when nothing fits."""
    return CANDIDATE[: max(0, MOST_TAG_AND_SERVICE - len(service))]


def release_id(moment: datetime, chance: str) -> str:
    """Sorts by time, is a valid label, and ends in `chance`, four letters or digits."""
    return f"{moment:%Y%m%d-%H%M%S}-{chance}"


def sized(plan: Plan, commits: tuple[CommitNote, ...]) -> Plan:
    """The plan with the commits that go live, and who wrote those that reach the service."""
    reaching = [note for note in commits if note.relevance.reaches]
    authors = tuple(dict.fromkeys(note.author for note in commits))
    return replace(plan, commits=commits, reaching=len(reaching), authors=authors)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _before_json(before: Before) -> dict[str, Any]:
    return {
        "asked": traffic_plan.json_of(before.asked),
        "named": traffic_plan.json_of(before.named),
        "latest": before.latest,
        "generation": before.generation,
        "labels": dict(before.labels),
    }


def _before_of(value: Mapping[str, Any]) -> Before:
    return Before(
        traffic_plan.rows_of(value["asked"]),
        traffic_plan.rows_of(value["named"]),
        value["latest"],
        value["generation"],
        value["labels"],
    )
