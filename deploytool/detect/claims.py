"""Claims of a page, answered by the content: which commits speak of it, who has them, who loads what they wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from deploytool.adapters.git import Commit
from deploytool.config import ServiceTable
from deploytool.detect.coverage import NOT_HERE
from deploytool.detect.drift import Detection
from deploytool.detect.grounds import Key
from deploytool.detect.serving import Declared, overrides_of
from deploytool.detect.where import LONGEST, answers_of, asked
from deploytool.domain.claim import Claimed, Evidence, judged
from deploytool.domain.handwritten import WrittenClaim
from deploytool.domain.impact import Side
from deploytool.domain.report import Contains, Relevance, WhereRow
from deploytool.domain.spoken_time import Truth
from deploytool.domain.tree import FOLDER, LINK, SUBMODULE
from deploytool.errors import CouldNotLook, RepositoryError, UsageError

MOST_SAYING = 400  # commits whose message has the letters; "lock" is also in "block"
MOST_COMMITS = 20  # of them, the newest that have the words
MOST_FILES = 500  # of one commit


class Spoken(NamedTuple):
    """One commit that a claim means; `words` are those that its files must have got, () for all of its files."""

    commit: Commit
    paths: tuple[str, ...]
    words: tuple[str, ...] = ()


class Claims:
    """Answers after the detection has made its report."""

    def __init__(self, detection: Detection) -> None:
        self.detection, self.repository = detection, detection.repository
        self._meant: dict[str, tuple[str, list[Spoken]]] = {}

    def answers(self, claim: WrittenClaim) -> Iterator[Claimed]:
        """One for each service and region that is claimed to have it."""
        for name in claim.services:
            entries = [one for one in self.detection.declared if one.table.name == name.lower()]
            if not entries:
                yield Claimed(claim.said, name, "", Truth.UNKNOWN, "not a service of services.toml", line=claim.line)
            for entry in entries:
                yield self._answer(claim, entry)

    def _answer(self, claim: WrittenClaim, entry: Declared) -> Claimed:
        hint = ""
        try:
            kind, spoken = self._meaning(claim.said)
            evidence = self._evidence(entry, spoken)
            truth, reason = judged(evidence, kind)
            if evidence and truth is not Truth.TRUE:
                hint = f"deploytool explain {entry.table.name} {evidence[0].sha[:8]}"
        except (UsageError, RepositoryError, CouldNotLook) as unread:
            kind, evidence, truth, reason, hint = "", (), Truth.UNKNOWN, unread.message.rstrip("."), unread.hint
        except KeyError:
            kind, evidence, truth, reason, hint = "", (), Truth.UNKNOWN, NOT_HERE, "git fetch --unshallow"
        name, region = entry.table.name, entry.place.region
        return Claimed(claim.said, name, region, truth, reason, evidence, kind, claim.line, hint)

    def _meaning(self, said: str) -> tuple[str, list[Spoken]]:
        if said not in self._meant:
            self._meant[said] = self._looked_up(said)
        return self._meant[said]

    def _looked_up(self, said: str) -> tuple[str, list[Spoken]]:
        """As `where` understands it; words must begin in a message, so that "lock" is not found in "block"."""
        target = self.detection.target
        kind, shas = asked(self.repository, target, said)
        words: tuple[str, ...] = ()
        if kind == "text":
            words = tuple(re.findall(r"\w+", said.lower()))
            shas = self._saying(words) if words and len(said) <= LONGEST else ()
        commits = self.repository.commits(shas)
        touched = self.repository.touched(list(commits))
        paths = {sha: touched.get(sha, ())[:MOST_FILES] for sha in commits}
        if kind == "path":
            below = f"{said.strip('/')}/"
            paths = {sha: tuple(path for path in found if f"{path}/".startswith(below)) for sha, found in paths.items()}
        return kind, [Spoken(commit, paths[sha], words) for sha, commit in commits.items()]

    def _saying(self, words: Sequence[str]) -> tuple[str, ...]:
        """The newest commits whose message has every one of the words, each at the beginning of a word."""
        found = self.repository.saying(self.detection.target, max(words, key=len), MOST_SAYING)
        messages = self.repository.commits(found)
        fitting = [sha for sha in found if sha in messages and _all_begin(words, messages[sha].message.lower())]
        return tuple(fitting[:MOST_COMMITS])

    def _evidence(self, entry: Declared, spoken: Sequence[Spoken]) -> tuple[Evidence, ...]:
        """Of the commits that change a file of this service; what is not in what serves first, then the newest."""
        sides = self._sides(entry)
        concerned = {
            one.commit.sha: (one, files) for one in spoken if (files := self._files(one, [sides[0], sides[-1]]))
        }
        answers = answers_of(self.repository, [entry], list(concerned))
        found = [self._one(*concerned[answer.sha], row, sides) for answer in answers for row in answer.rows]
        found = [one for one in found if one.reaches or any(owns(entry.table, path) for path, _ in one.files)]
        order = (Contains.NO, Contains.UNKNOWN, Contains.EQUIVALENT, Contains.YES)
        return tuple(sorted(found, key=lambda one: (order.index(one.contains), not one.reaches)))

    def _one(self, spoken: Spoken, files: Sequence[str], row: WhereRow, sides: Sequence[Side]) -> Evidence:
        """A file counts as what it is in the program that has the commit: the one that serves, or the target's."""
        commit = spoken.commit
        served = row.contains in (Contains.YES, Contains.EQUIVALENT)
        ordered = sides if served else sides[::-1]
        words = [(path, _relevance(path, ordered)) for path in files]
        words.sort(key=lambda file: not file[1].reaches)
        return Evidence(commit.sha, commit.subject, commit.committed_at, row.contains, tuple(words), row.reason)

    def _sides(self, entry: Declared) -> list[Side]:
        """The service where most of its traffic goes, when that is known, and at the target. Raises KeyError."""
        grounds, table, overrides = self.detection.grounds, entry.table, overrides_of(entry)
        most = max(entry.shares, key=lambda known: known.share.percent, default=None)
        commits = [most.provenance.commit if most else None, self.detection.target]
        keys = [Key(table.name, commit, overrides) for commit in commits if commit]
        return [grounds.side(table, grounds.seen(table, key)) for key in keys]

    def _files(self, spoken: Spoken, sides: Sequence[Side]) -> list[str]:
        """Paths of the service that the commit changes, and into which it writes the words."""
        paths = [path for path in spoken.paths if any(side.change_of(path) is not None for side in sides)]
        return [path for path in paths if not spoken.words or self._writes(spoken, path)]

    def _writes(self, spoken: Spoken, path: str) -> bool:
        """Does the file have the words more often after the commit than before it?"""
        commit = spoken.commit
        before = self._text(commit.parents[0], path) if commit.parents else ""
        after = self._text(commit.sha, path)
        counts = [(_count(word, before), _count(word, after)) for word in spoken.words]
        return all(now for _, now in counts) and any(now > was for was, now in counts)

    def _text(self, commit: str, path: str) -> str:
        tree = self.repository.trees([commit])[commit]
        entry = tree.entry(path)
        if entry is None or entry.mode in (FOLDER, LINK, SUBMODULE):
            return ""
        return tree.objects.blob(entry.oid).decode("utf-8", "replace").lower()


def owns(table: ServiceTable, path: str) -> bool:
    """Is it the service's own file, by `paths` or by the folder of its Dockerfile? Without either, all of its image is.

    A change of somebody else's file that the image has and nothing loads says nothing about this service.
    """
    folder = table.dockerfile.rpartition("/")[0] if table.dockerfile else ""
    roots = [*table.paths, *([folder] if folder else [])]
    return not roots or any(f"{path}/".startswith(f"{root.rstrip('/')}/") or root in ("", ".") for root in roots)


def _relevance(path: str, sides: Sequence[Side]) -> Relevance:
    return next((change.relevance for side in sides if (change := side.change_of(path))), Relevance.NOT_IN_IMAGE)


def _all_begin(words: Sequence[str], text: str) -> bool:
    return all(_count(word, text) for word in words)


def _count(word: str, text: str) -> int:
    """How often the word begins in the text: not inside of another word, but behind an underscore."""
    return len(re.findall(rf"(?<![^\W_]){re.escape(word)}", text))
