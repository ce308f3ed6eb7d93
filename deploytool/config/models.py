"""services.toml as values: one class per table, one attribute per key, named as the key is.

What one key alone can get wrong is refused by its type; what several keys get wrong together is said in `rules`.
"""

from __future__ import annotations

import datetime
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, PrivateAttr

from deploytool.config.checks import Check
from deploytool.config.duration import Duration, Length
from deploytool.config.grammar import (
    BucketName,
    BucketUrl,
    CheckReference,
    DatabaseId,
    EnvName,
    Grammar,
    HostName,
    ImageName,
    LabelKey,
    Many,
    NonEmpty,
    Number,
    ProjectId,
    Region,
    Revision,
    RuleId,
    SecretEnvName,
    StoryName,
    Title,
)
from deploytool.config.paths import DockerPattern, FilePath, RepositoryGlob, RepositoryPath, TagRegex, tree_path
from deploytool.config.tables import Table
from deploytool.domain.model import Kind
from deploytool.domain.report import Precision


def _rising(steps: tuple[int, ...]) -> tuple[int, ...]:
    if any(later <= earlier for earlier, later in pairwise(steps)) or steps[-1:] != (100,):
        raise ValueError("the steps must rise and end with 100, such as [5, 50, 100]")
    return steps


Percent = Annotated[int, Field(ge=1, le=100)]
Steps = Annotated[tuple[Percent, ...], Field(strict=False, min_length=1), AfterValidator(_rising)]
ServiceName = Annotated[str, Grammar(r"[^\x00-\x1f/]+", "the name of a service", 63)]
Folder = Annotated[str, Grammar(r"[^\x00]*[^\s\x00][^\x00]*", "a folder", 4096)]


class ProjectTable(Table):
    """`[project]`: which cloud, which repository, and what should be live there."""

    cloud: Literal["local", "google"] = Field(
        description='"local": the embedded Cloud Run. "google": the real one. Never assumed, so that nobody means one '
        "and asks the other."
    )
    project: ProjectId = Field(description="Google Cloud project id.")
    regions: Many[Region] = Field(min_length=1, description="Regions that the services run in.")
    repository: Folder = Field(default=".", description="Git repository with the sources, relative to this file.")
    target: Revision | None = Field(default=None, description="What should be live; left out: origin/HEAD, else HEAD.")


class CommitRule(Table):
    """Where to read the commit of a revision first; one of three."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    label: LabelKey | None = Field(default=None, description="Label of the revision that names the commit.")
    env: EnvName | None = Field(default=None, description="Environment variable that names the commit.")
    tag_regex: TagRegex | None = Field(
        default=None, description="Finds the commit in the image tag: one group, or a group named `commit`."
    )


class JudgeTable(Table):
    """When a candidate with some traffic is good enough for more."""

    min_requests: Annotated[int, Field(ge=1, le=10**9)] = Field(
        default=50, description="With fewer requests the judge cannot tell, and nothing is promoted."
    )
    max_5xx: Annotated[Number, Field(ge=0, le=1)] = Field(
        default=0.01, description="Largest share of answers that are server errors (0.01 is 1 %)."
    )
    max_p95_ratio: Annotated[Number, Field(gt=0)] = Field(
        default=1.5, description="Largest 95th percentile of latency, as a multiple of what served before."
    )


class SettingsTable(Table):
    """Declared settings are asserted; undeclared ones are left alone."""

    min_instances: Annotated[int, Field(ge=0, le=10_000)] | None = Field(
        default=None, description="Instances that are kept when nobody calls."
    )
    cpu_throttling: bool | None = Field(default=None, description="true: CPU only while a request is served.")


class EnvTable(Table):
    required: Many[EnvName] = Field(default=(), description="Variables that must be present after the deploy.")


class ReleaseTable(Table):
    """`[services.NAME.release]`: how a release is built, moved and judged."""

    build: Literal["cloudbuild", "docker", "local"] | None = Field(
        default=None, description='Who builds the image; left out: "local" with cloud = "local", else "cloudbuild".'
    )
    steps: Steps = Field(default=(100,), description="Percent of traffic, step by step; ends with 100.")
    bake: Length = Field(default=Duration.of("5m"), description="How long each step below 100 is watched.")
    judge: JudgeTable = Field(default_factory=JudgeTable, description="When a step may follow the one before.")
    settings: SettingsTable = Field(default_factory=SettingsTable, description="Settings that are asserted.")
    env: EnvTable = Field(default_factory=EnvTable, description="What the environment must contain.")


class ServiceTable(Table):
    """`[services.NAME]`: one service, function or job, and what it is made of."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [key]} for key in ("paths", "dockerfile", "context")]}
    )

    kind: Annotated[Kind, Field(strict=False)] = Field(
        default=Kind.SERVICE, description="service, function (gen2: read as its Cloud Run service) or job."
    )
    paths: Many[RepositoryPath] = Field(
        default=(), min_length=1, description="Literal files or folders from the repository root."
    )
    dockerfile: FilePath | None = Field(
        default=None, description="When given, its COPY lines decide; `paths` then only says who owns what."
    )
    context: RepositoryPath = Field(
        default=".", description="Build context from the repository root; without a Dockerfile, the source folder."
    )
    ignore: Many[DockerPattern] = Field(
        default=(), description="What cannot matter: Docker's pattern rules, from the repository root."
    )
    entrypoint: FilePath | None = Field(default=None, description="The program; left out: read from CMD.")
    dynamic: Many[RepositoryGlob] = Field(default=(), description="What an unbounded dynamic import may load.")
    image: ImageName | None = Field(default=None, description="Image to build and push, without tag or digest.")
    regions: Many[Region] = Field(default=(), min_length=1, description="Instead of the project's regions.")
    after: Many[ServiceName] = Field(default=(), description="Services that are released before this one.")
    precision: Annotated[Precision, Field(strict=False)] | None = Field(
        default=None, description="path, image or import; left out: the finest that can be proven."
    )
    commit: CommitRule | None = Field(default=None, description="Where to read the commit first.")
    hosts: Many[HostName] = Field(default=(), description="Further hosts that checks may call for this service.")
    max_age: Length | None = Field(default=None, description="How long a change that reaches it may wait.")
    release: ReleaseTable = Field(default_factory=ReleaseTable, description="How it is released.")
    checks: Many[Check] = Field(default=(), description="What must hold of it.")

    _name: str = PrivateAttr(default="")

    @property
    def name(self) -> str:
        """The key of its table, which is its name in Cloud Run."""
        return self._name

    @property
    def context_path(self) -> str:
        """The build context as git trees spell it: "" is the root."""
        return tree_path(self.context)

    @property
    def source(self) -> str | None:
        """The folder that is built without a Dockerfile (functions, buildpacks); None when there is none named."""
        named = self.dockerfile is None and "context" in self.model_fields_set
        return self.context_path if named else None

    @property
    def image_folder(self) -> str | None:
        """The folder that becomes the image without a Dockerfile: the source, or a function's only path."""
        only = self.paths[0] if self.kind is Kind.FUNCTION and len(self.paths) == 1 else None
        if self.source is not None or self.dockerfile is not None or only is None:
            return self.source
        return tree_path(only)

    @property
    def roots(self) -> tuple[str, ...]:
        """What its own table says it is made of, in git's words: `paths`, else the source folder."""
        if self.paths:
            return tuple(tree_path(path) for path in self.paths)
        return () if self.source is None else (self.source,)


