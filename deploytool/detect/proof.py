"""`explain`: the proof for one service, and on request for one path or one commit of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from pathlib import Path

from deploytool.adapters.git import Commit
from deploytool.config import ServiceTable
from deploytool.detect.drift import Detection
from deploytool.detect.impact import Seen
from deploytool.detect.serving import History
from deploytool.detect.where import answers_of, asked
from deploytool.domain.difference import files_taken
from deploytool.domain.ignorefile import rules_of
from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.impact import Side
from deploytool.domain.imports.study import Study, name_of
from deploytool.domain.model import Fleet
from deploytool.domain.proof import CommitProof, PathProof, ProofReport, ServiceProof
from deploytool.domain.relevance import worst_relevance
from deploytool.domain.report import (
    CommitNote,
    Contains,
    FileChange,
    Precision,
    Relevance,
    ServiceDrift,
)
from deploytool.domain.tree import FOLDER, Tree
from deploytool.errors import RepositoryError, UsageError

INIT = "__init__.py"  # every package has one: a name that says nothing


@dataclass(frozen=True, slots=True)
class Made:
    """What a service is made of at the target, read to the end; `study` is None where there is no image to read."""

    table: ServiceTable
    seen: Seen
    side: Side
    study: Study | None


class Proving:
    """Puts together what `explain` says; the detection is asked first, and all else rests on what it has read."""

    def __init__(self, detection: Detection) -> None:
        self.detection = detection
        self.repository = detection.repository
        detection.scoped = True

    def report(self, fleet: Fleet, history: History, now: datetime, question: str | None) -> ProofReport:
        """The proof of the one service that the detection looks at. Raises UsageError for an unknown question."""
        found = self.detection.report(fleet, history, now)
        (table,) = self.detection.tables
        made = self._made(table)
        services = tuple(self._service(made, service) for service in found.services)
        path = commit = None
        if question is not None:
            tree_path = self._path_of(question)
            if tree_path is not None:
                path = self._path(made, tree_path)
            else:
                commit = self._commit(made, question)
        return ProofReport(
            generated_at=found.generated_at,
            target_ref=found.target_ref,
            target_commit=found.target_commit,
            services=services,
            question=question or "",
            path=path,
            commit=commit,
            errors=found.errors,
            remarks=found.remarks,
        )

    def _made(self, table: ServiceTable) -> Made:
        detection = self.detection
        tree = detection.trees[detection.target]
        precision = detection.precisions[table.name]
        seen = Seen(tree, detection.sources.made_of(table, tree, precision))
        impact = detection.impacts.of(table, seen) if precision is Precision.IMPORT else None
        study = None
        if seen.made.image is not None:
            with suppress(KeyError):  # not in this clone; the report says so where a verdict depends on it
                study = detection.impacts.study(table, seen)
        return Made(table, seen, Side(seen.made.build_inputs, impact), study)

    def _service(self, made: Made, drift: ServiceDrift) -> ServiceProof:
        study = made.study
        return ServiceProof(
            drift=drift,
            command=study.program.said if study else "",
            starts=_starts(study) if study else (),
            files=tuple(self._files(made)),
            third_party=(),
            missing_modules=(),
            doubts=study.doubts if study else made.seen.made.doubts,
            outside=tuple(one.source for one in made.seen.made.image.outside) if made.seen.made.image else (),
        )

    def _files(self, made: Made) -> Iterable[FileChange]:
        """Everything the service is made of, each with what a change of it would mean."""
        paths = {path for path, _ in files_taken(made.seen.tree, made.seen.made.selection)}
        for path in sorted(paths | (made.side.impact.by.keys() if made.side.impact else frozenset())):
            change = made.side.change_of(path)
            if change is not None:
                yield change

    # ---- one path

    def _path_of(self, question: str) -> str | None:
        """The question as a repository path; None when neither the target nor what serves has it."""
        trees = self._trees()
        for path in self._spellings(question):
            with suppress(KeyError):
                if any(tree.entry(path) is not None for tree in trees):
                    return path
        return None

    def _trees(self) -> list[Tree]:
        """Of the target, and of every commit that serves."""
        detection = self.detection
        commits = [known.provenance.commit for entry in detection.declared for known in entry.shares]
        names = [detection.target, *(commit for commit in commits if commit)]
        return [detection.trees[name] for name in dict.fromkeys(names) if name in detection.trees]

    def _spellings(self, question: str) -> Iterable[str]:
        """From the repository's root, or, inside its work tree, from where the person stands."""
        top = self.repository.facts.top
        yield cleaned("/" + question)[1:]
        with suppress(ValueError, OSError):
            here = Path(question).absolute()
            yield here.parent.resolve().joinpath(here.name).relative_to(top.resolve()).as_posix()

    def _path(self, made: Made, path: str) -> PathProof:
        change = self._meaning(made, path)
        tree = made.seen.tree
        study = made.study
        entry = tree.entry(path)
        below = f"{path}/" if path else ""
        folder = entry is not None and entry.mode == FOLDER
        return PathProof(
            path=path,
            service=made.table.name,
            change=change,
            places=places_of(study, path) if study else (),
            importers=(),
            twin=_twin(made, path) if not change.relevance.reaches and not folder else None,
            changed=self._changed(path, change),
            served=self._served(path, tree),
            files=tuple(file for file in self._files(made) if file.path.startswith(below)) if folder else (),
        )

    def _meaning(self, made: Made, path: str) -> FileChange:
        """What a change of it means now, at the target; of a file that is only in what serves, there."""
        sides = [made, *self._serving(made)]
        for one in sides:
            found = one.side.change_of(path)
            if found is not None and one.seen.tree.entry(path) is not None:
                return found
        return FileChange(path, left_out(made.table, made.seen, path))

    def _serving(self, made: Made) -> Iterable[Made]:
        """The same service at each commit that serves; no study, for the proof is about the target."""
        detection = self.detection
        for tree in self._trees()[1:]:
            with suppress(KeyError):
                precision = detection.precisions[made.table.name]
                seen = Seen(tree, detection.sources.made_of(made.table, tree, precision))
                impact = detection.impacts.of(made.table, seen, near=made.seen) if made.side.impact else None
                yield Made(made.table, seen, Side(seen.made.build_inputs, impact), None)

    def _changed(self, path: str, change: FileChange) -> CommitNote | None:
        with suppress(RepositoryError):  # beyond the edge of a shallow clone
            sha = self.repository.last_change(self.detection.target, path)
            commit = self.repository.commits([sha]).get(sha) if sha else None
            return None if commit is None else _note(commit, (change,))
        return None

    def _served(self, path: str, tree: Tree) -> Contains:
        """Is what lies there the same in everything that serves?"""
        detection = self.detection
        answers = set()
        for entry in detection.declared:
            answers |= {Contains.UNKNOWN} if entry.blocked else set()
            for known in entry.shares:
                there = detection.trees.get(known.provenance.commit or "")
                if there is None:
                    answers.add(Contains.UNKNOWN)
                else:
                    answers.add(Contains.YES if there.entry(path) == tree.entry(path) else Contains.NO)
        return _all(answers)

    # ---- one commit

    def _commit(self, made: Made, question: str) -> CommitProof:
        kind, commits = asked(self.repository, self.detection.target, question)
        if kind != "commit":
            raise UsageError(
                f"{question!r} is neither a path at the target or in what serves, nor a commit.",
                hint="Give a path from the repository's root, or a commit. Words of a message: deploytool where TEXT",
            )
        (sha,) = commits
        (answer,) = answers_of(self.repository, self.detection.declared, commits)
        paths = self.repository.touched([sha]).get(sha, ())
        serving = list(self._serving(made))
        note = _note(self.repository.commits([sha])[sha], tuple(self._effect(made, serving, path) for path in paths))
        return CommitProof(note, made.table.name, _all({row.contains for row in answer.rows}))

    def _effect(self, made: Made, serving: Sequence[Made], path: str) -> FileChange:
        sides = [made, *serving]
        found = [change for one in sides if (change := one.side.change_of(path)) and _holds(one, path)]
        if not found:
            return FileChange(path, left_out(made.table, made.seen, path))
        order = list(Relevance)
        return max(found, key=lambda change: order.index(change.relevance))


