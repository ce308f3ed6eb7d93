"""The main job, from what runs and what git holds to one judged report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from deploytool.adapters.git import Repository
from deploytool.config import Config, ServiceTable
from deploytool.detect.compare import compare
<<<<<<< HEAD
from deploytool.detect.coverage import FETCH, NOT_HERE, coverage_of, unowned_in
=======
from deploytool.detect.coverage import FETCH, NOT_HERE, coverage_of, ignored_but_imported, unfollowed, unowned_in
>>>>>>> clones
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
<<<<<<< HEAD
=======
        self.sources = Sources(repository.cache)
        self.impacts = Impacts(repository)
        self.precisions = {table.name: precision_of(table, precision) for table in tables}
        self.proven: dict[str, Precision] = {}  # where it came out coarser than was asked for
        self.doubts: dict[str, tuple[Doubt, ...]] = {}
        self.remarks_of: dict[str, Remark] = {}
        self.unfollowed: dict[str, Remark] = {}  # where content that is not here would have told what is imported
        self.declared: Sequence[Declared] = ()  # once the report was asked for
>>>>>>> clones
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
        self.ref, self.target = other.ref, other.target
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
<<<<<<< HEAD
                *self.grounds.remarks.values(),
=======
                *self.remarks_of.values(),
                *self.unfollowed.values(),
>>>>>>> clones
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
<<<<<<< HEAD
            if (commit := known.provenance.commit) and commit in self.trees
        ]
        self.grounds.foresee((table, key.commit) for table, key in keys)
        questions: dict[Key, Question] = {}
        for table, key in keys:
            if key not in questions:
                with suppress(KeyError):  # a Dockerfile or a link that is not in this clone: no question, no answer
                    questions[key] = self.grounds.question(table, key)
        return questions

    def _answered(self, questions: Mapping[Key, Question]) -> dict[Key, Difference]:
=======
            if known.provenance.commit in self.trees
        )
        for entry in declared:
            for known in entry.shares:
                commit = known.provenance.commit
                if commit and commit in self.trees and (entry.table.name, commit) not in questions:
                    try:
                        questions[entry.table.name, commit] = self._question(entry.table, commit)
                    except KeyError:  # a Dockerfile or a link that is not in this clone: no question, no answer
                        if self.precisions[entry.table.name] is Precision.IMPORT:
                            self.proven[entry.table.name] = Precision.IMAGE
        return questions

    def _question(self, table: ServiceTable, commit: str) -> Question:
        precision = self.precisions[table.name]
        before = self.sources.made_like(table, self.trees[commit], precision, self.trees[self.target])
        after = self.sources.made_of(table, self.trees[self.target], precision)
        before, after = (before if before.exists else after), (after if after.exists else before)
        question = Question(Pair(commit, self.target, before.selection, after.selection), (before, after))
        hidden = self._hidden(table, question) if table.ignore and precision is Precision.IMPORT else frozenset()
        return question.with_files(hidden) if hidden else question

    def _hidden(self, table: ServiceTable, question: Question) -> frozenset[str]:
        """What `ignore` leaves out and the program imports all the same, on either side."""
        found: set[str] = set()
        for seen in self._seen(question):
            impact = self.impact_of(table, seen)
            found.update(path for path in (impact.by if impact else ()) if not seen.made.selection.takes(path))
        if found:
            self.remarks_of[table.name] = ignored_but_imported(table, found)
        return frozenset(found)

    def _seen(self, question: Question) -> tuple[Seen, Seen]:
        return (
            Seen(self.trees[question.pair.deployed], question.made[0]),
            Seen(self.trees[question.pair.target], question.made[1]),
        )

    def _answered(self, questions: Mapping[tuple[str, str], Question]) -> dict[tuple[str, str], Difference]:
>>>>>>> clones
        pairs = [question.pair for question in questions.values()]
        comparisons = compare(self.repository, self.trees, pairs) if pairs else []
        asked = {
            key: (question.pair, comparison, self.grounds.judge(question, bool(comparison.files)))
            for (key, question), comparison in zip(questions.items(), comparisons, strict=True)
            if comparison is not None
        }
        return dict(zip(asked, differences_of(self.repository, list(asked.values())), strict=True))

<<<<<<< HEAD
    def _observed(self, entry: Declared, differences: Mapping[Key, Difference]) -> Observation:
=======
    def _judge(self, service: str, question: Question, differs: bool) -> Judge:
        """Imports are followed only where there is a difference to judge."""
        before, after = self._seen(question)
        impacts: tuple[Impact | None, Impact | None] = (None, None)
        if differs and self.precisions[service] is Precision.IMPORT:
            table = self.config.services[service]
            old = self.impact_of(table, before)
            impacts = (old, self.impact_of(table, after, near=before))
            self._prove(service, impacts)
        sides = tuple(
            Side(seen.made.build_inputs, impact) for seen, impact in zip((before, after), impacts, strict=True)
        )
        imported = partial(self.impacts.imported, self.config.services[service], after)
        return Judge((before.tree, after.tree), (sides[0], sides[1]), self.impacts.contents, imported)

    def impact_of(self, table: ServiceTable, seen: Seen, near: Seen | None = None) -> Impact | None:
        """None without an image, and when content is missing: then a remark says so."""
        impact = self.impacts.of(table, seen, near)
        if impact is None and seen.made.image is not None:
            self.miss(table, seen)
            self.proven[table.name] = Precision.IMAGE
        return impact

    def miss(self, table: ServiceTable, seen: Seen) -> None:
        """Say that content which would tell what is imported is not here; once per service."""
        if table.name not in self.unfollowed:
            unread: list[str] = []
            with suppress(KeyError):  # a folder may be missing as well
                unread = self.impacts.unread(seen)
            self.unfollowed[table.name] = unfollowed(table.name, unread)

    def _prove(self, service: str, impacts: Iterable[Impact | None]) -> None:
        """One side whose imports could not be followed makes the whole answer as coarse as the image."""
        for impact in impacts:
            if impact is None or not impact.proven:
                self.proven[service] = Precision.IMAGE
            if impact is not None and not impact.proven:
                self.doubts[service] = tuple(dict.fromkeys((*self.doubts.get(service, ()), *impact.doubts)))

    def _observed(self, entry: Declared, differences: Mapping[tuple[str, str], Difference]) -> Observation:
>>>>>>> clones
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
