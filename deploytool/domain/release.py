"""A release as its record tells it: what was meant, what was seen, how it ended.

Before each step its intent is written, after it what was observed; the last event says how it ended. A release
without an end can be resumed or aborted from what is written here and what the cloud says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from deploytool.domain.model import Place
from deploytool.errors import ExitCode


class Kind(StrEnum):
    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    ADOPTED = "adopted"  # somebody deployed without us, and a person said that it counts: nothing of it was verified


class Outcome(StrEnum):
    """How a release ended. Without one it runs, waits at its candidate, or was left behind."""

    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled-back"  # it had some traffic, and the saved map was put back
    ABORTED = "aborted"  # a person stopped it, and everything is as it was
    FAILED_SAFE = "failed-safe"  # it never had traffic, and everything is as it was
    NEEDS_HUMAN = "needs-human"  # a person must look


EXIT_CODES = {
    Outcome.SUCCEEDED: ExitCode.CLEAN,
    Outcome.ROLLED_BACK: ExitCode.FAILED_SAFE,
    Outcome.ABORTED: ExitCode.FAILED_SAFE,
    Outcome.FAILED_SAFE: ExitCode.FAILED_SAFE,
    Outcome.NEEDS_HUMAN: ExitCode.NEEDS_HUMAN,
}


class EventKind(StrEnum):
    BEGUN = "begun"  # data: the whole plan
    INTENT = "intent"  # a step is about to be done
    OBSERVED = "observed"  # it was done, and this was seen
    FAILED = "failed"  # a step could not be done, or what was seen is not good
    NOTED = "noted"  # resumed, held, handed over
    ENDED = "ended"  # data: outcome, reason; nothing follows


FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the ledger. `hash` covers everything else, with the hash of the line before."""

    number: int  # from 1, without gaps
    release: str
    at: datetime
    kind: EventKind
    step: str
    data: Mapping[str, Any]
    fence: int  # number of the lease under which it was written
    previous: str
    hash: str = ""


def hash_of(event: Event) -> str:
    """SHA-256 over the canonical JSON of a line and the hash of the line before it."""
    parts = [
        event.number, event.release, event.at.isoformat(), event.kind.value, event.step, event.data, event.fence,
        event.previous,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def broken_links(events: Sequence[Event], head: tuple[int, str] | None = None) -> tuple[str, ...]:
    """Every place where the chain does not hold, as sentences; () when it does. `head`: number and hash of the last."""
    found: list[str] = []
    previous, number = FIRST, 0
    ended: set[str] = set()
    for event in events:
        if event.number != number + 1:
            found.append(f"event {number + 1} is missing: the next one is {event.number}")
        if event.previous != previous:
            found.append(f"event {event.number} does not follow the one before it")
        if hash_of(event) != event.hash:
            found.append(f"event {event.number} was changed after it was written")
        if event.release in ended:
            found.append(f"event {event.number} comes after the end of release {event.release}")
        if event.kind is EventKind.ENDED:
            ended.add(event.release)
        previous, number = event.hash, event.number
    if head is not None and head != (number, previous):
        found.append(f"the last event should be {head[0]}, and it is {number}: events are missing or were replaced")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step as it went; `ended_at` is None while nobody knows."""

    name: str
    started_at: datetime
    ended_at: datetime | None = None
    ok: bool | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """One release, put together from its events."""

    id: str
    kind: Kind
    place: Place
    plan: Mapping[str, Any]
    started_at: datetime
    by: str = ""
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    reason: str = ""
    steps: tuple[StepRecord, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def commit(self) -> str:
        return str(self.plan.get("commit", ""))

    @property
    def revision(self) -> str:
        return str(self.plan.get("revision", ""))

    @property
    def scope(self) -> str:
        return str(self.plan.get("scope", ""))

    def seen(self, step: str) -> Mapping[str, Any] | None:
        """What was last observed of a step; None when it was not finished."""
        return next((e.data for e in reversed(self.events) if e.kind is EventKind.OBSERVED and e.step == step), None)

    def meant(self, step: str) -> bool:
        return any(event.kind is EventKind.INTENT and event.step == step for event in self.events)

    @property
    def judged_bad(self) -> bool:
        """Did it fail once it had traffic, however it ended then?"""
        return any(e.kind is EventKind.FAILED and e.step.startswith(("bake ", "confirm")) for e in self.events)


def releases_of(events: Iterable[Event]) -> tuple[Release, ...]:
    """Every release in these events, oldest first. Events without a beginning are left to `broken_links`."""
    by: dict[str, list[Event]] = {}
    for event in events:
        by.setdefault(event.release, []).append(event)
    return tuple(_release_of(found) for found in by.values() if found[0].kind is EventKind.BEGUN)


def _release_of(events: Sequence[Event]) -> Release:
    plan = events[0].data
    place = Place(str(plan["project"]), str(plan["region"]), str(plan["service"]))
    last = events[-1]
    end = last if last.kind is EventKind.ENDED else None
    return Release(
        id=events[0].release,
        kind=Kind(plan["kind"]),
        place=place,
        plan=plan,
        started_at=events[0].at,
        by=str(plan.get("by", "")),
        ended_at=end.at if end else None,
        outcome=Outcome(end.data["outcome"]) if end else None,
        reason=str(end.data.get("reason", "")) if end else "",
        steps=tuple(_steps_of(events)),
        events=tuple(events),
    )


def _steps_of(events: Sequence[Event]) -> Iterable[StepRecord]:
    open_: dict[str, Event] = {}
    for event in events:
        if event.kind is EventKind.INTENT:
            open_[event.step] = event
        elif event.kind in (EventKind.OBSERVED, EventKind.FAILED) and event.step:
            began = open_.pop(event.step, event)
            yield StepRecord(event.step, began.at, event.at, event.kind is EventKind.OBSERVED, event.data)
    for step, event in open_.items():
        yield StepRecord(step, event.at)


def quarantine_of(releases: Iterable[Release], place: Place) -> dict[str, str]:
    """What was taken back from this service and not released well since: commit or scope -> why.

    The same program under another commit (equal scope) is held back too.
    """
    held: dict[str, str] = {}
    for release in releases:
        if release.place != place or release.outcome is None:
            continue
        plan = release.plan
        if release.kind is Kind.ROLLBACK:
            restored = release.seen("shift 100") is not None and release.seen("undo") is None
            if restored or release.outcome is Outcome.SUCCEEDED:
                why = f"it was rolled back by {release.id}"
                held |= dict.fromkeys(filter(None, (plan.get("from_commit"), plan.get("from_scope"))), why)
                held.pop(release.commit, None)
        elif release.outcome is Outcome.SUCCEEDED:
            held.pop(release.commit, None)
            held.pop(release.scope, None)
        elif release.outcome is Outcome.ROLLED_BACK or release.judged_bad:
            why = f"release {release.id} was rolled back: {release.reason}"
            held |= dict.fromkeys(filter(None, (release.commit, release.scope)), why)
    return held
