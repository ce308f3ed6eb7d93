"""All services against the target in one pass: contents by tree ids, history by one walk, paths by one diff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from deploytool.adapters.git import Exploration, Repository
from deploytool.detect.beside import asked_beside
from deploytool.domain.comparison import Comparison, Owners, Pair, Ranges, bits_of, code_state_of
from deploytool.domain.difference import LeafMemo, changed_paths, surely_differs
from deploytool.domain.edges import cut_off
from deploytool.domain.graph import Reach
from deploytool.domain.tree import Tree
from deploytool.errors import RepositoryError


def differing_files(trees: Mapping[str, Tree], pair: Pair, memo: LeafMemo) -> tuple[str, ...]:
    """The service's files that are not the same on both sides, sorted. Raises KeyError for a missing tree."""
    if pair.deployed == pair.target and pair.before == pair.after:
        return ()
    return tuple(sorted(changed_paths(trees[pair.deployed], pair.before, trees[pair.target], pair.after, memo)))


def differs(trees: Mapping[str, Tree], pair: Pair) -> bool:
    """Is any file of the service not the same on both sides? Stops at the first one."""
    if pair.deployed == pair.target and pair.before == pair.after:
        return False
    sides = (trees[pair.deployed], pair.before, trees[pair.target], pair.after)
    return surely_differs(*sides) or next(changed_paths(*sides), None) is not None


def compare(repository: Repository, trees: Mapping[str, Tree], pairs: Sequence[Pair]) -> list[Comparison | None]:
    """One comparison per pair, in order; None where git lacks content that would tell.

    `trees` holds the tree of every commit that the pairs name.

    The walk over history runs beside the comparison of trees. When history cannot be read, the contents still
    decide: then the counts are None and differing code is `unknown` instead of behind or ahead.
    """
    memo: LeafMemo = {}
    tips = list(dict.fromkeys(commit for pair in pairs for commit in (pair.target, pair.deployed)))
    if all(pair.deployed == pair.target for pair in pairs):
        return [
            None if seen is None else Comparison(code_state_of(pair, seen, None), seen, (), ())
            for pair, seen in ((pair, _files_or_none(trees, pair, memo)) for pair in pairs)
        ]
    with asked_beside(partial(repository.explore, tips, _pathspec(repository, pairs))) as walked:
        files = [_files_or_none(trees, pair, memo) for pair in pairs]
        try:
            found: Exploration | None = walked()
        except RepositoryError:  # a hole in history: contents were read, so only the explanation is lost
            found = None
    seen_of = {index: seen for index, seen in enumerate(files) if seen is not None}
    answers = _explained(repository, found, [pairs[index] for index in seen_of], [*seen_of.values()])
    answered = dict(zip(seen_of, answers, strict=True))
    return [answered.get(index) for index in range(len(pairs))]


def _files_or_none(trees: Mapping[str, Tree], pair: Pair, memo: LeafMemo) -> tuple[str, ...] | None:
    try:
        return differing_files(trees, pair, memo)
    except KeyError:  # a tree that a partial clone left out; the other pairs are judged all the same
        return None


def _explained(
    repository: Repository, found: Exploration | None, pairs: Sequence[Pair], files: Sequence[tuple[str, ...]]
) -> list[Comparison]:
    """Explained by history as far as history can be read."""
    if found is None:
        return [_comparison(pair, None, None, seen) for pair, seen in zip(pairs, files, strict=True)]
    cut = cut_off(repository.boundary, found.reach, pairs)
    tallies = _tallied(found, pairs) if found.told else [None] * len(pairs)
    return [
        _comparison(pair, None, None, seen) if cut >> index & 1 else _comparison(pair, found.reach, tally, seen)
        for index, (pair, seen, tally) in enumerate(zip(pairs, files, tallies, strict=True))
    ]


def _tallied(found: Exploration, pairs: Sequence[Pair]) -> list[Tally]:
    """Give each commit's paths to the pairs that own them and whose range the commit is in."""
    ranges = Ranges(found.reach, pairs)
    tallies = [Tally() for _ in pairs]
    owners = Owners(pairs)
    masks, touched = found.reach.masks, found.touched
    for commit in found.reach.order:
        paths = touched.get(commit)
        if not paths:
            continue
        lacking, alone = ranges.of_mask(masks[commit])
        concerned = lacking | alone
        for path in paths:
            owned = owners.of(path) & concerned
            if owned:
                for index in bits_of(owned):
                    tallies[index].add(commit, path, behind=bool(lacking >> index & 1))
    for mask in {masks[commit] for commit in found.reach.order if commit not in touched}:
        lacking, alone = ranges.of_mask(mask)  # nobody's, for what all tips reach
        for index in bits_of(lacking | alone):
            tallies[index].at_least = True
    return tallies


@dataclass(slots=True)
class Tally:
    """The commits of one pair's range that touch the service, newest first."""

    behind: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    touched: dict[str, list[str]] = field(default_factory=dict)
    at_least: bool = False

    def add(self, commit: str, path: str, *, behind: bool) -> None:
        paths = self.touched.get(commit)
        if paths is None:
            paths = self.touched[commit] = []
            (self.behind if behind else self.ahead).append(commit)
        paths.append(path)


def _comparison(pair: Pair, reach: Reach | None, tally: Tally | None, files: tuple[str, ...]) -> Comparison:
    """Without a reach history cannot be trusted, without a tally it was not read."""
    code = code_state_of(pair, files, reach)
    if tally is None:
        return Comparison(code, files)
    explained = {path for paths in tally.touched.values() for path in paths}
    return Comparison(
        code,
        files,
        behind=tuple(tally.behind),
        ahead=tuple(tally.ahead),
        touched={commit: tuple(paths) for commit, paths in tally.touched.items()},
        at_least=tally.at_least,
        unexplained=() if tally.at_least else tuple(path for path in files if path not in explained),
    )


def _pathspec(repository: Repository, pairs: Iterable[Pair]) -> tuple[str, ...]:
    """Only where nothing is remembered: what is told of some paths only is of no use to the next question."""
    if repository.cache.remembers:
        return ()
    paths = frozenset().union(*(s.roots | s.inputs for pair in pairs for s in (pair.before, pair.after)))
    return () if "" in paths else tuple(sorted(paths))
