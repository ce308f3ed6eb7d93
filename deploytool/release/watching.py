"""A step below 100 %: the candidate beside what served before, in the same while."""

from __future__ import annotations

from datetime import datetime, timedelta

from deploytool.domain.judge import Judgement, JudgeRules, RequestStats, Word, judged, p95_of
from deploytool.domain.plan import Plan
from deploytool.domain.rollout import Ask, Finish, Hold, RollBack, Shift, next_move
from deploytool.errors import CouldNotLook
from deploytool.release.shifting import await_effective, must_stand
from deploytool.release.tools import Hold as Lease
from deploytool.release.tools import Tools
from deploytool.release.writing import StepFailed

LOOKS = 20  # at most so many looks at the logs while a step bakes
NOTHING = RequestStats(0)


def bake(plan: Plan, percent: int, tools: Tools, lease: Lease) -> Judgement:
    """Watch one step to its end. Raises StepFailed when it must go back, Moved when somebody moved traffic."""
    index = plan.steps.index(percent)
    since, began, told = tools.time.now(), tools.time.monotonic(), ""
    while True:
        lease.check()
        must_stand(plan, percent, tools)
        judgement = _look(plan, tools, since)
        elapsed = tools.time.monotonic() - began
        move = next_move(plan.steps, index, elapsed=elapsed, bake=plan.watch.bake, judgement=judgement)
        match move:
            case Shift() | Finish():
                await_effective(plan, percent, tools)
                return judgement
            case RollBack(reason):
                raise StepFailed(f"at {percent} % the candidate is worse: {reason}", hint=_logs(plan))
            case Ask(reason):
                if tools.ask is not None and tools.ask(f"At {percent} %: {reason}. Go on all the same?"):
                    return Judgement(Word.INCONCLUSIVE, f"{reason}; a person said to go on", judgement.evidence)
                raise StepFailed(f"at {percent} % nobody can tell: {reason}", hint=_logs(plan))
            case Hold(until):
                if judgement.why != told:
                    tools.teller.tell(f"{percent} %: {judgement.why}")
                told = judgement.why
                pause = max(plan.watch.bake / LOOKS, tools.limits.poll)
                tools.time.sleep(max(0.0, min(pause, until - elapsed)))


def _look(plan: Plan, tools: Tools, since: datetime) -> Judgement:
    """What the logs say of both sides; what cannot be read is inconclusive."""
    stable = tuple(row.revision for row in (plan.before.named if plan.before else ()) if row.percent and row.revision)
    until = tools.time.now() + timedelta(seconds=1)
    try:
        found = tools.stats((plan.revision, *stable), since, until)
    except CouldNotLook as problem:
        return Judgement(Word.INCONCLUSIVE, f"the logs could not be read: {problem.message}")
    sides = [found.get(name, NOTHING) for name in stable]
    rules = JudgeRules(plan.watch.min_requests, plan.watch.max_5xx, plan.watch.max_p95_ratio)
    return judged(found.get(plan.revision, NOTHING), together(sides), rules)


def together(sides: list[RequestStats]) -> RequestStats:
    """Several revisions as one side."""
    latencies = tuple(seconds for side in sides for seconds in side.latencies)
    times = [side.p95_seconds for side in sides if side.p95_seconds is not None]
    return RequestStats(
        requests=sum(side.requests for side in sides),
        server_errors=sum(side.server_errors for side in sides),
        p95_seconds=p95_of(latencies) if latencies else min(times, default=None),
        latencies=latencies,
        errors=sum(side.errors for side in sides),
        sampled=any(side.sampled for side in sides),
        doubts=sum(side.doubts for side in sides),
    )


def _logs(plan: Plan) -> str:
    return f"deploytool releases show {plan.id}"
