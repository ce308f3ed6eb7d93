"""Where two commits parted, against sets of ancestors; and in clones that end early, the same or no answer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from deploytool.adapters.git import Repository
from deploytool.adapters.git.mergebase import Fork, count_of, fork_of, merge_bases_of
from deploytool.adapters.git.process import GitFailed
from tests.histories import History, history
from tests.repositories import run_git


def best(told: History, one: int, other: int) -> set[str]:
    """Common ancestors that no other common ancestor has."""
    common = told.older[one] & told.older[other]
    numbers = [number for number in range(len(told.commits)) if common >> number & 1]
    beaten = {older for number in numbers for older in numbers if older != number and told.older[number] >> older & 1}
    return {told.commits[number] for number in numbers if number not in beaten}


@pytest.mark.parametrize("seed", range(300, 312))
def test_the_fork_is_a_best_common_ancestor_whichever_side_asks(seed: int, tmp_path: Path) -> None:
    told = history(seed, tmp_path / "repository")
    repository = Repository(told.path)
    for base, head in told.pairs(40):
        one, other = told.commits.index(base), told.commits.index(head)
        wanted = best(told, one, other)
        assert set(merge_bases_of(repository.git, base, head)) == wanted
        fork = fork_of(repository, base, head)
        assert {fork.commit, *fork.others} - {None} == wanted
        assert fork == fork_of(repository, head, base)
        lacking = told.older[one] & ~told.older[other]
        assert count_of(repository.git, base, head) == lacking.bit_count()
    repository.close()


@pytest.mark.parametrize("seed", range(320, 336))
def test_a_clone_that_ends_early_never_gives_another_answer(seed: int, tmp_path: Path) -> None:
    told = history(seed, tmp_path / "repository")
    whole = Repository(told.path)
    dice = random.Random(seed)
    answered = 0
    for number, (base, head) in enumerate(told.pairs(12)):
        clone = tmp_path / f"clone{number}"
        clone.mkdir()
        run_git(clone, "init", "-q")
        for commit in dice.sample([base, head], 2):
            run_git(clone, "fetch", "-q", f"--depth={dice.randint(1, 9)}", f"file://{told.path}", commit)
        ended = Repository(clone)
        found = fork_of(ended, base, head)
        if found.sure:
            answered += 1
            assert found == fork_of(whole, base, head)
        ended.close()
    whole.close()
    assert answered


def test_a_hole_in_history_is_no_missing_merge_base(tmp_path: Path) -> None:
    told = history(7, tmp_path / "repository")
    run_git(told.path, "repack", "-adq")
    repository = Repository(told.path)
    with pytest.raises(GitFailed):
        merge_bases_of(repository.git, told.commits[0], "0" * 39 + "1")
    assert merge_bases_of(repository.git, told.commits[0], told.commits[0]) == (told.commits[0],)
    assert fork_of(repository, told.commits[0], told.commits[0]) == Fork(told.commits[0])
    repository.close()
