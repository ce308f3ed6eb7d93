"""Which traffic a release itself asks for, step by step; everything else was asked for by somebody else."""

from __future__ import annotations

from dataclasses import replace

from deploytool.domain import traffic_plan
from deploytool.domain.model import Service
from deploytool.domain.plan import Plan
from deploytool.domain.release import Kind
from deploytool.domain.traffic_plan import LATEST, Rows, final_rows, resolved, same_wish, step_rows


def rows_at(plan: Plan, percent: int, *, newest: bool) -> Rows:
    """The percentages at a step, without tags. `newest`: is our revision the newest one of the service?"""
    if plan.kind is Kind.ROLLBACK:
        return plan.goal if percent else _saved(plan)
    if percent >= 100:
        return final_rows(plan.revision, latest=newest and (plan.before is None or plan.before.latest))
    return step_rows(_saved(plan), plan.revision, percent)


def before_step(plan: Plan, percent: int) -> Rows:
    """What is asked for when the step to `percent` begins."""
    earlier = [step for step in plan.steps if step < percent]
    return rows_at(plan, earlier[-1] if earlier else 0, newest=True)


def is_ours(plan: Plan, service: Service, reached: int) -> bool:
    """Did this release ask for what is asked for now? `reached` is the last percentage that it meant to ask for."""
    asked = service.desired or LATEST
    if plan.first:
        return same_wish(asked, LATEST) or same_wish(asked, final_rows(plan.revision, latest=False))
    if any(same_wish(asked, rows_at(plan, step, newest=False)) for step in plan.steps if step <= reached):
        return True
    if reached >= 100 and same_wish(asked, rows_at(plan, 100, newest=True)):
        newest = service.latest_ready if service.settled else service.latest_created
        return plan.kind is Kind.ROLLBACK or plan.revision == newest
    return traffic_plan.tagged(asked, plan.tag or " ") == plan.revision and same_wish(asked, _saved(plan))


def is_before(plan: Plan, service: Service) -> bool:
    """Is traffic as it was when the release began, by what is asked for and by what that means now?"""
    if plan.before is None:
        return False
    asked = service.desired or LATEST
    if plan.kind is Kind.ROLLBACK:
        by_name = not any(row.latest and row.percent for row in asked)
        return (by_name and same_wish(asked, plan.before.asked)) or same_wish(
            now_meant(asked, service), plan.before.named
        )
    if traffic_plan.tagged(asked, plan.tag or " ") == plan.revision:
        return False
    if same_wish(asked, plan.before.named):
        return True
    untouched = plan.revision not in (service.latest_created, service.latest_ready)
    return untouched and same_wish(now_meant(asked, service), plan.before.named)


def now_meant(asked: Rows, service: Service) -> Rows:
    """A map with LATEST as the revision that gets its traffic now, or as soon as what is in flight has ended."""
    if service.settled or service.latest_created == service.latest_ready:
        return resolved(asked, service)
    return resolved(asked, replace(service, latest_ready=service.latest_created))


def is_served(service: Service, rows: Rows) -> bool:
    """Is this map what serves, with nothing in flight? LATEST is compared by what it means now."""
    if not service.settled:
        return False
    effective = traffic_plan.named_rows(service)
    return bool(effective) and same_wish(effective, resolved(rows, service))


def _saved(plan: Plan) -> Rows:
    return plan.before.named if plan.before else ()
