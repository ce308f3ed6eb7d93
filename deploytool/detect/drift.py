"""The main job, from what runs and what git holds to one judged report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from deploytool.adapters.git import Repository
from deploytool.config import Config, ServiceTable
from deploytool.detect.compare import compare
from deploytool.detect.coverage import FETCH, NOT_HERE, coverage_of, unowned_in
from deploytool.detect.explain import differences_of
from deploytool.detect.serving import Declared, History, Known, declared_in, unmanaged_in
from deploytool.detect.sources import Made, Sources, precision_of
from deploytool.domain.comparison import Pair
from deploytool.domain.content import Selection
from deploytool.domain.drift import Difference, Observation, ServingShare, drift_of
from deploytool.domain.model import Fleet
from deploytool.domain.report import DriftReport, LookError, Precision, Remark
from deploytool.domain.tree import Tree
from deploytool.errors import RepositoryError


@dataclass(frozen=True, slots=True)
class Question:
    """One serving revision whose commit is known, and what the service is made of on both sides."""

    pair: Pair
    made: tuple[Made, Made]


class Detection:
    """One look at a fleet. `prepare` does what needs no cloud, so it can run while the cloud is asked."""

    def __init__(
        self, config: Config, tables: Sequence[ServiceTable], repository: Repository, precision: Precision | None
    ) -> None:
        self.config, self.tables, self.repository = config, tables, repository
        self.sources = Sources(repository.cache)
        self.precisions = {table.name: precision_of(table, precision) for table in tables}
        self.trees: dict[str, Tree] = {}
        self.ref = self.target = ""
        self.thorough = False  # also look for Dockerfiles that nobody owns: reads every folder of the target

    def prepare(self) -> None:
        """Find the target and what every service is made of there."""
        self.ref, self.target = self.repository.target(self.config.project.target)
        self._look_at_target()

    def aimed_as(self, other: Detection) -> Detection:
        """The same target as another look, whatever branches this repository has."""
        self.ref, self.target = other.ref, other.target
        self._look_at_target()
        return self

    def _look_at_target(self) -> None:
        """Only to be early: what cannot be read now is missed, and said, when a service is judged by it."""
        self.trees = self.repository.trees([self.target])
        if self.target in self.trees:
            self.sources.foresee((table, self.trees[self.target]) for table in self.tables)
        for table in self.tables:
            with suppress(KeyError):
                self.sources.made_of(table, self.trees[self.target], self.precisions[table.name])

    def report(self, fleet: Fleet, history: History, now: datetime) -> DriftReport:
        """Judge every declared service against the fleet. Raises RepositoryError without the target's content."""
        if self.target not in self.trees:
            raise RepositoryError(f"The content of the target {self.ref} is not in this clone.", hint=FETCH)
        declared = declared_in(self.config, self.tables, fleet, self.repository, history)
        commits = {known.provenance.commit for entry in declared for known in entry.shares}
        self.trees |= self.repository.trees(commit for commit in commits if commit and commit not in self.trees)
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

    def _questions(self, declared: Sequence[Declared]) -> dict[tuple[str, str], Question]:
        """Per (service, deployed commit): several regions and revisions often ask the same."""
        questions: dict[tuple[str, str], Question] = {}
        self.sources.foresee(
            (entry.table, self.trees[known.provenance.commit])
            for entry in declared
            for known in entry.shares
            if known.provenance.commit in self.trees
        )
        for entry in declared:
            for known in entry.shares:
                commit = known.provenance.commit
                if commit and commit in self.trees and (entry.table.name, commit) not in questions:
                    with suppress(KeyError):  # a Dockerfile or a link that is not in this clone: no question, no answer
                        questions[entry.table.name, commit] = self._question(entry.table, commit)
        return questions

    def _question(self, table: ServiceTable, commit: str) -> Question:
        precision = self.precisions[table.name]
        before = self.sources.made_like(table, self.trees[commit], precision, self.trees[self.target])
        after = self.sources.made_of(table, self.trees[self.target], precision)
        return Question(Pair(commit, self.target, *_both_sides(before, after)), (before, after))

    def _answered(self, questions: Mapping[tuple[str, str], Question]) -> dict[tuple[str, str], Difference]:
        pairs = [question.pair for question in questions.values()]
        comparisons = compare(self.repository, self.trees, pairs) if pairs else []
        asked = {
            key: (question.pair, comparison, question.made[0].build_inputs | question.made[1].build_inputs)
            for (key, question), comparison in zip(questions.items(), comparisons, strict=True)
            if comparison is not None
        }
        return dict(zip(asked, differences_of(self.repository, list(asked.values())), strict=True))

    def _observed(self, entry: Declared, differences: Mapping[tuple[str, str], Difference]) -> Observation:
        return Observation(
            place=entry.place,
            kind=entry.table.kind,
            serving=entry.serving.state,
            precision=self.precisions[entry.table.name],
            shares=tuple(self._share(entry, known, differences) for known in entry.shares),
            doubt=entry.blocked or "; ".join(entry.serving.problems),
            hint=entry.hint,
            serving_note=entry.serving.reason,
        )

    def _share(self, entry: Declared, known: Known, differences: Mapping[tuple[str, str], Difference]) -> ServingShare:
        commit = known.provenance.commit
        difference = differences.get((entry.table.name, commit)) if commit else None
        doubt, hint = known.provenance.reason, known.provenance.hint
        if commit and difference is None:
            doubt, hint = f"{commit[:8]}: {NOT_HERE}", FETCH
        return ServingShare(known.row, known.provenance.conflicts, difference, doubt, hint)


def _both_sides(before: Made, after: Made) -> tuple[Selection, Selection]:
    """A side whose Dockerfile or paths do not exist yet, or no more, is read with the other side's eyes."""
    if not before.exists:
        return after.selection, after.selection
    if not after.exists:
        return before.selection, before.selection
    return before.selection, after.selection
