"""The same change under another id: cherry-picks, rebases and squashes, told by patch id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from deploytool.adapters.git.history import merge_base_of
from deploytool.adapters.git.process import Git, GitFailed
from deploytool.errors import RepositoryError

CANDIDATES = 2_000  # commits whose paths are compared for one question
ONE_BY_ONE = 50  # patches that are made alone after they could not be made together
PLAIN = ("--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none")

Touched = Callable[[Sequence[str]], Mapping[str, Sequence[str]]]


class Incomparable(RepositoryError):
    """Commits with the right paths are there, and the contents of files that would tell are not."""


def equivalent_of(git: Git, commit: str, tip: str, touched: Touched) -> str | None:
    """A commit that `tip` reaches and `commit` does not, with the same patch as `commit` or as its whole branch.

    Only commits that touch the very same files are compared. Raises Incomparable when that cannot be told.
    """
    fork = merge_base_of(git, commit, tip)
    if fork is None or fork == commit:
        return None
    out = git.run(["rev-list", "--no-merges", f"--max-count={CANDIDATES}", "--end-of-options", f"{commit}..{tip}"])
    others = out.decode("ascii").split()
    try:
        paths = touched([commit, *others])
        branch = _paths_between(git, fork, commit)
    except GitFailed as failure:
        raise _incomparable(len(others)) from failure
    alike = {frozenset(paths.get(commit, ())), branch} - {frozenset()}
    candidates = [other for other in others if frozenset(paths.get(other, ())) in alike]
    return _same_patch(git, fork, commit, candidates) if candidates else None


def _same_patch(git: Git, fork: str, commit: str, candidates: Sequence[str]) -> str | None:
    try:
        wanted = {*_patch_ids(git, [commit]).values(), *_patch_id_between(git, fork, commit)}
    except GitFailed as failure:
        raise _incomparable(len(candidates)) from failure
    try:
        patches = _patch_ids(git, candidates)
        return next((other for other in candidates if patches.get(other) in wanted), None)
    except GitFailed:  # one file that is missing ends git; the patches before and after it can still be made
        return _one_by_one(git, wanted, candidates)


def _one_by_one(git: Git, wanted: set[str], candidates: Sequence[str]) -> str | None:
    unread = max(0, len(candidates) - ONE_BY_ONE)
    for other in candidates[:ONE_BY_ONE]:
        try:
            if _patch_ids(git, [other]).get(other) in wanted:
                return other
        except GitFailed:
            unread += 1
    if unread:
        raise _incomparable(unread)
    return None


def _incomparable(count: int) -> Incomparable:
    many = "1 commit that touches" if count == 1 else f"{count} commits that touch"
    return Incomparable(
        f"{many} the same files could not be compared: their content is not in this clone",
        hint="Fetch it: git fetch --refetch --no-filter origin",
    )


def _patch_ids(git: Git, commits: Sequence[str]) -> dict[str, str]:
    """The stable patch id of each commit against its first parent; merges and commits without a patch have none."""
    patches = git.run(
        ["diff-tree", "--stdin", "-p", "--root", "--full-index", *PLAIN],
        "".join(f"{commit}\n" for commit in commits).encode(),
    )
    return {commit: patch for patch, commit in _ids(git, patches)}


def _patch_id_between(git: Git, before: str, after: str) -> list[str]:
    """The patch id of everything between two commits: what a squash of them would have. Nothing for no change."""
    patch = git.run(["diff-tree", "-p", "--full-index", *PLAIN, before, after])
    return [found for found, _ in _ids(git, f"commit {after}\n".encode() + patch)]


def _paths_between(git: Git, before: str, after: str) -> frozenset[str]:
    out = git.run(["diff-tree", "-r", "-z", "--name-only", *PLAIN, before, after])
    return frozenset(out.decode("utf-8", "surrogateescape").split("\0")) - {""}


def _ids(git: Git, patches: bytes) -> list[tuple[str, str]]:
    rows = (line.split() for line in git.run(["patch-id", "--stable"], patches).decode("ascii").splitlines())
    return [(row[0], row[1]) for row in rows if len(row) == 2]
