"""Is the candidate what it should be, and does what serves at the end have our commit?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deploytool.domain import traffic_plan
from deploytool.domain.changes import COMMIT_LABEL, MOST_LABEL
from deploytool.domain.check import Answer, CheckResult, worst_of
from deploytool.domain.maps import is_served, rows_at
from deploytool.domain.plan import Plan
from deploytool.domain.release import Kind
from deploytool.errors import PlanChanged
from deploytool.release.candidate import await_tag
from deploytool.release.tools import Looked, Tools
from deploytool.release.writing import Moved, StepFailed


def verify(plan: Plan, since: datetime, tools: Tools) -> dict[str, Any]:
    """Run the checks of the candidate; the evidence. Raises StepFailed unless every required one passes."""
    found = await_tag(plan, tools)
    results = tools.check("candidate", Looked(found.uri, found.audience, plan.revision, since))
    if await_tag(plan, tools).uri != found.uri:
        raise StepFailed(f"the address of the tag {plan.tag} changed while it was checked", hint="deploytool status")
    _must_pass(plan, results, "the candidate")
    return {"checks": checks_json(results)} if results else {"checks": [], "note": "no check looks at the candidate"}


def confirm(plan: Plan, since: datetime, tools: Tools) -> dict[str, Any]:
    """Read back that what serves has our commit, and run the checks of what serves; the evidence."""
    seen = tools.editor.read(plan.place)
    if seen is None:
        raise Moved(f"{plan.place.name} does not exist any more.", hint="deploytool status")
    service = seen.service
    wanted = rows_at(plan, 100, newest=service.latest_created == plan.revision)
    serving = traffic_plan.named_rows(service)
    if not is_served(service, wanted):
        raise StepFailed(
            f"{traffic_plan.said(serving)} serves, not {traffic_plan.said(wanted)}", hint="deploytool status"
        )
    if plan.kind is Kind.DEPLOY:
        _must_have_commit(plan, serving, tools)
    results = tools.check("live", Looked(service.uri, service.uri, plan.revision, since))
    _must_pass(plan, results, "what serves")
    return {"serving": traffic_plan.json_of(serving), "checks": checks_json(results)}


def must_be_as_planned(plan: Plan, tools: Tools) -> None:
    """Raises PlanChanged when the service is not the one that the plan was made on."""
    seen = tools.editor.read_job(plan.place) if plan.job else tools.editor.read(plan.place)
    found = seen.service.generation if seen else None
    planned = plan.was if plan.job else plan.before
    if found != (planned.generation if planned else None):
        again = "deploy" if plan.kind is Kind.DEPLOY else "rollback"
        raise PlanChanged(
            f"{plan.place.name} was changed after this was planned.", hint=f"deploytool {again} {plan.place.name}"
        )


def checks_json(results: tuple[CheckResult, ...]) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "kind": one.kind, "answer": one.answer.value, "required": one.required, "said": one.said}
        for one in results
    ]


def _must_have_commit(plan: Plan, serving: traffic_plan.Rows, tools: Tools) -> None:
    for row in serving:
        if not row.percent:
            continue
        found = tools.editor.revision(plan.place, row.revision or "")
        said = found.revision.labels.get(COMMIT_LABEL) if found else None
        if said != plan.commit[:MOST_LABEL]:
            raise StepFailed(
                f"{row.revision} serves, and it does not have the commit {plan.commit[:8]}", hint="deploytool status"
            )


def _must_pass(plan: Plan, results: tuple[CheckResult, ...], what: str) -> None:
    worst = worst_of(results)
    if worst.stops:
        hint = f"deploytool releases show {plan.id}"
        word = "failed" if worst.results[0].answer is Answer.FAIL else "could not be told"
        raise StepFailed(f"a check of {what} {word}: {worst.said}", hint=hint)
