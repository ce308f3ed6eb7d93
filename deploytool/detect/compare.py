"""All services against the target in one pass: contents by tree ids, history by one walk, paths by one diff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from deploytool.adapters.git import Repository
from deploytool.adapters.git.process import GitFailed
from deploytool.domain.comparison import Comparison, Owners, Pair, Ranges, bits_of, code_state_of
from deploytool.domain.difference import changed_paths
from deploytool.domain.edges import cut_off
from deploytool.domain.graph import Reach
from deploytool.domain.tree import Tree
from deploytool.errors import RepositoryError

TAIL = 20_000  # commits to examine beyond which only the service's own paths are asked for


def differing_files(trees: Mapping[str, Tree], pair: Pair) -> tuple[str, ...]:
    """The service's files that are not the same on both sides, sorted. Raises KeyError for a missing tree."""
    if pair.deployed == pair.target and pair.before == pair.after:
        return ()
    return tuple(sorted(changed_paths(trees[pair.deployed], pair.before, trees[pair.target], pair.after)))


def compare(repository: Repository, trees: Mapping[str, Tree], pairs: Sequence[Pair]) -> list[Comparison | None]:
    """One comparison per pair, in order; None where git lacks content that would tell.

    `trees` holds the tree of every commit that the pairs name.

    The walk over history runs beside the comparison of trees. When history cannot be read, the contents still
    decide: then the counts are None and differing code is `unknown` instead of behind or ahead.
    """
    tips = list(dict.fromkeys(commit for pair in pairs for commit in (pair.target, pair.deployed)))
    if all(pair.deployed == pair.target for pair in pairs):
        return [
            None if found is None else Comparison(code_state_of(pair, found, None), found, (), ())
            for pair, found in ((pair, _files_or_none(trees, pair)) for pair in pairs)
        ]
    with ThreadPoolExecutor(1) as beside:
        walking = beside.submit(repository.reach, tips)
        files = [_files_or_none(trees, pair) for pair in pairs]
        try:
            reach: Reach | None = walking.result()
        except RepositoryError:  # a hole in history: contents were read, so only the explanation is lost
            reach = None
    told = {index: found for index, found in enumerate(files) if found is not None}
    asked = [pairs[index] for index in told]
    answers = _told(repository, reach, asked, [*told.values()])
    return [dict(zip(told, answers, strict=True)).get(index) for index in range(len(pairs))]


def _files_or_none(trees: Mapping[str, Tree], pair: Pair) -> tuple[str, ...] | None:
    try:
        return differing_files(trees, pair)
    except KeyError:  # a tree that a partial clone left out; the other pairs are judged all the same
        return None


def _told(
    repository: Repository, reach: Reach | None, pairs: Sequence[Pair], files: Sequence[tuple[str, ...]]
) -> list[Comparison]:
    """Explained by history as far as history can be read."""
    if reach is None:
        return [Comparison(code_state_of(pair, found, None), found) for pair, found in zip(pairs, files, strict=True)]
    try:
        return _explained(repository, reach, pairs, files)
    except GitFailed:  # trees of commits in between are not here: who reaches whom is known, who touched what is not
        cut = cut_off(repository.boundary, reach, pairs)
        return [
            Comparison(code_state_of(pair, found, None if cut >> index & 1 else reach), found)
            for index, (pair, found) in enumerate(zip(pairs, files, strict=True))
        ]


def _explained(
    repository: Repository, reach: Reach, pairs: Sequence[Pair], files: Sequence[tuple[str, ...]]
) -> list[Comparison]:
    ranges = Ranges(reach, pairs)
    cut = cut_off(repository.boundary, reach, pairs)
    wanted = [commit for commit in reach.order if any(ranges.of(commit))]
    touched = repository.touched(wanted, _pathspec(pairs) if len(wanted) > TAIL else ())
    behind: list[list[str]] = [[] for _ in pairs]
    ahead: list[list[str]] = [[] for _ in pairs]
    mine: list[dict[str, list[str]]] = [{} for _ in pairs]
    owners = Owners(pairs)
    for commit in wanted:
        lacking, alone = ranges.of(commit)
        concerned = lacking | alone
        for path in touched.get(commit, ()):  # none for a commit at the edge of a shallow clone
            for index in bits_of(owners.of(path) & concerned):
                mine[index].setdefault(commit, []).append(path)
        for index in bits_of(concerned):
            if commit in mine[index]:
                (behind if lacking >> index & 1 else ahead)[index].append(commit)
    return [
        _comparison(pair, reach, found, None if cut >> index & 1 else (behind[index], ahead[index]), mine[index])
        for index, (pair, found) in enumerate(zip(pairs, files, strict=True))
    ]


def _comparison(
    pair: Pair,
    reach: Reach,
    files: tuple[str, ...],
    counted: tuple[list[str], list[str]] | None,
    mine: Mapping[str, Sequence[str]],
) -> Comparison:
    if counted is None:
        return Comparison(code_state_of(pair, files, None), files)
    explained = {path for paths in mine.values() for path in paths}
    return Comparison(
        code_state_of(pair, files, reach),
        files,
        behind=tuple(counted[0]),
        ahead=tuple(counted[1]),
        touched={commit: tuple(paths) for commit, paths in mine.items()},
        unexplained=tuple(path for path in files if path not in explained),
    )


def _pathspec(pairs: Iterable[Pair]) -> tuple[str, ...]:
    paths = frozenset().union(*(s.roots | s.inputs for pair in pairs for s in (pair.before, pair.after)))
    return () if "" in paths else tuple(sorted(paths))
