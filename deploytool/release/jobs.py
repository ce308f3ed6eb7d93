"""A job: its template is what runs next, so there is nothing to shift. It is changed, read back, or put back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploytool.domain.changes import RELEASE_LABEL
from deploytool.domain.edit import Edit, NewRevision
from deploytool.domain.model import ConditionState
from deploytool.domain.plan import Changes, Plan
from deploytool.domain.template import lost_variables
from deploytool.ports import SeenService
from deploytool.release.tools import Hold, Tools
from deploytool.release.undo import Fence, Undone
from deploytool.release.writing import Look, Moved, StepFailed, ensure, wait_until


def update(plan: Plan, image: str, tools: Tools, hold: Hold) -> Mapping[str, Any]:
    """The job with our image. Raises Moved when somebody else changed its image in between."""

    def judge(seen: SeenService | None) -> Look:
        if seen is None:
            if plan.first:
                return Look.WRITE
            raise Moved(f"The job {plan.place.name} does not exist any more.", hint="deploytool status")
        if _is_ours(plan, seen):
            return Look.DONE
        if plan.was is None or seen.service.template.image != plan.was.image:
            raise Moved(f"Somebody else changed the image of the job {plan.place.name}.", hint="deploytool status")
        return Look.WRITE

    def write(seen: SeenService | None) -> None:
        edit = Edit(labels=dict(plan.changes.service_labels), revision=NewRevision("", image, plan.changes))
        if seen is None:
            tools.editor.create_job(plan.place, edit)
        else:
            tools.editor.change_job(seen, edit)

    _ensured(plan, judge, write, tools, hold, tools.limits.write)
    _await(plan, lambda seen: seen is not None and _is_ours(plan, seen), tools)
    return {"image": image, "said": "the next execution runs it"}


def confirm(plan: Plan, image: str, tools: Tools) -> Mapping[str, Any]:
    """Read back that the template has our image, and every variable that it had."""
    seen = tools.editor.read_job(plan.place)
    found = seen.service.template.image if seen else "nothing"
    if seen is None or found != image or seen.service.ready is ConditionState.FAILED:
        raise StepFailed(f"the job {plan.place.name} has {found}, not {image}", hint="deploytool status")
    lost = lost_variables(plan, seen.raw)
    if lost:
        raise StepFailed(f"the job {plan.place.name} does not have {', '.join(lost)}", hint="deploytool status")
    return {"image": found, "said": f"the job has {plan.commit[:8]}"}


def put_back(plan: Plan, tools: Tools, hold: Hold) -> Undone:
    """The image and our names as they were. Raises Moved when somebody else changed them since."""
    was, looks = plan.was, list[Look]()
    fence = Fence(plan.id, tools.editor.change_job)

    def judge(seen: SeenService | None) -> Look:
        looks.append(look_at(seen))
        return looks[-1] if was is None or Look.WRITE in looks else fence.judged(seen)

    def look_at(seen: SeenService | None) -> Look:
        if seen is None:
            if was is None:
                return Look.DONE
            raise Moved(f"The job {plan.place.name} does not exist any more.", hint="deploytool status")
        if _is_ours(plan, seen):
            return Look.DONE if seen.raw.get("deleteTime") else Look.WRITE
        if was is None or seen.service.template.image == was.image:
            return Look.DONE
        raise Moved(f"Somebody else changed the image of the job {plan.place.name}.", hint="deploytool status")

    def write(seen: SeenService | None) -> None:
        assert seen is not None
        if was is None:
            tools.editor.delete_job(seen)
            return
        if looks[-1] is Look.DONE:
            fence.write(seen)
            return
        mine = {**dict.fromkeys(plan.changes.labels, ""), **was.labels}  # "" takes a label away
        back = Changes(labels=mine, env=was.env)
        labels: dict[str, str | None] = {name: was.service_labels.get(name) for name in plan.changes.service_labels}
        added = tuple(name for name in plan.changes.env if name not in was.env)
        tools.editor.change_job(seen, Edit(labels=labels, revision=NewRevision("", was.image, back, added)))

    _ensured(plan, judge, write, tools, hold, tools.limits.undo)
    _await(plan, lambda seen: seen is None or not _is_ours(plan, seen), tools)
    return Undone(f"the job has {was.image}, as before" if was else "the job is not there, as before", [])


def _is_ours(plan: Plan, seen: SeenService) -> bool:
    return seen.service.template.labels.get(RELEASE_LABEL) == plan.id


def _ensured(plan: Plan, judge: Any, write: Any, tools: Tools, hold: Hold, seconds: float) -> None:
    """As `ensure`, with the job in the place of the service."""
    ensure(tools.editor, plan.place, judge, write, clock=tools.time, seconds=seconds, may=hold.check, job=True)


def _await(plan: Plan, holds: Any, tools: Tools) -> None:
    def look() -> bool:
        seen = tools.editor.read_job(plan.place)
        return holds(seen) and (seen is None or seen.service.settled)

    if not wait_until(look, clock=tools.time, seconds=tools.limits.effective, poll=tools.limits.poll):
        raise StepFailed(f"the change of the job {plan.place.name} did not become effective", hint="deploytool status")
