"""Mends one disagreement under the service's lease: written by compare-and-set, read back, and noted in the ledger.

None of it moves a request to another revision. Whatever is not as it was found is somebody else's by now and stays.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from deploytool.domain.changes import FENCE_LABEL
from deploytool.domain.edit import Edit
from deploytool.domain.maps import is_served
from deploytool.domain.model import Place
from deploytool.domain.plan import Plan, release_id
from deploytool.domain.reconcile import FailedCheck, Item, Mend, MendKind
from deploytool.domain.reconcile_report import Mended, Word
from deploytool.domain.release import EventKind, Outcome
from deploytool.domain.report import LookError
from deploytool.domain.traffic_plan import LATEST, merged, named_rows, said, same_wish, tagged, with_tags
from deploytool.errors import CouldNotLook, DeployToolError, NotWritten
from deploytool.ports import Ledger, SeenService, ServiceEditor
from deploytool.release.tools import Hold, Limits, Time
from deploytool.release.writing import Look, Moved, ensure, wait_until


class Checks(Protocol):
    """Who runs the checks of services.toml on what serves, and the commands that mend what they found."""

    def failed(self, services: Sequence[str]) -> tuple[tuple[FailedCheck, ...], tuple[LookError, ...]]:
        """Checks that fail now, and those that could not be told."""
        ...

    def fix(self, place: Place, name: str) -> str:
        """Run the `fix` command of a check, then the check again; what was seen. Raises unless the check passes."""
        ...


class NoChecks:
    """Nobody runs them."""

    def failed(self, services: Sequence[str]) -> tuple[tuple[FailedCheck, ...], tuple[LookError, ...]]:
        return (), ()

    def fix(self, place: Place, name: str) -> str:
        raise CouldNotLook(f"Nobody here runs the checks of {place.name}.", hint=f"deploytool verify {place.name}")


class Unproven(DeployToolError):
    """It was asked for, and nobody could see that it is so."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What mending works with; `adoption` makes the record of what serves now."""

    editor: ServiceEditor
    ledger: Ledger
    time: Time
    limits: Limits
    checks: Checks
    adoption: Callable[[Place, str], Plan]
    by: str


def mended(item: Item, hands: Hands, hold: Hold) -> Mended:
    """How it went. What was not done is as it was; a signal leaves the intent in the ledger."""
    assert item.mend is not None
    assert item.place is not None
    record = release_id(hands.time.now(), secrets.token_hex(2))
    try:
        hold.check()
        if item.mend.kind is MendKind.ADOPT:
            return Mended(item, Word.DONE, _adopted(record, item.place, hands, hold))
        note(hands, record, item, hold.number, "begun", item.mend.said)
        done = WAYS[item.mend.kind](item.place, item.mend, hands, hold)
    except DeployToolError as problem:
        word = Word.LOOK if isinstance(problem, Unproven) else Word.LEFT if isinstance(problem, Moved) else Word.FAILED
        with suppress(DeployToolError):
            note(hands, record, item, hold.number, word.value, problem.message)
        return Mended(item, word, problem.message)
    try:
        note(hands, record, item, hold.number, Word.DONE.value, done)
    except DeployToolError as problem:
        done = f"{done}; the ledger did not take the line about it: {problem.message}"
    return Mended(item, Word.DONE, done)


def note(hands: Hands, record: str, item: Item, fence: int, word: str, told: str) -> None:
    """A line of the ledger that is of no release."""
    assert item.place is not None
    place = item.place
    data = {"reconcile": word, "item": item.id, "said": told, "by": hands.by}
    data |= {"project": place.project, "region": place.region, "service": place.name}
    try:
        hands.ledger.append(record, EventKind.NOTED, "", data, fence=fence)
    except CouldNotLook as problem:
        raise NotWritten(problem.message, hint=problem.hint) from problem


def _adopted(record: str, place: Place, hands: Hands, hold: Hold) -> str:
    """The whole record: what serves is what should serve, because a person said so."""
    plan = hands.adoption(place, record)
    seen = hands.editor.read(place)
    if seen is None or seen.service.generation != (plan.before.generation if plan.before else None):
        raise Moved(f"{place.name} was changed in between.", hint=f"deploytool reconcile {place.name}")
    told = f"{said(plan.goal)} counts as released; nothing of it was verified"
    hands.ledger.append(record, EventKind.BEGUN, "", plan.record(), fence=hold.number)
    end = {"outcome": Outcome.SUCCEEDED.value, "reason": told}
    hands.ledger.append(record, EventKind.ENDED, "", end, fence=hold.number)
    return f"{told} ({record})"


