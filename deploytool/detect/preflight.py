"""Everything that is looked at before a release changes anything, gathered into lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

from deploytool.config import ServiceTable
from deploytool.detect.making import Making, making_of, missing_in
from deploytool.detect.planning import Aim, Planner, open_release
from deploytool.domain.build import Wanted
from deploytool.domain.changes import RELEASE_LABEL
from deploytool.domain.lease import Holder, LeaseRecord, key_of
from deploytool.domain.model import ConditionState, Kind
from deploytool.domain.plan import Plan
from deploytool.domain.preflight import (
    CheckLine,
    ancestry_line,
    bad,
    commit_lines,
    environment_line,
    good,
    operation_line,
    quarantine_line,
    skipped,
    traffic_lines,
    work_tree_line,
)
from deploytool.domain.proof import MissingLevel
from deploytool.domain.release import quarantine_of
from deploytool.domain.report import ServiceDrift
from deploytool.domain.template import held_up_by_service, variables_of
from deploytool.domain.traffic_plan import tagged
from deploytool.errors import CouldNotLook, DeployToolError
from deploytool.ports import ImageBuilder, SeenService, ServiceEditor


@dataclass
class Preflight:
    """Whom to ask, and what a person allowed."""

    planner: Planner
    builder: ImageBuilder
    editor: ServiceEditor
    records: Callable[[], Sequence[LeaseRecord]]  # of the leases
    cannot_ask: Callable[[ServiceTable], Sequence[str]]  # names of required checks, each with the reason
    is_gone: Callable[[Holder], bool]
    unmerged: bool = False

    def lines(self, plan: Plan, drift: ServiceDrift, seen: SeenService | None) -> tuple[CheckLine, ...]:
        """One line per question; a question that nobody could answer is NG, never OK."""
        table = self.planner.config.services[drift.name]
        service = seen.service if seen else None
        if table.kind is Kind.FUNCTION:
            return (_function_line(),)
        making = cache(partial(making_of, self.planner.detection, table))  # imports are followed: once is enough
        found: list[CheckLine] = []
        routed: list[tuple[str, Callable[[], Iterator[CheckLine]]]] = [
            ("traffic", lambda: traffic_lines(service)),
            ("rollback", lambda: iter([self._rollback(plan)])),
            ("tag", lambda: iter([self._tag(plan, seen)])),
        ]
        questions: list[tuple[str, Callable[[], Iterator[CheckLine]]]] = [
            ("unfinished", lambda: iter([self._unfinished(plan)])),
            ("work tree", lambda: iter([self._work_tree(plan)])),
            ("commit", lambda: self._commit(plan.commit, self.planner.aim)),
            ("hotfix", lambda: self._hotfix(plan, drift)),
            ("quarantine", lambda: iter([self._quarantine(plan)])),
            ("image", lambda: self._image(table, plan, making)),
            ("environment", lambda: iter([self._environment(table, seen, making)])),
            ("settings", lambda: iter([_settings_line(plan, seen)])),
            *(routed if not plan.job else [("operation", lambda: iter([operation_line(service)]))]),
            ("checks", lambda: iter([self._checks(table, plan)])),
            ("builder", lambda: iter([_builder_line(self.builder)])),
            ("lease", lambda: iter([self._lease(plan)])),
        ]
        for name, question in questions:
            try:
                found.extend(question())
            except DeployToolError as problem:
                found.append(bad(name, problem.message, problem.hint, firm=True))
        return tuple(found)

    def _unfinished(self, plan: Plan) -> CheckLine:
        """A release that somebody is at work on is waited for at its lease; one that was left behind is not."""
        left = open_release(self.planner.releases, plan.place)
        if left is None:
            return good("unfinished", "no release was left behind")
        record = self._record(plan)
        held = record.held if record else None
        if held is not None and held.holder.release == left.id and not self.is_gone(held.holder):
            return skipped("unfinished", f"release {left.id} is under way")
        name = left.place.name
        hint = f"deploytool deploy {name} --resume, or deploytool deploy {name} --abort"
        return bad("unfinished", f"release {left.id} has not ended", hint, firm=True)

    def _record(self, plan: Plan) -> LeaseRecord | None:
        return next((one for one in self.records() if one.key == key_of(plan.place)), None)

    def _work_tree(self, plan: Plan) -> CheckLine:
        repository = self.planner.detection.repository
        if repository.facts.bare:
            return work_tree_line((), bare=True)
        return work_tree_line(repository.uncommitted(plan.context), bare=False)

    def _commit(self, commit: str, aim: Aim) -> Iterator[CheckLine]:
        repository = self.planner.detection.repository
        remotes = repository.remote_branches()
        pushed = bool(remotes) and bool(repository.remote_branches(commit))
        yield from commit_lines(
            commit, aim.ref, on_target=aim.on_target, unmerged=self.unmerged, remotes=len(remotes), pushed=pushed
        )

    def _hotfix(self, plan: Plan, drift: ServiceDrift) -> Iterator[CheckLine]:
        """An older commit of the branch may be deployed; what is on no branch would be lost."""
        served = plan.from_commit
        merged = bool(served) and self.planner.detection.repository.has_in_history(self.planner.aim.tip, served)
        line = None if merged else ancestry_line(drift.code)
        if line is not None:
            yield line

    def _quarantine(self, plan: Plan) -> CheckLine:
        return quarantine_line(plan.commit, plan.scope, quarantine_of(self.planner.releases, plan.place))

    def _image(self, table: ServiceTable, plan: Plan, making: Callable[[], Making]) -> Iterator[CheckLine]:
        """Can it be built as git has it, and will the program find what it imports?"""
        refused = self.builder.refusal(wanted_of_plan(plan))
        if refused is not None:
            yield bad("build", *refused, firm=True)
        else:
            yield good("build", f"{plan.builder} can build {plan.dockerfile or plan.context or '.'}")
        made = making()
        missing = [row for row in missing_in(made) if row.level is MissingLevel.ERROR]
        if missing:
            first = missing[0]
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            said = f"{first.name} is imported by {first.path}:{first.line} and not in the image{more}"
            yield bad("modules", said, first.hint or f"deploytool explain {table.name}")
        elif made.study is None:
            yield skipped("modules", "what the program imports cannot be read")
        else:
            yield good("modules", "everything that is imported is in the image")

    def _environment(self, table: ServiceTable, seen: SeenService | None, making: Callable[[], Making]) -> CheckLine:
        there = set(variables_of(seen.raw if seen else None))
        image = making().seen.made.image
        if image is not None:
            there |= set(image.environment)
        return environment_line(table.release.env.required, there)

    def _rollback(self, plan: Plan) -> CheckLine:
        """What would be put back must be there and ready."""
        if plan.before is None:
            return skipped("rollback", "first deployment: there is nothing to go back to")
        names = [row.revision for row in plan.before.named if row.percent and row.revision]
        for name in names:
            found = self.editor.revision(plan.place, name)
            if found is None or found.revision.ready is not ConditionState.SUCCEEDED:
                said = "does not exist" if found is None else "is not ready"
                return bad("rollback", f"{name} serves and {said}", "deploytool status", firm=True)
        return good("rollback", f"back to {', '.join(names)}")

    def _tag(self, plan: Plan, seen: SeenService | None) -> CheckLine:
        """Our tag must be free, or left over from a release of ours that has ended."""
        if plan.first and plan.hold:
            said = "a first deployment has no traffic to keep away from: its only revision gets all of it"
            return bad("tag", said, "Leave out --no-traffic; nobody may call a new service anyway.", firm=True)
        if not plan.tag:
            return bad("tag", f"{plan.place.name} is too long for a tag beside it", "Use a shorter name.", firm=True)
        held = tagged(seen.service.desired, plan.tag) if seen else None
        if held is None:
            return good("tag", f"{plan.tag} is free")
        revision = self.editor.revision(plan.place, held)
        release = revision.revision.labels.get(RELEASE_LABEL, "") if revision else ""
        ended = any(one.id == release and one.outcome is not None for one in self.planner.releases)
        if ended:
            return good("tag", f"{plan.tag} was left on {held} by {release}")
        who = f"release {release}" if release else "somebody else"
        hint = f"gcloud run services update-traffic {plan.place.name} --remove-tags {plan.tag}"
        return bad("tag", f"{plan.tag} is on {held}, by {who}", hint, firm=True)

    def _checks(self, table: ServiceTable, plan: Plan) -> CheckLine:
        if plan.job:
            return skipped("checks", "a job has no checks")
        cannot = self.cannot_ask(table)
        if cannot:
            more = f" (and {len(cannot) - 1} more)" if len(cannot) > 1 else ""
            return bad(
                "checks", f"cannot be asked: {cannot[0]}{more}", "Say required = false for it, or name an emulator."
            )
        if not table.checks:
            return skipped("checks", "services.toml has none for this service")
        return good("checks", f"{len(table.checks)} of services.toml")

    def _lease(self, plan: Plan) -> CheckLine:
        """Only told, and never firm: whether somebody has it is decided when it is taken."""
        record = self._record(plan)
        if record is None or record.held is None:
            return good("lease", "free")
        holder = record.held.holder
        said = f"{holder.who} holds it ({holder.reason}), {record.seconds_left:.0f} s left"
        return skipped("lease", said)


def wanted_of_plan(plan: Plan) -> Wanted:
    """What its builder is asked for."""
    return Wanted(
        service=plan.place.name,
        commit=plan.commit,
        dockerfile=plan.dockerfile,
        context=plan.context,
        image=plan.image,
        timestamp=plan.timestamp,
        scope=plan.scope,
        key=plan.key,
    )


def _function_line() -> CheckLine:
    return bad("kind", "a function is deployed by Cloud Functions", "gcloud functions deploy", firm=True)


def _settings_line(plan: Plan, seen: SeenService | None) -> CheckLine:
    if not plan.settings:
        return skipped("settings", "none are declared")
    least = plan.changes.min_instances
    if not plan.job and held_up_by_service(seen.raw if seen else None, least) is not None:
        place = plan.place
        hint = f"gcloud run services update {place.name} --region {place.region} --min {least}"
        return bad("settings", ", ".join(plan.settings), hint)
    return good("settings", ", ".join(plan.settings))


def _builder_line(builder: ImageBuilder) -> CheckLine:
    try:
        why = builder.reachable()
    except CouldNotLook as problem:
        why = problem.message
    if why:
        return bad("builder", why, "See what it says, or choose another: release = { build = … }", firm=True)
    return good("builder", f"{builder.name} is there")
