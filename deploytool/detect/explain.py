"""From ids to what a report says: files with their relevance, commits with author, date and subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from deploytool.adapters.git import Commit, Repository
from deploytool.detect.judge import Judge
from deploytool.domain.comparison import Comparison, Pair
from deploytool.domain.drift import Difference
from deploytool.domain.relevance import worst_relevance
from deploytool.domain.report import CodeState, CommitNote, FileChange, Relevance

LOST_HISTORY = "history is not complete here, so the commits cannot be told"


def differences_of(
    repository: Repository,
    asked: Sequence[tuple[Pair, Comparison, Judge]],
) -> list[Difference]:
    """One difference per (pair, comparison, judge of its files); the commits of all are read in one wave."""
    rewritten = [_rewriting(repository, pair, comparison) for pair, comparison, _ in asked]
    shas = [sha for _, comparison, _ in asked for sha in (*(comparison.behind or ()), *(comparison.ahead or ()))]
    known = repository.commits([*shas, *(sha for merges in rewritten for sha in merges)])
    return [
        _difference(comparison, judge, merges, known)
        for (_, comparison, judge), merges in zip(asked, rewritten, strict=True)
    ]


def _rewriting(repository: Repository, pair: Pair, comparison: Comparison) -> dict[str, tuple[str, ...]]:
    """Merges that brought what no commit shows; one git process, and only for a service that needs it."""
    if not comparison.unexplained or comparison.code is not CodeState.BEHIND:
        return {}
    return repository.restorers(pair.deployed, pair.target, comparison.unexplained)


def _difference(
    comparison: Comparison,
    judge: Judge,
    merges: Mapping[str, tuple[str, ...]],
    known: Mapping[str, Commit],
) -> Difference:
    files = tuple(judge.change(path) for path in comparison.files)
    behind = _notes(comparison.behind or (), comparison, judge, known, undeployed=True)
    ahead = _notes(comparison.ahead or (), comparison, judge, known, undeployed=False)
    restoring = [_note(known[sha], paths, set(paths), judge) for sha, paths in merges.items() if sha in known]
    waiting = [note for note in (*behind, *restoring) if note.relevance.reaches]
    explained = {path for paths in merges.values() for path in paths}
    return Difference(
        code=comparison.code,
        files=files,
        behind=None if comparison.behind is None else len(comparison.behind),
        ahead=None if comparison.ahead is None else len(comparison.ahead),
        at_least=comparison.at_least,
        commits=(*restoring, *behind, *ahead),
        stale_since=min((note.committed_at for note in waiting), default=None),
        unexplained=tuple(path for path in comparison.unexplained if path not in explained),
        note=LOST_HISTORY if comparison.behind is None else "",
    )


def _notes(
    shas: Iterable[str],
    comparison: Comparison,
    judge: Judge,
    known: Mapping[str, Commit],
    *,
    undeployed: bool,
) -> list[CommitNote]:
    differing = set(comparison.files)
    return [
        _note(known[sha], comparison.touched[sha], differing, judge, undeployed=undeployed)
        for sha in shas
        if sha in known
    ]


def _note(
    commit: Commit, paths: Iterable[str], differing: set[str], judge: Judge, *, undeployed: bool = True
) -> CommitNote:
    """A file that in the end is as it was has no effect, whichever commits went back and forth."""
    files = tuple(judge.change(path) if path in differing else FileChange(path, Relevance.NO_OP) for path in paths)
    return CommitNote(
        commit.sha, commit.author, commit.committed_at, commit.subject, worst_relevance(files), files, undeployed
    )
