"""One release, from its first step or from where it was left, to exactly one end.

The same recipe runs a new release and a resumed one: what the ledger has seen done is not done again, what was only
meant is settled by what the cloud says. Whatever goes wrong on the way leads to `_back`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from deploytool.domain import traffic_plan
from deploytool.domain.maps import rows_at
from deploytool.domain.plan import Plan
from deploytool.domain.release import Kind, Outcome, Release
from deploytool.errors import CouldNotLook, DeployToolError, ExitCode, LeaseLost, NotWritten, Terminated
from deploytool.release import candidate, jobs, proving, shifting, undo, watching
from deploytool.release.ending import Ending, written_down
from deploytool.release.journal import Journal
from deploytool.release.tools import Hold, Tools
from deploytool.release.writing import Moved, StepFailed

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Runner:
    """Runs one plan under one lease. `earlier` is what the ledger holds of it, when it goes on."""

    def __init__(self, plan: Plan, tools: Tools, hold: Hold, earlier: Release | None = None) -> None:
        self.plan, self.tools, self.hold = plan, tools, hold
        self.journal = Journal(tools.ledger, plan.id, lambda: hold.number)
        self.since = tools.time.now()
        if earlier is not None:
            self._remember(earlier)

    def _remember(self, earlier: Release) -> None:
        self.journal.remember(earlier)
        since = self.journal.done.get("candidate", {}).get("since")
        self.since = datetime.fromisoformat(since) if since else self.since
        if not any(step.startswith("shift ") for step in self.journal.meant):
            self.journal.done.pop("verify", None)  # it waited: look again before it gets traffic

    def begin(self) -> Ending:
        """Write the plan down, then run it. A release that could not be written down never was.

        Raises PlanChanged when the service is not as it was planned on: somebody else's release may have ended
        while we waited for the lease.
        """
        proving.must_be_as_planned(self.plan, self.tools)
        try:
            self.journal.begun(self.plan.record())
        except (KeyboardInterrupt, Terminated) as stop:
            if not self.tools.ledger.events(self.plan.id):
                raise
            return self._stopped(stop)
        return self._guarded()

    def resume(self) -> Ending:
        """Go on where it was left; what was being undone is undone to the end."""
        late = self._too_late(resumed=True)
        if late is not None:
            return late
        if self.journal.undoing is not None:
            return self._back("it was being undone when it was left", self.journal.undoing)
        return self._guarded()

    def abort(self, reason: str) -> Ending:
        """Put everything back, because a person said so."""
        late = self._too_late(aborted=reason)
        if late is not None:
            return late
        return self._back(reason, Outcome.ABORTED).told_by(ExitCode.CLEAN)

    def _too_late(self, **said: Any) -> Ending | None:
        """Write down who goes on with it; an ending when somebody else does so already, or did."""
        try:
            self.journal.noted(**said)
        except LeaseLost as lost:
            return self._stuck(lost.message, "deploytool lock list")
        return None

    def _guarded(self) -> Ending:
        try:
            return self._run()
        except Moved as moved:
            return self._hand_over(moved)
        except (KeyboardInterrupt, Terminated) as stop:
            return self._stopped(stop)
        except DeployToolError as problem:
            return self._failed(problem)
        except Exception:
            if not self._stays:
                self._back("deploytool itself failed", self._failed_outcome())
            raise

    def _failed(self, problem: DeployToolError) -> Ending:
        """Back, unless what was asked for is right as far as anybody knows: then it stays, and stays open."""
        if self._stays and not isinstance(problem, StepFailed):
            return self._stuck(f"{problem.message} What was asked for stays.", _again(self.plan, "--resume"))
        if self._stays:
            return self._hand_over(Moved(problem.message, hint=problem.hint), "the map was asked for")
        return self._back(problem.message, self._failed_outcome(), problem.hint)

    @property
    def _stays(self) -> bool:
        """A release that was proven is not torn down, and a rollback never leads back to what it came from."""
        back = self.plan.kind is Kind.ROLLBACK and bool(self.journal.reached)
        return back or self.journal.proven

    def _stopped(self, stop: BaseException) -> Ending:
        """By Ctrl-C or SIGTERM: everything is put back, and the exit code says which of the two it was."""
        code = _code_of(stop)
        return self._back("interrupted" if code is ExitCode.INTERRUPTED else "terminated", Outcome.ABORTED).told_by(
            code
        )

    def _run(self) -> Ending:
        plan = self.plan
        if plan.job:
            return self._run_job()
        if plan.kind is Kind.DEPLOY:
            self._step("build", self._build, meant={"builder": plan.builder, "image": plan.image})
            self._step("candidate", self._candidate, meant={"revision": plan.revision, "tag": plan.tag})
            self._step("verify", self._verify)
        if plan.hold and not self.journal.waited:
            self.journal.noted(waiting="at the verified candidate")
            return Ending(
                None, f"{plan.revision} is verified and has no traffic", ExitCode.CLEAN, _again(plan, "--resume")
            )
        for percent in plan.steps:
            rows = traffic_plan.json_of(rows_at(plan, percent, newest=True))
            self._step(f"shift {percent}", self._shift, percent, meant={"traffic": rows})
            if percent < 100:
                self._step(f"bake {percent}", self._bake, percent)
        self._step("confirm", self._confirm)
        back = f"{traffic_plan.said(plan.goal)} serves again"
        reason = f"{plan.revision} serves {plan.commit[:8]}" if plan.kind is Kind.DEPLOY else back
        return self._succeeded(reason)

    def _run_job(self) -> Ending:
        plan = self.plan
        self._step("build", self._build, meant={"builder": plan.builder, "image": plan.image})
        self._step("update", lambda: jobs.update(plan, self.image, self.tools, self.hold))
        self._step("confirm", lambda: jobs.confirm(plan, self.image, self.tools))
        return self._succeeded(f"the next execution of {plan.place.name} runs {plan.commit[:8]}")

    def _succeeded(self, reason: str) -> Ending:
        self._end(Outcome.SUCCEEDED, reason)
        self.tools.teller.done(reason)
        return Ending(Outcome.SUCCEEDED, reason, ExitCode.CLEAN)

    def _end(self, outcome: Outcome, reason: str) -> None:
        """The last line; whatever comes after it changes nothing any more."""
        self.tools.ending()
        self.journal.ended(outcome, reason)

    def _step(self, name: str, work: Any, *given: Any, meant: Mapping[str, Any] = NOTHING) -> None:
        """Intent, work, observation; nothing for what was seen done already."""
        if name in self.journal.done:
            return
        self.tools.teller.step(name)
        self.hold.check()
        self.journal.intent(name, **meant)
        try:
            evidence: Mapping[str, Any] = work(*given)
        except DeployToolError as problem:
            if not isinstance(problem, LeaseLost):
                self.journal.failed(name, why=problem.message)
            self.tools.teller.failed(problem.message)
            raise
        self.journal.observed(name, **evidence)
        self.tools.teller.done(str(evidence.get("said", "")))

    def _build(self) -> Mapping[str, Any]:
        built = self.tools.build(self.plan, self.tools.teller.tell)
        said = f"{built.digest[:19]}, used again" if built.reused else built.digest[:19]
        found = {"image": built.image, "digest": built.digest, "reused": built.reused, "key": self.plan.key}
        return found | {"builder": self.plan.builder, "notes": list(built.notes), "log": built.log, "said": said}

    @property
    def image(self) -> str:
        return str(self.journal.done["build"]["image"])

    def _candidate(self) -> Mapping[str, Any]:
        candidate.make(self.plan, self.image, self.tools, self.hold)
        found = candidate.await_ready(self.plan, self.image, self.tools)
        self.since = found.since or self.since
        self.tools.teller.tell(found.uri)
        evidence = {"revision": self.plan.revision, "image": self.image, "uri": found.uri}
        return evidence | {"since": self.since.isoformat(), "said": "ready, no traffic"}

    def _verify(self) -> Mapping[str, Any]:
        evidence = proving.verify(self.plan, self.since, self.tools)
        passed = len(evidence["checks"])
        said = "1 check" if passed == 1 else f"{passed} checks"
        return evidence | {"said": said if passed else str(evidence.get("note", ""))}

    def _shift(self, percent: int) -> Mapping[str, Any]:
        asked = shifting.shift(self.plan, percent, self.tools, self.hold)
        rows = shifting.await_effective(self.plan, percent, self.tools)
        said = traffic_plan.said(rows)
        return {"asked": traffic_plan.json_of(asked), "serving": traffic_plan.json_of(rows), "said": said}

    def _bake(self, percent: int) -> Mapping[str, Any]:
        judgement = watching.bake(self.plan, percent, self.tools, self.hold)
        evidence = list(judgement.evidence)
        return {"judged": judgement.word.value, "why": judgement.why, "evidence": evidence, "said": judgement.why}

    def _confirm(self) -> Mapping[str, Any]:
        evidence = proving.confirm(self.plan, self.since, self.tools)
        return evidence | {"said": f"what serves has {self.plan.commit[:8]}"}

    def _back(self, reason: str, outcome: Outcome, hint: str = "") -> Ending:
        """Put back what was changed, and end; a failure to do so leaves the release to be resumed or aborted."""
        with self.tools.shield():
            try:
                undone = self._undo(reason, outcome)
            except Moved as moved:
                return self._hand_over(moved, reason)
            except NotWritten as lost:
                said = f"{reason}; everything was put back, and that could not be written down: {lost.message}"
                return self._stuck(said, _again(self.plan, "--abort"))
            except DeployToolError as problem:
                said = f"{reason}; it could not be undone: {problem.message}"
                return self._stuck(said, _again(self.plan, "--abort"))
            except (KeyboardInterrupt, Terminated) as stop:
                ending = self._stuck(f"{reason}; putting back was stopped", _again(self.plan, "--abort"))
                return replace(ending, exit_code=_code_of(stop))
            self.tools.teller.done(undone)
            return Ending(outcome, f"{reason.rstrip('.')}. {_capital(undone)}.", ExitCode.FAILED_SAFE, hint)

    def _undo(self, reason: str, outcome: Outcome) -> str:
        """How it is now, for people."""
        self._regain()
        said = "nothing was changed"
        if self.journal.wrote:
            self.tools.teller.step("undo")
            with suppress(CouldNotLook):  # without a ledger, putting back still comes first
                self.journal.intent("undo", reason=reason, outcome=outcome.value)
            undone = self._put_back()
            self.journal.observed("undo", said=undone.said, serving=undone.rows)
            said = undone.said
        self._end(outcome, reason)
        return said

    def _put_back(self) -> undo.Undone:
        if self.plan.job:
            return jobs.put_back(self.plan, self.tools, self.hold)
        return undo.put_back(self.plan, self.tools, self.hold, reached=self.journal.reached)

    def _failed_outcome(self) -> Outcome:
        return Outcome.ROLLED_BACK if self.journal.reached else Outcome.FAILED_SAFE

    def _regain(self) -> None:
        """The lease may have lapsed while we waited: nothing is written without one."""
        try:
            self.hold.check()
        except LeaseLost:
            self.hold.retake()

    def _hand_over(self, moved: Moved, reason: str = "") -> Ending:
        """Somebody else's wish stands; only our tag goes. A person decides what should serve."""
        said = f"{reason.rstrip('.')}. {moved.message}" if reason else moved.message
        with self.tools.shield():
            try:
                self._regain()
                undo.drop_marks(self.plan, self.tools, self.hold)
                self._end(Outcome.NEEDS_HUMAN, said)
            except DeployToolError as problem:
                return self._stuck(f"{said} {problem.message}", moved.hint)
            self.tools.teller.failed(said)
            return Ending(Outcome.NEEDS_HUMAN, said, ExitCode.NEEDS_HUMAN, moved.hint)

    def _stuck(self, said: str, hint: str) -> Ending:
        """No end could be reached: it stays open, so that --resume or --abort can reach one."""
        ended = written_down(self.tools.ledger, self.plan.id)
        if ended is not None:
            return ended
        self.tools.teller.failed(said)
        return Ending(None, said, ExitCode.NEEDS_HUMAN, hint)


def _again(plan: Plan, option: str) -> str:
    return f"deploytool deploy {plan.place.name} {option}"


def _code_of(stop: BaseException) -> ExitCode:
    return ExitCode.INTERRUPTED if isinstance(stop, KeyboardInterrupt) else ExitCode.TERMINATED


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
