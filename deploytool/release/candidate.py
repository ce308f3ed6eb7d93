"""The new revision: made from what is there, without traffic, and waited for by its own condition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from deploytool.domain.changes import COMMIT_LABEL, MOST_LABEL, RELEASE_LABEL
from deploytool.domain.edit import Edit, NewRevision
from deploytool.domain.maps import is_served, now_meant
from deploytool.domain.model import ConditionState, Service
from deploytool.domain.plan import Plan
from deploytool.domain.template import differences
from deploytool.domain.traffic_plan import LATEST, said, same_wish, tagged, with_tags
from deploytool.ports import SeenRevision, SeenService
from deploytool.release.tools import Hold, Tools
from deploytool.release.writing import Look, Moved, StepFailed, ensure, wait_until


@dataclass(frozen=True, slots=True)
class Candidate:
    """A revision that is ready: where its tag answers, where the service does, and since when it is there."""

    uri: str
    audience: str
    since: datetime | None = None  # by Cloud Run's clock


def make(plan: Plan, image: str, tools: Tools, hold: Hold) -> None:
    """Accepted by Cloud Run, exactly once. Raises StepFailed, Moved, LeaseLost."""
    write = _create if plan.first else _add

    def judge(seen: SeenService | None) -> Look:
        return _judged_new(plan, seen) if plan.first else _judged(plan, seen)

    ensure(
        tools.editor,
        plan.place,
        judge,
        lambda seen: write(plan, image, tools, seen),
        clock=tools.time,
        seconds=tools.limits.write,
        may=hold.check,
    )


def await_ready(plan: Plan, image: str, tools: Tools) -> Candidate:
    """Wait for the revision's own condition, then for its tag. Raises StepFailed with Cloud Run's reason."""
    if not wait_until(
        lambda: _is_ready(plan, tools),
        clock=tools.time,
        seconds=tools.limits.ready,
        poll=tools.limits.poll,
    ):
        raise StepFailed(
            f"{plan.revision} was not ready within {tools.limits.ready:g} s", hint=f"deploytool releases show {plan.id}"
        )
    found = tools.editor.revision(plan.place, plan.revision)
    made = _must_be_ours(plan, found, image)
    return replace(await_tag(plan, tools), since=made.revision.created_at)


def await_tag(plan: Plan, tools: Tools) -> Candidate:
    """The address of the tag, once it is effective and everybody else's traffic is as it was."""
    found: list[Candidate] = []

    def look() -> bool:
        seen = tools.editor.read(plan.place)
        if seen is None:
            raise Moved(f"{plan.place.name} does not exist any more.", hint="deploytool status")
        _must_hold_tag(plan, seen.service)
        row = next((row for row in seen.service.effective if row.tag == plan.tag), None)
        if not seen.service.settled or (plan.tag and row is None):
            return False
        found[:] = [Candidate((row.uri or "") if row is not None else seen.service.uri, seen.service.uri)]
        return plan.first or is_served(seen.service, plan.before.named if plan.before else ())

    if not wait_until(look, clock=tools.time, seconds=tools.limits.effective, poll=tools.limits.poll):
        raise StepFailed(f"the tag {plan.tag} of {plan.place.name} did not become effective", hint="deploytool status")
    return found[0]


def _judged(plan: Plan, seen: SeenService | None) -> Look:
    if seen is None:
        raise StepFailed(f"{plan.place.name} does not exist any more", hint="deploytool status")
    service, before = seen.service, plan.before
    assert before is not None
    asked = service.desired or LATEST
    if plan.tag and tagged(asked, plan.tag) == plan.revision:
        return Look.DONE
    if not plan.tag and service.latest_created == plan.revision:
        return Look.DONE
    if service.latest_created == plan.revision:
        raise Moved(f"The tag {plan.tag} was taken away from {plan.revision}.", hint="deploytool status")
    if not same_wish(now_meant(asked, service), before.named):
        raise StepFailed(
            f"somebody else changed {plan.place.name} from {said(before.named)} to {said(now_meant(asked, service))} "
            "before this release changed anything",
            hint=f"deploytool deploy {plan.place.name}",
        )
    return Look.WRITE


def _judged_new(plan: Plan, seen: SeenService | None) -> Look:
    if seen is None:
        return Look.WRITE
    if is_made_by(plan, seen):
        return Look.DONE
    raise StepFailed(f"somebody else made {plan.place.name} in between", hint=f"deploytool deploy {plan.place.name}")


def is_made_by(plan: Plan, seen: SeenService) -> bool:
    """Did this release make the service itself? Its label says so, and nothing came after our revision."""
    service = seen.service
    return service.labels.get(RELEASE_LABEL) == plan.id and service.latest_created in (plan.revision, None)


def _add(plan: Plan, image: str, tools: Tools, seen: SeenService | None) -> None:
    assert seen is not None
    assert plan.before is not None
    rows = with_tags(plan.before.named, seen.service.desired, plan.tag, plan.revision)
    revision = NewRevision(plan.revision, image, plan.changes)
    tools.editor.change(seen, Edit(traffic=rows, revision=revision))


def _create(plan: Plan, image: str, tools: Tools, seen: SeenService | None) -> None:
    """Nobody is allowed to call a new service until a person allows it; it is checked before it is called done."""
    rows = with_tags(LATEST, (), plan.tag, plan.revision)
    revision = NewRevision(plan.revision, image, plan.changes)
    tools.editor.create(plan.place, Edit(traffic=rows, labels=dict(plan.changes.service_labels), revision=revision))


def _is_ready(plan: Plan, tools: Tools) -> bool:
    found = tools.editor.revision(plan.place, plan.revision)
    if found is None:
        seen = tools.editor.read(plan.place)
        if seen is None:
            raise StepFailed(f"{plan.place.name} does not exist any more", hint="deploytool status")
        return False
    if found.revision.ready is ConditionState.FAILED:
        reason = found.ready_reason or "Cloud Run does not say why"
        raise StepFailed(f"{plan.revision} did not become ready: {reason}", hint=f"deploytool releases show {plan.id}")
    return found.revision.ready is ConditionState.SUCCEEDED


def _must_be_ours(plan: Plan, found: SeenRevision | None, image: str) -> SeenRevision:
    """Is the ready revision the one that was asked for: image, commit, release, settings, and nothing lost?"""
    if found is None:
        raise StepFailed(f"{plan.revision} does not exist any more", hint="deploytool status")
    if found.revision.image != image:
        raise StepFailed(
            f"{plan.revision} runs {found.revision.image}, not {image}", hint="Somebody moved it: deploytool status"
        )
    labels = found.revision.labels
    wanted = {COMMIT_LABEL: plan.commit[:MOST_LABEL], RELEASE_LABEL: plan.id}
    wrong = [name for name, value in wanted.items() if labels.get(name) != value]
    if wrong:
        raise StepFailed(
            f"{plan.revision} does not carry the {' and '.join(wrong)} of this release", hint="deploytool status"
        )
    lost = differences(plan, found.raw)
    if lost:
        raise StepFailed(
            f"{plan.revision} does not have {', '.join(lost)}", hint="Somebody changed it: deploytool status"
        )
    return found


def _must_hold_tag(plan: Plan, service: Service) -> None:
    if plan.tag and tagged(service.desired, plan.tag) != plan.revision:
        raise Moved(f"The tag {plan.tag} was moved away from {plan.revision}.", hint="deploytool status")
