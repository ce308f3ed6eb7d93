"""The questions of `explain`: one path, or one commit, of one service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

from deploytool.adapters.git import Commit
from deploytool.config import ServiceTable
from deploytool.detect.drift import Detection
from deploytool.detect.grounds import Key
from deploytool.detect.making import Making, files_of
from deploytool.detect.sources import Seen
from deploytool.detect.where import answers_of, asked
from deploytool.domain.ignorefile import rules_of
from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.imports.reach.namespace import TooManyNames
from deploytool.domain.imports.reach.reachable import importers_of
from deploytool.domain.imports.study import Study, name_of
from deploytool.domain.proof import CommitProof, Importer, PathProof
from deploytool.domain.relevance import worst_relevance
from deploytool.domain.report import CommitNote, Contains, FileChange, Relevance
from deploytool.domain.tree import FOLDER, Tree
from deploytool.errors import RepositoryError, UsageError

INIT = "__init__.py"  # every package has one: a name that says nothing


class Asking:
    """Answers by what the service is made of at the target, and at every commit that serves."""

    def __init__(self, detection: Detection, making: Making) -> None:
        self.detection, self.making = detection, making
        self.repository = detection.repository
        self._known: list[Making] | None = None

    def path_named(self, question: str) -> str | None:
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

    def _spellings(self, question: str) -> Iterator[str]:
        """From the repository's root, or, inside its work tree, from where the person stands."""
        top = self.repository.facts.top
        yield cleaned("/" + question)[1:]
        with suppress(ValueError, OSError):
            here = Path(question).absolute()
            yield here.parent.resolve().joinpath(here.name).relative_to(top.resolve()).as_posix()

    def path(self, path: str) -> PathProof:
        change, importers = self._meaning(path), self._importers(path)
        made, study = self.making, self.making.study
        tree = made.seen.tree
        entry = tree.entry(path)
        below = f"{path}/" if path else ""
        folder = entry is not None and entry.mode == FOLDER
        return PathProof(
            path=path,
            service=made.table.name,
            change=change,
            places=places_of(study, path) if study else (),
            importers=importers or (),
            looked=importers is not None,
            twin=_twin(made, path) if not change.relevance.reaches and not folder else None,
            changed=self._changed(path, change),
            served=self._served(path, tree),
            files=tuple(file for file in files_of(made) if file.path.startswith(below)) if folder else (),
        )

    def _meaning(self, path: str) -> FileChange:
        """What a change of it means now, at the target; of a file that is only in what serves, there."""
        for one in self._sides():
            found = one.side.change_of(path)
            if found is not None and one.seen.tree.entry(path) is not None:
                return found
        return FileChange(path, left_out(self.making.table, self.making.seen, path))

    def _sides(self) -> list[Making]:
        """The service at the target, then at each commit that serves, without a study: the proof is of the target."""
        if self._known is None:
            self._known = [self.making, *self._serving()]
        return self._known

    def _serving(self) -> Iterator[Making]:
        grounds, made = self.detection.grounds, self.making
        for entry in self.detection.declared:
            for known in entry.shares:
                with suppress(KeyError):  # not here, or not known
                    key = Key(made.table.name, known.provenance.commit or "", known.overrides)
                    seen = grounds.seen(made.table, key)
                    yield Making(made.table, seen, grounds.side(made.table, seen, near=made.seen))

    def _importers(self, path: str) -> tuple[Importer, ...] | None:
        """Who asks for it in the image, what is reachable first; None when that cannot be told."""
        study, impact = self.making.study, self.making.side.impact
        if study is None or impact is None:
            return None
        found: dict[str, Importer] = {}
        try:
            for place in places_of(study, path):
                for by, line in importers_of(
                    study.program, study.layout, self.detection.grounds.impacts.studies.facts, place
                ):
                    name = name_of(by, study.layout)
                    found.setdefault(name, Importer(name, line, name in impact.by))
        except KeyError:
            self.detection.grounds.miss(self.making.table, self.making.seen)
            return None
        except TooManyNames:
            return None
        return tuple(sorted(found.values(), key=lambda one: (not one.reachable, one.path)))

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

    def commit(self, question: str) -> CommitProof:
        kind, commits = asked(self.repository, self.detection.target, question)
        if kind != "commit":
            raise UsageError(
                f"{question!r} is neither a path at the target or in what serves, nor a commit.",
                hint="This clone does not have everything: add --fetch."
                if self.repository.facts.shallow or self.repository.facts.partial
                else "Give a path from the repository's root, or a commit. Words of a message: deploytool where TEXT",
            )
        (sha,) = commits
        (answer,) = answers_of(self.repository, self.detection.declared, commits)
        paths = self.repository.touched([sha]).get(sha, ())
        note = _note(self.repository.commits([sha])[sha], tuple(self._effect(path) for path in paths))
        return CommitProof(note, self.making.table.name, _all({row.contains for row in answer.rows}))

    def _effect(self, path: str) -> FileChange:
        found = [change for one in self._sides() if (change := one.side.change_of(path)) and _holds(one, path)]
        if not found:
            return FileChange(path, left_out(self.making.table, self.making.seen, path))
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


def _holds(made: Making, path: str) -> bool:
    return made.side.impact is not None or made.seen.made.selection.takes(path)


def _twin(made: Making, path: str) -> FileChange | None:
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
