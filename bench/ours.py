"""Our side: the two questions, asked of the engine. The only module here that knows how it is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.fleets import Pair
from deploytool.adapters.git import Repository
from deploytool.detect.compare import compare, differs
from deploytool.domain import comparison
from deploytool.domain.difference import same_ground
from deploytool.domain.image import selection_of_paths
from deploytool.domain.links import LinkMemo, foresee
from deploytool.domain.tree import Tree


def verdicts(repo: Path, pairs: Sequence[Pair], cache: Path | None = None) -> list[bool]:
    """For each pair: does the content at its paths differ?"""
    with asked(repo, pairs, cache) as (_, trees, questions):
        return [differs(trees, question) for question in questions]


def explain(repo: Path, pairs: Sequence[Pair], cache: Path | None) -> list[tuple[set[str], bool]]:
    """For each pair: the commits of the target that the deployed one lacks and that touch its paths.

    True beside them: there are so many commits that only the newest were examined.
    """
    with asked(repo, pairs, cache) as (repository, trees, questions):
        return [(set(answer.behind or ()), answer.at_least) for answer in compare(repository, trees, questions)]


@contextmanager
def asked(
    repo: Path, pairs: Sequence[Pair], cache: Path | None
) -> Iterator[tuple[Repository, dict[str, Tree], list[comparison.Pair]]]:
    """The repository opened, the trees of all commits, and what each service is made of on both sides."""
    repository = Repository(repo, cache=cache)
    try:
        trees = repository.trees(commit for pair in pairs for commit in (pair.deployed, pair.target))
        memo = LinkMemo(repository.cache)
        sides = ((trees[commit], pair.paths) for pair in pairs for commit in (pair.deployed, pair.target))
        foresee(repository.objects, ((tree, path) for tree, paths in sides for path in paths), memo)
        yield repository, trees, [question(pair, trees, memo) for pair in pairs]
    finally:
        repository.close()


def question(pair: Pair, trees: dict[str, Tree], memo: LinkMemo) -> comparison.Pair:
    old, new = trees[pair.deployed], trees[pair.target]
    after = selection_of_paths(pair.paths, (), new, memo).selection
    before = after if same_ground(old, new, after) else selection_of_paths(pair.paths, (), old, memo).selection
    return comparison.Pair(pair.deployed, pair.target, before, after)