class IgnoreEntry(Table):
    """`[[ignore]]`: a finding of `check` that is accepted for a while."""

    rule: RuleId = Field(description="The rule's id.")
    path: DockerPattern = Field(description="Where it is accepted: Docker's pattern rules.")
    reason: NonEmpty = Field(description="Why it is accepted.")
    until: datetime.date = Field(description="The day from which it is a finding again.")


class LocksTable(Table):
    """`[locks]`: where the leases are kept that let one release at a time happen."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {
                    "if": {"properties": {"backend": {"const": backend}}, "required": ["backend"]},
                    "then": {"required": list(keys)},
                    "else": {"properties": dict.fromkeys(keys, False)},
                }
                for backend, keys in (("firestore", ("database", "collection")), ("gcs", ("bucket",)))
            ]
        }
    )

    backend: Literal["sqlite", "firestore", "gcs"] = Field(
        default="sqlite", description="sqlite (this machine), firestore (database, collection) or gcs (bucket)."
    )
    ttl: Length = Field(default=Duration.of("10m"), description="How long a lease lasts that nobody renews.")
    database: DatabaseId | None = Field(default=None, description="Firestore database.")
    collection: Title | None = Field(default=None, description="Firestore collection.")
    bucket: BucketName | None = Field(default=None, description="Cloud Storage bucket.")


class LedgerTable(Table):
    mirror: BucketUrl | None = Field(default=None, description="Where the ledger is copied to: gs://bucket/prefix.")


class BuildTable(Table):
    bucket: BucketName | None = Field(default=None, description="Where Cloud Build takes the source from.")


class NotifyTable(Table):
    """`[notify]`: names of environment variables, because the addresses themselves are secrets."""

    slack_webhook_env: SecretEnvName | None = Field(default=None, description="Variable with the Slack webhook.")
    webhook_env: SecretEnvName | None = Field(default=None, description="Variable with the address of a webhook.")


class TargetTable(Table):
    """`[[targets]]`: one row of the weekly table."""

    metric: Title = Field(description="What the row is called.")
    target: Number = Field(description="The value to reach.")
    check: CheckReference = Field(description='The check that measures it: "service/check".')


class SandboxTable(Table):
    story: StoryName = Field(description="The repository and fleet to build on first use.")


class Document(Table):
    """The whole file."""

    model_config = ConfigDict(
        title="services.toml",
        json_schema_extra={
            "if": {"required": ["sandbox"]},
            "then": {"properties": {"project": {"properties": {"cloud": {"const": "local"}}}}},
        },
    )

    project: ProjectTable = Field(description="Which cloud, which repository, what should be live.")
    services: dict[str, ServiceTable] = Field(description="The services, by their names in Cloud Run.")
    ignore: Many[IgnoreEntry] = Field(default=(), description="Accepted findings of `check`.")
    locks: LocksTable = Field(default_factory=LocksTable, description="Where leases are kept.")
    ledger: LedgerTable = Field(default_factory=LedgerTable, description="Where the record of releases is copied to.")
    build: BuildTable = Field(default_factory=BuildTable, description="What builds need.")
    notify: NotifyTable = Field(default_factory=NotifyTable, description="Who is told.")
    targets: Many[TargetTable] = Field(default=(), description="Rows of the weekly table.")
    sandbox: SandboxTable | None = Field(default=None, description='Only with cloud = "local".')
