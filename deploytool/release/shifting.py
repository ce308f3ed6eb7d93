"""Traffic, one step at a time: asked for by compare-and-set, and read back until it serves."""

from __future__ import annotations

from deploytool.domain.edit import Edit
from deploytool.domain.maps import before_step, is_before, is_served, rows_at
from deploytool.domain.model import Service
from deploytool.domain.plan import Plan
from deploytool.domain.release import Kind
from deploytool.domain.traffic_plan import LATEST, Rows, said, same_wish, tagged, with_tags
from deploytool.ports import SeenService
from deploytool.release.tools import Hold, Tools
from deploytool.release.writing import Look, Moved, StepFailed, ensure, wait_until


def shift(plan: Plan, percent: int, tools: Tools, hold: Hold) -> Rows:
    """Ask for the step, once; what was asked for. Raises Moved when somebody else asked for something in between."""

    def judge(seen: SeenService | None) -> Look:
        return _judged(plan, percent, _there(plan, seen))

    def write(seen: SeenService | None) -> None:
        assert seen is not None
        last = percent >= 100
        service = seen.service
        tag_on = None if last else plan.revision
        rows = with_tags(_rows(plan, percent, service), service.desired, plan.tag, tag_on)
        labels = dict(plan.changes.service_labels) if last and plan.kind is Kind.DEPLOY and not plan.first else {}
        tools.editor.change(seen, Edit(traffic=rows, labels=labels))

    seen = ensure(
        tools.editor,
        plan.place,
        judge,
        write,
        clock=tools.time,
        seconds=tools.limits.write,
        may=hold.check,
    )
    assert seen is not None
    return _rows(plan, percent, seen.service)


def must_stand(plan: Plan, percent: int, tools: Tools) -> None:
    """Raises Moved when what is asked for is not this step any more."""
    _standing(plan, percent, tools)


def _standing(plan: Plan, percent: int, tools: Tools) -> tuple[Service, Rows]:
    service = _there(plan, tools.editor.read(plan.place))
    wanted = _rows(plan, percent, service)
    if not same_wish(service.desired or LATEST, wanted):
        raise _moved(plan, wanted, service)
    return service, wanted


def await_effective(plan: Plan, percent: int, tools: Tools) -> Rows:
    """Wait until the step serves; the rows that do. Raises StepFailed when it never does."""
    found: list[Rows] = []

    def look() -> bool:
        service, wanted = _standing(plan, percent, tools)
        found[:] = [service.effective]
        return is_served(service, wanted)

    if not wait_until(look, clock=tools.time, seconds=tools.limits.effective, poll=tools.limits.poll):
        raise StepFailed(
            f"{percent} % was accepted and did not become effective: {said(found[0]) if found else 'nothing'} serves",
            hint=f"deploytool status {plan.place.name}",
        )
    return found[0]


def _judged(plan: Plan, percent: int, service: Service) -> Look:
    asked = service.desired or LATEST
    wanted = _rows(plan, percent, service)
    held = tagged(asked, plan.tag) if plan.tag else None
    kept = held == plan.revision or plan.kind is Kind.ROLLBACK or not plan.tag
    if same_wish(asked, wanted) and (percent < 100 or plan.kind is Kind.ROLLBACK or held != plan.revision):
        return Look.DONE
    expected = LATEST if plan.first else before_step(plan, percent)
    if plan.kind is Kind.ROLLBACK and is_before(plan, service):
        return Look.WRITE
    if not same_wish(asked, expected) or not kept or (plan.first and service.latest_created != plan.revision):
        raise _moved(plan, expected, service)
    return Look.WRITE


def _rows(plan: Plan, percent: int, service: Service) -> Rows:
    return rows_at(plan, percent, newest=service.latest_created == plan.revision)


def _there(plan: Plan, seen: SeenService | None) -> Service:
    if seen is None:
        raise Moved(f"{plan.place.name} does not exist any more.", hint="deploytool status")
    return seen.service


def _moved(plan: Plan, expected: Rows, service: Service) -> Moved:
    return Moved(
        f"Somebody else moved traffic of {plan.place.name}: it should be {said(expected)}, "
        f"and {said(service.desired or LATEST)} is asked for.",
        hint=f"deploytool status {plan.place.name}",
    )
