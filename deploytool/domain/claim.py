"""Is it true that a service has something? By the commits that speak of it, and by who loads what they wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from deploytool.domain.report import Contains, Relevance
from deploytool.domain.spoken_time import Truth


@dataclass(frozen=True, slots=True)
class Evidence:
    """One commit that speaks of it, against one service: is it in what serves, and what loads the files it wrote?"""

    sha: str
    subject: str
    committed_at: datetime
    contains: Contains
    files: tuple[tuple[str, Relevance], ...]  # of the service's image; what reaches it first
    reason: str = ""  # why `contains` is not known

    @property
    def served(self) -> bool:
        return self.contains in (Contains.YES, Contains.EQUIVALENT)

    @property
    def reaches(self) -> bool:
        return any(relevance.reaches for _, relevance in self.files)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim about one service in one region. `asked_as`: commit, path or text, as `where` understands it."""

    said: str
    service: str
    region: str
    truth: Truth
    reason: str  # a clause without a full stop
    evidence: tuple[Evidence, ...] = ()
    asked_as: str = ""
    line: int | None = None
    hint: str = ""


def judged(evidence: Sequence[Evidence], asked_as: str) -> tuple[Truth, str]:
    """What the evidence says of the claim, the worst of it first.

    One commit that speaks of it and is not in what serves makes "it has it" untrue, also when an earlier one is there.
    """
    if not evidence and asked_as == "path":
        return Truth.UNTRUE, "it is no file of the service"
    if not evidence and asked_as == "commit":
        return Truth.UNKNOWN, "nothing that it changes is a file of the service"
    if not evidence:
        return Truth.UNKNOWN, "no commit whose message has the words writes them into a file of the service"
    lacking = next((one for one in evidence if one.contains is Contains.NO), None)
    if lacking is not None:
        return Truth.UNTRUE, _lacking(lacking)
    unknown = next((one for one in evidence if one.contains is Contains.UNKNOWN), None)
    if unknown is not None:
        return Truth.UNKNOWN, unknown.reason or "what serves is not known"
    if not any(one.reaches for one in evidence):
        one = evidence[0]
        return Truth.UNTRUE, f"what serves has {one.sha[:8]}, and nothing it runs loads {_path(one)}"
    return Truth.TRUE, "what serves has it, and what it runs loads it"


def _lacking(one: Evidence) -> str:
    said = f"what serves does not have {one.sha[:8]} ({one.subject[:100]})"
    if one.reaches:
        return f"{said}, which changes {_path(one)}"
    return f"{said}, and nothing that the service runs would load {_path(one)} that it changes"


def _path(one: Evidence) -> str:
    path = one.files[0][0]
    more = len(one.files) - 1
    return f"{path} and {more} more" if more else path
