"""The same change under another id: cherry-picks, rebases and squashes, told by patch id."""

from __future__ import annotations

from collections.abc import Sequence

from deploytool.adapters.git.history import merge_base_of
from deploytool.adapters.git.process import Git

CANDIDATES = 2_000  # commits whose patches are compared for one question


def patch_ids(git: Git, commits: Sequence[str]) -> dict[str, str]:
    """The stable patch id of each commit against its first parent; commits without a patch have none."""
    if not commits:
        return {}
    patches = git.run(
        ["diff-tree", "--stdin", "-p", "--root", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index"],
        "".join(f"{commit}\n" for commit in commits[:CANDIDATES]).encode(),
    )
    return {commit: patch for patch, commit in _ids(git, patches)}


def patch_id_between(git: Git, before: str, after: str) -> str | None:
    """The patch id of everything between two commits: what a squash of them would have."""
    patch = git.run(
        ["diff-tree", "-p", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index", before, after]
    )
    found = _ids(git, f"commit {after}\n".encode() + patch)
    return found[0][0] if found else None


def _ids(git: Git, patches: bytes) -> list[tuple[str, str]]:
    rows = (line.split() for line in git.run(["patch-id", "--stable"], patches).decode("ascii").splitlines())
    return [(row[0], row[1]) for row in rows if len(row) == 2]


def equivalent_of(git: Git, commit: str, tip: str) -> str | None:
    """A commit that `tip` reaches and `commit` does not, with the same patch as `commit` or as its whole branch."""
    fork = merge_base_of(git, commit, tip)
    if fork is None or fork == commit:
        return None
    out = git.run(["rev-list", "--no-merges", f"--max-count={CANDIDATES}", "--end-of-options", f"{commit}..{tip}"])
    candidates = patch_ids(git, out.decode("ascii").split())
    own = patch_ids(git, [commit]).get(commit)
    whole = patch_id_between(git, fork, commit)
    return next((other for other, patch in candidates.items() if patch in {own, whole}), None)
