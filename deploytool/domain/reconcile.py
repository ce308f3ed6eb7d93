"""What ledger, labels, tags, traffic, leases and git must agree about: facts in, items out.

An item says what does not agree, by what evidence, and whether it can be mended. What is mended never changes which
revision serves: that is a person's or a release's decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from deploytool.domain.finding import Finding, Severity
from deploytool.domain.lease import LeaseRecord
from deploytool.domain.model import Kind, Place, Revision, Service
from deploytool.domain.release import Release
from deploytool.domain.report import LookError


class Disagreement(StrEnum):
    """The rules; their ids stay."""

    NOT_SERVING = "DT601"  # recorded as released, and something else serves
    UNRECORDED = "DT602"  # it serves, and the ledger does not know it
    FAILED_SERVES = "DT603"  # it serves although its release did not end well
    LABEL = "DT604"  # a label, the image, the ledger say different commits
    LEFTOVER = "DT605"  # our tag or mark, of a release that has ended
    PINNED = "DT606"  # traffic is pinned by name, so the next revision gets none
    DESIRED_DIFFERS = "DT607"  # what is asked for is not what serves
    STUCK_LEASE = "DT608"  # a lease that outlived its holder, or has no sensible end
    LEFT_OPEN = "DT609"  # a release without an end, whose process is gone
    SETTINGS = "DT610"  # what services.toml declares is not so
    NO_WAY_BACK = "DT611"  # what a rollback would go to is gone
    CHAIN = "DT612"  # the ledger was changed
    COMMIT_GONE = "DT613"  # git does not have the commit that was released
    CHECK = "DT614"  # a check fails


class MendKind(StrEnum):
    DROP_TAG = "drop-tag"
    DROP_FENCE = "drop-fence"
    FOLLOW_LATEST = "follow-latest"
    SETTINGS = "settings"
    FREE_LEASE = "free-lease"
    ADOPT = "adopt"  # only with `--adopt`: a person says that what serves is right
    RUN_FIX = "run-fix"


@dataclass(frozen=True, slots=True)
class Mend:
    """How an item is mended: `said` for people; `subject` is the tag, release, lease or check it is about."""

    kind: MendKind
    said: str
    subject: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One disagreement. `place` is None for the ledger as a whole."""

    finding: Finding
    place: Place | None = None
    mend: Mend | None = None

    @property
    def id(self) -> str:
        """Stays while the disagreement stays, whatever else is found beside it."""
        region = self.place.region if self.place else ""
        subject = str(self.finding.subject).removeprefix(region).strip("/")
        return "/".join(filter(None, (self.finding.rule, self.finding.service or "", region, subject)))


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check of services.toml that does not pass; `fix`: does services.toml say a command that mends it?"""

    place: Place
    name: str
    said: str
    fix: bool
    required: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is known about one service in one region, looked at within a moment."""

    place: Place
    kind: Kind = Kind.SERVICE
    service: Service | None = None
    releases: tuple[Release, ...] = ()  # of this place, oldest first
    revisions: Mapping[str, Revision | None] = field(default_factory=dict)  # those asked for; None: it is not there
    conflicts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of serving revisions, by name
    commits: Mapping[str, str] = field(default_factory=dict)  # proven in git, by serving revision
    settings: tuple[str, ...] = ()  # declared settings that are not so: "min_instances 0 -> 2"
    begun: str = ""  # a release that began while we looked
    kept_up: bool = False  # the service itself asks for more instances: no revision can mend that
    lease: LeaseRecord | None = None
    holder_gone: bool = False  # its process is known to be gone
    ttl: float = 600.0  # seconds, of a lease as services.toml says
    follows: bool = False  # did the service follow its newest revision before a release of ours pinned it?


@dataclass(frozen=True, slots=True)
class Facts:
    now: datetime
    since: datetime  # releases and revisions from here on are looked at one by one
    seen: tuple[Seen, ...] = ()
    breaks: tuple[str, ...] = ()  # places where the ledger's chain does not hold
    lost: frozenset[str] = frozenset()  # commits of releases that git does not have
    checks: tuple[FailedCheck, ...] = ()
    errors: tuple[LookError, ...] = ()


GRAVE = frozenset((
    Disagreement.NOT_SERVING, Disagreement.FAILED_SERVES, Disagreement.DESIRED_DIFFERS, Disagreement.LEFT_OPEN,
    Disagreement.CHAIN,
))  # fmt: skip


def item(
    rule: Disagreement,
    message: str,
    hint: str,
    *,
    place: Place | None = None,
    subject: str = "",
    mend: Mend | None = None,
    severity: Severity | None = None,
    **evidence: Any,
) -> Item:
    finding = Finding(
        rule=rule.value,
        severity=severity or (Severity.ERROR if rule in GRAVE else Severity.WARNING),
        message=message,
        hint=hint,
        service=place.name if place else None,
        subject="/".join(filter(None, (place.region if place else "", subject))),
        detail={key: value for key, value in evidence.items() if value not in (None, "", (), [])},
    )
    return Item(finding, place, mend)
