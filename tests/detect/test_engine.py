"""The engine against the slow oracle, on random histories with everything odd that git can hold."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploytool.adapters.git import Repository
from deploytool.adapters.git.cache import FactCache
from deploytool.detect.compare import compare
from deploytool.domain.comparison import Comparison, Pair
from deploytool.domain.image import selection_of_paths
from deploytool.domain.links import LinkMemo
from tests import oracle
from tests.histories import History, history

HISTORIES = 520
CHUNK = 20  # histories per test, so that workers share the work
MOST_PROCESSES = 5  # git processes for everything but the merges that take one side whole


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "cache"
    oracle.forget()


@pytest.mark.parametrize("first", range(0, HISTORIES, CHUNK))
def test_the_engine_says_what_the_oracle_says(first: int, tmp_path: Path, cache: Path) -> None:
    for seed in range(first, first + CHUNK):
        told = history(seed, tmp_path / str(seed))
        for question, answer in asked(told, cache):
            assert said(answer) == wanted(told, *question), f"seed {seed}: {question}"


def asked(told: History, cache: Path) -> list[tuple[tuple[str, str, list[str], tuple[str, ...]], Comparison]]:
    """Every service of a history, each from a commit of its own, against one target."""
    dice = random.Random(told.seed)
    target = dice.choice(told.commits)
    questions = [
        (dice.choice(told.commits), target, paths, ignore)
        for paths, ignore in zip(told.services, told.ignores, strict=True)
    ]
    repository = Repository(told.path, cache=cache)
    try:
        trees = repository.trees(told.commits)
        memo = LinkMemo(repository.cache)
        pairs = [
            Pair(
                deployed,
                target,
                selection_of_paths(paths, ignore, trees[deployed], memo).selection,
                selection_of_paths(paths, ignore, trees[target], memo).selection,
            )
            for deployed, target, paths, ignore in questions
        ]
        answers = compare(repository, trees, pairs)
        assert repository.git.started <= MOST_PROCESSES
    finally:
        repository.close()
    return list(zip(questions, answers, strict=True))


def said(answer: Comparison) -> tuple[str, set[str], set[str], set[str], set[str]]:
    assert answer.behind is not None
    assert answer.ahead is not None
    return answer.code.value, set(answer.files), set(answer.behind), set(answer.ahead), set(answer.unexplained)


def wanted(
    told: History, deployed: str, target: str, paths: list[str], ignore: tuple[str, ...]
) -> tuple[str, set[str], set[str], set[str], set[str]]:
    truth = oracle.expected(told.path, deployed, target, paths, ignore)
    return truth.code, set(truth.changed), set(truth.behind), set(truth.ahead), set(truth.unexplained)


def test_what_is_remembered_gives_the_same_answer(tmp_path: Path, cache: Path) -> None:
    told = history(7, tmp_path / "repository")
    cold = [said(answer) for _, answer in asked(told, cache)]
    warm = [said(answer) for _, answer in asked(told, cache)]
    assert warm == cold


def test_a_damaged_cache_is_replaced(tmp_path: Path, cache: Path) -> None:
    told = history(8, tmp_path / "repository")
    cold = [said(answer) for _, answer in asked(told, cache)]
    (file,) = cache.glob("git-facts-*.sqlite")
    file.write_bytes(b"not a database" * 1000)
    assert [said(answer) for _, answer in asked(told, cache)] == cold
    assert FactCache(cache).touched(told.commits)


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    told = history(9, tmp_path / "repository")
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    assert asked(told, in_the_way / "cache")
