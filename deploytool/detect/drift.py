"""The main job, from what runs and what git holds to one judged report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from deploytool.adapters.git import Repository
from deploytool.config import Config, ServiceTable
from deploytool.detect.compare import compare
from deploytool.detect.coverage import FETCH, NOT_HERE, coverage_of, unowned_in
from deploytool.detect.explain import differences_of
from deploytool.detect.grounds import Grounds, Key, Question
from deploytool.detect.serving import Declared, History, Known, declared_in, overrides_of, unmanaged_in
from deploytool.domain.drift import Difference, Observation, ServingShare, drift_of
from deploytool.domain.model import Fleet
from deploytool.domain.report import DriftReport, LookError, Precision, Remark
from deploytool.domain.tree import Tree
from deploytool.errors import RepositoryError


class Detection:
    """One look at a fleet. `prepare` does what needs no cloud, so it can run while the cloud is asked."""

    def __init__(
        self, config: Config, tables: Sequence[ServiceTable], repository: Repository, precision: Precision | None
    ) -> None:
        self.config, self.tables, self.repository = config, tables, repository
        self.trees: dict[str, Tree] = {}
        self.grounds = Grounds(config, tables, repository, precision, self.trees)
        self.declared: Sequence[Declared] = ()  # once the report was asked for
        self.ref = self.target = ""
        self.thorough = False  # also look for Dockerfiles that nobody owns: reads every folder of the target
        self.scoped = False  # also say what each program is made of, as an id

    def prepare(self) -> None:
        """Find the target and what every service is made of there."""
        self.ref, self.target = self.repository.target(self.config.project.target)
        self._look_at_target()

    def aimed_as(self, other: Detection) -> Detection:
        """The same target as another look, whatever branches this repository has."""
        return self.aim(other.ref, other.target)

    def aim(self, ref: str, commit: str) -> Detection:
        """Judge by this commit instead of the configured target."""
        self.ref, self.target = ref, commit
        self._look_at_target()
        return self

    def _look_at_target(self) -> None:
        """Only to be early: what cannot be read now is missed, and said, when a service is judged by it."""
        self.trees.update(self.repository.trees([self.target]))
        self.grounds.aim_at(self.target, self.tables)

    def report(self, fleet: Fleet, history: History, now: datetime) -> DriftReport:
        """Judge every declared service against the fleet. Raises RepositoryError without the target's content."""
        if self.target not in self.trees:
            raise RepositoryError(f"The content of the target {self.ref} is not in this clone.", hint=FETCH)
        declared = self.declared = declared_in(self.config, self.tables, fleet, self.repository, history)
        commits = {known.provenance.commit for entry in declared for known in entry.shares}
        self.trees.update(self.repository.trees(one for one in commits if one and one not in self.trees))
        remarks = self._remarks(declared)
        questions = self._questions(declared)
        differences = self._answered(questions)
        services = tuple(drift_of(self._observed(entry, differences), now) for entry in declared)
        kinds = {table.kind for table in self.tables}
        concerned = [gone for gone in fleet.unreachable if kinds.intersection(gone.kinds)]
        others = [gone for gone in fleet.unreachable if not kinds.intersection(gone.kinds)]
        return DriftReport(
            generated_at=now,
            target_ref=self.ref,
            target_commit=self.target,
            services=services,
            unmanaged=unmanaged_in(self.config, fleet),
            errors=tuple(LookError(gone.region, gone.message) for gone in concerned),
            remarks=(
                *remarks,
                *self.grounds.remarks.values(),
                *self.grounds.unfollowed.values(),
                *(Remark(f"{gone.region}: {gone.message}", gone.hint) for gone in others),
                *(self._unowned() if self.thorough else ()),
            ),
        )

    def _unowned(self) -> tuple[Remark, ...]:
        try:
            return unowned_in(self.config, self.trees[self.target])
        except KeyError:
            return (Remark(f"Whether every Dockerfile has an owner could not be told: {NOT_HERE}.", hint=FETCH),)

    def _remarks(self, declared: Sequence[Declared]) -> tuple[Remark, ...]:
        """Paths that do not exist end the run here, before anything is judged by them."""
        serving: dict[str, list[Tree]] = {}
        doubtful = set()
        for entry in declared:
            for known in entry.shares:
                commit = known.provenance.commit
                if commit and commit in self.trees:
                    serving.setdefault(entry.table.name, []).append(self.trees[commit])
                else:
                    doubtful.add(entry.table.name)
            if entry.blocked or entry.serving.problems:
                doubtful.add(entry.table.name)
        target = self.trees[self.target]
        return coverage_of(self.config, self.tables, target, serving, doubtful=frozenset(doubtful))

    def _questions(self, declared: Sequence[Declared]) -> dict[Key, Question]:
        """What differs is asked once, however many regions and revisions ask the same."""
        keys = [
            (entry.table, _key(entry, known, commit))
            for entry in declared
            for known in entry.shares
            if (commit := known.provenance.commit) and commit in self.trees
        ]
        self.grounds.foresee((table, key.commit) for table, key in keys)
        questions: dict[Key, Question] = {}
        for table, key in keys:
            if key not in questions:
                try:
                    questions[key] = self.grounds.question(table, key)
                except KeyError:  # a Dockerfile or a link that is not in this clone: no question, no answer
                    self.grounds.miss(table, None)
        return questions

    def _answered(self, questions: Mapping[Key, Question]) -> dict[Key, Difference]:
        pairs = [question.pair for question in questions.values()]
        comparisons = compare(self.repository, self.trees, pairs) if pairs else []
        asked = {
            key: (question.pair, comparison, self.grounds.judge(question, bool(comparison.files)))
            for (key, question), comparison in zip(questions.items(), comparisons, strict=True)
            if comparison is not None
        }
        return dict(zip(asked, differences_of(self.repository, list(asked.values())), strict=True))

    def _observed(self, entry: Declared, differences: Mapping[Key, Difference]) -> Observation:
        return Observation(
            place=entry.place,
            kind=entry.table.kind,
            serving=entry.serving.state,
            precision=self.grounds.precision(entry.table),
            scope=self._scope(entry.table, Key(entry.table.name, self.target, overrides_of(entry))),
            doubts=self.grounds.doubts.get(entry.table.name, ()),
            shares=tuple(self._share(entry, known, differences) for known in entry.shares),
            doubt=entry.blocked or "; ".join(entry.serving.problems),
            hint=entry.hint,
            serving_note=entry.serving.reason,
        )

    def _share(self, entry: Declared, known: Known, differences: Mapping[Key, Difference]) -> ServingShare:
        commit = known.provenance.commit
        doubt, hint = known.provenance.reason, known.provenance.hint
        if not commit:
            return ServingShare(known.row, known.provenance.conflicts, None, doubt, hint)
        key = _key(entry, known, commit)
        difference = differences.get(key)
        if difference is None:
            doubt, hint = f"{commit[:8]}: {NOT_HERE}", FETCH
        row = replace(known.row, scope=self._scope(entry.table, key))
        return ServingShare(row, known.provenance.conflicts, difference, doubt, hint)

    def _scope(self, table: ServiceTable, key: Key) -> str | None:
        return self.grounds.scope(table, key) if self.scoped else None


def _key(entry: Declared, known: Known, commit: str) -> Key:
    return Key(entry.table.name, commit, known.overrides)
