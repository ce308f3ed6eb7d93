"""The saved map back, by compare-and-set. What somebody else asked for in between is theirs and stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deploytool.domain import traffic_plan
from deploytool.domain.changes import FENCE_LABEL, RELEASE_LABEL
from deploytool.domain.edit import Edit
from deploytool.domain.maps import is_before, is_ours, is_served
from deploytool.domain.model import Service, TrafficTarget
from deploytool.domain.plan import Plan
from deploytool.domain.release import Kind
from deploytool.domain.traffic_plan import LATEST, Rows, said, tagged, with_tags
from deploytool.errors import DeployToolError
from deploytool.ports import SeenService
from deploytool.release.candidate import is_made_by
from deploytool.release.tools import Hold, Tools
from deploytool.release.writing import Look, Moved, ensure, wait_until


class NotUndone(DeployToolError):
    """The saved map could not be put back, or nobody could see that it serves: a person must look."""


@dataclass(frozen=True, slots=True)
class Undone:
    """`said` is how it is now, for people."""

    said: str
    rows: list[dict[str, Any]]


def put_back(plan: Plan, tools: Tools, hold: Hold, *, reached: int) -> Undone:
    """Everything as it was when the release began. Raises Moved, NotUndone, LeaseLost, CouldNotLook.

    `reached` is the last percentage that the release meant to ask for; 0 is the candidate.
    """
    looks: list[Look] = []
    fence = Fence(plan.id, tools.editor.change)

    def judge(seen: SeenService | None) -> Look:
        looks.append(_judged(plan, tools, seen, reached))
        return looks[-1] if plan.first or Look.WRITE in looks else fence.judged(seen)

    def write(seen: SeenService | None) -> None:
        assert seen is not None
        if looks[-1] is Look.WRITE:
            _restore(plan, tools, seen)
        else:
            fence.write(seen)

    if plan.first:
        _await_late(plan, tools)
    limits = tools.limits
    seen = ensure(tools.editor, plan.place, judge, write, clock=tools.time, seconds=limits.undo, may=hold.check)
    if plan.first:
        return _gone(plan, tools, seen)
    assert plan.before is not None
    seen = _at_rest(plan, tools)
    if not is_before(plan, seen.service):
        return Undone(f"{said(seen.service.desired or LATEST)} is asked for; nothing of this release was there", [])
    return _served_again(plan, plan.before.named, tools)


def _at_rest(plan: Plan, tools: Tools) -> SeenService:
    """The service when what was asked for last is carried out, or when that takes too long."""
    found: list[SeenService] = []

    def look() -> bool:
        seen = tools.editor.read(plan.place)
        if seen is None:
            raise Moved(f"{plan.place.name} does not exist any more.", hint="deploytool status")
        found[:] = [seen]
        return seen.service.settled

    limits = tools.limits
    wait_until(look, clock=tools.time, seconds=limits.effective, poll=limits.poll)
    return found[0]


def _served_again(plan: Plan, named: Rows, tools: Tools) -> Undone:
    rows: list[TrafficTarget] = []

    def look() -> bool:
        found = tools.editor.read(plan.place)
        if found is None:
            raise Moved(f"{plan.place.name} does not exist any more.", hint="deploytool status")
        if not is_before(plan, found.service):
            raise _moved(plan, found.service)
        rows[:] = traffic_plan.named_rows(found.service)
        return is_served(found.service, named) and tagged(found.service.effective, plan.tag or " ") != plan.revision

    if not wait_until(look, clock=tools.time, seconds=tools.limits.effective, poll=tools.limits.poll):
        found = "it is not effective yet" if traffic_plan.same_wish(rows, named) else f"{said(rows)} serves"
        raise NotUndone(f"{said(named)} was asked for again, and {found}", hint=f"deploytool status {plan.place.name}")
    return Undone(f"{said(rows)} serves, as before", traffic_plan.json_of(rows))


@dataclass
class Fence:
    """Nothing is there to be put back; but a change that nobody got an answer to may still be on its way.

    It carries the etag that was read for it, so a write of ours ends it: a label is put on the service and taken off.
    """

    release: str
    change: Callable[[SeenService, Edit], None]
    stood: bool = False

    def judged(self, seen: SeenService | None) -> Look:
        assert seen is not None
        there = FENCE_LABEL in seen.service.labels
        self.stood = self.stood or there
        return Look.DONE if self.stood and not there else Look.WRITE

    def write(self, seen: SeenService) -> None:
        mark = None if FENCE_LABEL in seen.service.labels else self.release
        self.change(seen, Edit(labels={FENCE_LABEL: mark}))


def _await_late(plan: Plan, tools: Tools) -> None:
    """A create has no etag that could end it: give it time to arrive before it is called not there."""
    wait_until(
        lambda: tools.editor.read(plan.place) is not None,
        clock=tools.time,
        seconds=tools.limits.late,
        poll=tools.limits.poll,
    )


def drop_marks(plan: Plan, tools: Tools, hold: Hold) -> None:
    """Take our tag and our fence away, and leave everybody's percentages as they are: traffic is not ours to move."""

    def tagged_by_us(seen: SeenService) -> bool:
        return bool(plan.tag) and not plan.job and tagged(seen.service.desired, plan.tag) == plan.revision

    def fenced_by_us(seen: SeenService) -> bool:
        return seen.service.labels.get(FENCE_LABEL) == plan.id

    def judge(seen: SeenService | None) -> Look:
        return Look.WRITE if seen is not None and (tagged_by_us(seen) or fenced_by_us(seen)) else Look.DONE

    def write(seen: SeenService | None) -> None:
        assert seen is not None
        asked = seen.service.desired
        rows = with_tags(traffic_plan.merged(asked), asked, plan.tag, None) if tagged_by_us(seen) else None
        labels: dict[str, str | None] = {FENCE_LABEL: None} if fenced_by_us(seen) else {}
        (tools.editor.change_job if plan.job else tools.editor.change)(seen, Edit(traffic=rows, labels=labels))

    limit = tools.limits.write
    ensure(tools.editor, plan.place, judge, write, clock=tools.time, seconds=limit, may=hold.check, job=plan.job)


