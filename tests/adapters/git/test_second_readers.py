"""Two other git readers, written by other people, see in random histories what our gateway sees."""

from __future__ import annotations

from pathlib import Path

import dulwich.objects
import dulwich.repo
import git
import pytest

from deploytool.adapters.git import Repository
from tests.histories import history


@pytest.mark.parametrize("seed", range(40, 52))
def test_trees_and_commits_are_what_dulwich_and_gitpython_read(seed: int, tmp_path: Path) -> None:
    told = history(seed, tmp_path / "repository")
    ours = Repository(told.path)
    second, third = dulwich.repo.Repo(str(told.path)), git.Repo(told.path)
    try:
        trees, commits = ours.trees(told.commits), ours.commits(told.commits)
        for sha in told.commits:
            files = {path: (entry.mode, entry.oid) for path, entry in trees[sha].walk()}
            assert files == by_dulwich(second, sha)
            assert commits[sha].parents == tuple(parent.hexsha for parent in third.commit(sha).parents)
            assert commits[sha].committed_at.timestamp() == third.commit(sha).committed_date
            assert commits[sha].tree == third.commit(sha).tree.hexsha
    finally:
        ours.close()
        second.close()
        third.close()


def by_dulwich(repository: dulwich.repo.Repo, sha: str) -> dict[str, tuple[int, str]]:
    """Every file, link and submodule of a commit."""
    found: dict[str, tuple[int, str]] = {}
    pending = [(b"", repository[sha.encode()].tree)]  # type: ignore[union-attr]
    while pending:
        prefix, oid = pending.pop()
        tree = repository[oid]
        assert isinstance(tree, dulwich.objects.Tree)
        for entry in tree.items():
            path = prefix + entry.path
            if entry.mode == 0o040000:
                pending.append((path + b"/", entry.sha))
            else:
                found[path.decode("utf-8", "surrogateescape")] = (entry.mode, entry.sha.decode())
    return found