def left_out(table: ServiceTable, seen: Seen, path: str) -> Relevance:
    """Why a path is no part of the service."""
    image = seen.made.image
    if table.ignore and rules_of(table.ignore).ignores(path):
        return Relevance.IGNORED
    if image is None:
        return Relevance.OUTSIDE
    if image.context and not path.startswith(f"{image.context}/"):
        return Relevance.OUTSIDE
    return Relevance.IGNORED if image.ignore.ignores(path) else Relevance.NOT_IN_IMAGE


def places_of(study: Study, path: str) -> tuple[str, ...]:
    """Where a repository file lies in the image."""
    return tuple(sorted(place for place, placed in study.layout.files.items() if placed.path == path))


def _holds(made: Made, path: str) -> bool:
    return made.side.impact is not None or made.seen.made.selection.takes(path)


def _starts(study: Study) -> tuple[str, ...]:
    """Where the program begins, by repository path."""
    found = [place for place, reached in study.closure.reached.items() if reached.by is None]
    return tuple(dict.fromkeys(name_of(place, study.layout) for place in found))


def _twin(made: Made, path: str) -> FileChange | None:
    """The nearest file of the same name that the program does import."""
    impact = made.side.impact
    if impact is None:
        return None
    folder, _, name = path.rpartition("/")
    alike = [other for other in impact.by if other != path and other.rpartition("/")[2] == name and name != INIT]
    nearest = max(alike, key=lambda other: (_shared(folder, other), -other.count("/"), other), default=None)
    return None if nearest is None else made.side.change_of(nearest)


def _shared(folder: str, other: str) -> int:
    """How many folders both paths begin with."""
    pairs = zip(folder.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _all(answers: set[Contains]) -> Contains:
    """What is true of all; nothing at all is not served."""
    for worst in (Contains.UNKNOWN, Contains.NO, Contains.EQUIVALENT, Contains.YES):
        if worst in answers:
            return worst
    return Contains.NO


def _note(commit: Commit, files: tuple[FileChange, ...]) -> CommitNote:
    return CommitNote(commit.sha, commit.author, commit.committed_at, commit.subject, worst_relevance(files), files)