def _judged(plan: Plan, tools: Tools, seen: SeenService | None, reached: int) -> Look:
    if plan.first:
        return _judged_first(plan, seen)
    if seen is None:
        raise Moved(f"{plan.place.name} does not exist any more.", hint="deploytool status")
    if is_before(plan, seen.service):
        return Look.DONE
    if is_ours(plan, seen.service, reached):
        return Look.WRITE
    if plan.kind is Kind.DEPLOY and tools.editor.revision(plan.place, plan.revision) is None:
        return Look.DONE  # nothing of ours was ever there: what somebody else wanted stands
    raise _moved(plan, seen.service)


def _judged_first(plan: Plan, seen: SeenService | None) -> Look:
    """A service that we made goes away again, unless somebody else has begun to use it."""
    if seen is None or seen.service.labels.get(RELEASE_LABEL) != plan.id or _going(seen):
        return Look.DONE
    others = [row.tag for row in seen.service.desired if row.tag and row.revision != plan.revision]
    if not is_made_by(plan, seen) or others or not is_ours(plan, seen.service, 100):
        raise _moved(plan, seen.service)
    return Look.WRITE


def _restore(plan: Plan, tools: Tools, seen: SeenService) -> None:
    if plan.first:
        tools.editor.delete(seen)
        return
    assert plan.before is not None
    asked = seen.service.desired
    rows = with_tags(plan.before.named, asked, plan.tag if tagged(asked, plan.tag) == plan.revision else "", None)
    tools.editor.change(seen, Edit(traffic=rows, labels=_labels_back(plan, seen.service)))


def _labels_back(plan: Plan, service: Service) -> Mapping[str, str | None]:
    """The labels that this release wrote on the service, as they were; those that somebody changed since stay."""
    assert plan.before is not None
    mine = plan.changes.service_labels
    return {
        name: plan.before.labels.get(name)
        for name, value in mine.items()
        if service.labels.get(name) == value and plan.before.labels.get(name) != value
    }


def _gone(plan: Plan, tools: Tools, seen: SeenService | None) -> Undone:
    if seen is not None and not is_made_by(plan, seen):
        return Undone(f"somebody else made {plan.place.name} in between; it was left alone", [])

    def look() -> bool:
        found = tools.editor.read(plan.place)
        return found is None or not is_made_by(plan, found)

    if not wait_until(look, clock=tools.time, seconds=tools.limits.effective, poll=tools.limits.poll):
        raise NotUndone(f"{plan.place.name} was taken away again and is still there", hint="deploytool status")
    return Undone(f"there was nothing to go back to: {plan.place.name} is not there, as before", [])


def _going(seen: SeenService) -> bool:
    return bool(seen.raw.get("deleteTime"))


def _moved(plan: Plan, service: Service) -> Moved:
    before = plan.before.named if plan.before else ()
    return Moved(
        f"Somebody else moved traffic of {plan.place.name}: {said(service.desired or LATEST)} is asked for, "
        f"and before this release it was {said(before)}.",
        hint=f"deploytool status {plan.place.name}",
    )