def _drop_tag(place: Place, mend: Mend, hands: Hands, hold: Hold) -> str:
    def there(seen: SeenService) -> bool:
        return tagged(seen.service.desired, mend.subject) == mend.revision

    def edit(seen: SeenService) -> Edit:
        asked = seen.service.desired
        return Edit(traffic=with_tags(merged(asked), asked, mend.subject, None))

    def so(seen: SeenService) -> bool:
        return not there(seen) and tagged(seen.service.effective, mend.subject) != mend.revision

    _change(place, hands, hold, there, edit, so)
    return f"the tag {mend.subject} is off {mend.revision}"


def _drop_fence(place: Place, mend: Mend, hands: Hands, hold: Hold) -> str:
    def there(seen: SeenService) -> bool:
        return seen.service.labels.get(FENCE_LABEL) == mend.subject

    _change(place, hands, hold, there, lambda _: Edit(labels={FENCE_LABEL: None}), lambda seen: not there(seen))
    return f"the label {FENCE_LABEL} is off"


def _follow_latest(place: Place, mend: Mend, hands: Hands, hold: Hold) -> str:
    """Only while it changes nothing: the newest revision is the one that serves, and nothing is under way."""

    def needed(seen: SeenService) -> bool:
        service = seen.service
        if same_wish(service.desired or LATEST, LATEST):
            return False
        alone = {row.revision for row in service.desired if row.percent} == {mend.revision}
        serves = {row.revision for row in named_rows(service) if row.percent} == {mend.revision}
        newest = service.latest_created == service.latest_ready == mend.revision
        if not (alone and serves and newest and service.settled):
            raise Moved(f"{said(service.desired)} is asked for by now; that was left alone.", hint="deploytool status")
        return True

    def so(seen: SeenService) -> bool:
        return same_wish(seen.service.desired or LATEST, LATEST) and is_served(seen.service, LATEST)

    def edit(seen: SeenService) -> Edit:
        return Edit(traffic=with_tags(LATEST, seen.service.desired, "", None))

    _change(place, hands, hold, needed, edit, so)
    return f"traffic follows the newest revision; {mend.revision} serves, as before"


def _run_fix(place: Place, mend: Mend, hands: Hands, hold: Hold) -> str:
    return hands.checks.fix(place, mend.subject)


WAYS: dict[MendKind, Callable[[Place, Mend, Hands, Hold], str]] = {
    MendKind.DROP_TAG: _drop_tag,
    MendKind.DROP_FENCE: _drop_fence,
    MendKind.FOLLOW_LATEST: _follow_latest,
    MendKind.RUN_FIX: _run_fix,
}


def _change(
    place: Place,
    hands: Hands,
    hold: Hold,
    needed: Callable[[SeenService], bool],
    edit: Callable[[SeenService], Edit],
    so: Callable[[SeenService], bool],
) -> None:
    """Write while it is needed, then wait until it is so. Raises Moved, StepFailed, Unproven, LeaseLost."""
    wrote: list[bool] = []

    def judge(seen: SeenService | None) -> Look:
        return Look.WRITE if needed(_there(place, seen)) else Look.DONE

    def write(seen: SeenService | None) -> None:
        change = edit(_there(place, seen))
        wrote.append(True)
        hands.editor.change(_there(place, seen), change)

    def look() -> bool:
        seen = _there(place, hands.editor.read(place))
        return seen.service.settled and so(seen)

    limits = hands.limits
    try:
        ensure(hands.editor, place, judge, write, clock=hands.time, seconds=limits.write, may=hold.check)
        if wait_until(look, clock=hands.time, seconds=limits.effective, poll=limits.poll):
            return
    except CouldNotLook as problem:
        if not wrote:
            raise
        raise Unproven(f"it was asked for, and nobody can see it: {problem.message}", hint=problem.hint) from problem
    raise Unproven("it was accepted and did not become effective", hint=f"deploytool status {place.name}")


def _there(place: Place, seen: SeenService | None) -> SeenService:
    if seen is None:
        raise Moved(f"{place.name} does not exist any more.", hint="deploytool status")
    return seen
