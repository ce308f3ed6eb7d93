"""What `explain` says: what a service is made of, and for one file or commit, whether it matters and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from deploytool.domain.doubt import Doubt
from deploytool.domain.report import CommitNote, Contains, FileChange, LookError, Remark, ServiceDrift, Verdict
from deploytool.errors import ExitCode


class MissingLevel(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class ThirdParty(NamedTuple):
    """A module that the program imports and its repository does not hold."""

    name: str  # as imported: "google.cloud.bigquery"
    distribution: str | None  # the one of the requirements that brings it; None when none does, or none is known
    spec: str  # "==2.31.0"; "" without one
    path: str  # the repository path of a reachable file that imports it
    line: int


class MissingRow(NamedTuple):
    """An import that would fail in this image."""

    name: str
    path: str  # repository path of the file that imports it
    line: int
    level: MissingLevel
    why: str
    hint: str = ""


class Importer(NamedTuple):
    path: str  # repository path
    line: int
    reachable: bool  # from the service's program; what only tests or scripts import is not in use


@dataclass(frozen=True, slots=True)
class ServiceProof:
    """One service in one region: how it stands, and what it is made of at the target."""

    drift: ServiceDrift  # verdict, revisions, commits with files and chains
    command: str  # what the container starts, as a person would type it; "" when that cannot be told
    starts: tuple[str, ...]  # repository paths of the files it begins with
    files: tuple[FileChange, ...]  # everything in the image, by path: what a change of it would mean
    third_party: tuple[ThirdParty, ...] = ()
    missing_modules: tuple[MissingRow, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    outside: tuple[str, ...] = ()  # COPY sources that git does not hold


@dataclass(frozen=True, slots=True)
class PathProof:
    """One path asked about: of a file, what it means; of a folder, what its files mean."""

    path: str
    service: str
    change: FileChange  # `relevance` of a change of it, with chain and note
    places: tuple[str, ...] = ()  # absolute paths in the image; empty when it is not in it
    importers: tuple[Importer, ...] = ()  # who imports it, in the image; reachable ones first
    twin: FileChange | None = None  # the nearest file of the same name that is reachable, when this one is not
    changed: CommitNote | None = None  # the newest commit of the target that changed it
    served: Contains = Contains.UNKNOWN  # does what serves have this content?
    files: tuple[FileChange, ...] = ()  # below it, when it is a folder
    looked: bool = True  # False: nobody could look for importers


@dataclass(frozen=True, slots=True)
class CommitProof:
    """One commit asked about: each file it changed, whether in the image or not."""

    note: CommitNote
    service: str
    served: Contains  # does what serves contain it?


@dataclass(frozen=True, slots=True)
class ProofReport:
    generated_at: datetime
    target_ref: str
    target_commit: str
    services: tuple[ServiceProof, ...]  # one per region
    question: str = ""  # the commit or path that was asked about
    path: PathProof | None = None
    commit: CommitProof | None = None
    errors: tuple[LookError, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """An answer is no finding: 0, or 3 when something could not be looked at."""
        unsure = self.errors or any(service.drift.verdict is Verdict.UNKNOWN for service in self.services)
        return ExitCode.UNDETERMINED if unsure else ExitCode.CLEAN
