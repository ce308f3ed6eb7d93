"""Where two commits parted, and whether that can be told in a clone that does not have all of history."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deploytool.adapters.git.process import Git, GitFailed

if TYPE_CHECKING:
    from deploytool.adapters.git.repository import Repository


class Fork(NamedTuple):
    """`commit` is None when the two share no history; `sure` is False when that which was cut off could tell more."""

    commit: str | None
    sure: bool = True
    others: tuple[str, ...] = ()  # further commits where they parted: each had been merged into the other


def fork_of(repository: Repository, base: str, head: str) -> Fork:
    """The best common ancestor; of several the newest, and of equally old ones the one whose id sorts last."""
    found = merge_bases_of(repository.git, base, head)
    if base in found or head in found:
        return Fork(base if base in found else head)
    dated = repository.commits(found) if len(found) > 1 else {}
    best = sorted(found, key=lambda sha: (dated[sha].committed_at, sha) if dated else sha, reverse=True)
    sure = not repository.facts.shallow or not _cut_off(repository, base, head)
    return Fork(best[0] if best else None, sure, tuple(best[1:]))


def merge_bases_of(git: Git, one: str, other: str) -> tuple[str, ...]:
    """All best common ancestors. Raises GitFailed when history has holes."""
    try:
        return tuple(git.run(["merge-base", "--all", "--end-of-options", one, other]).decode("ascii").split())
    except GitFailed as failure:
        if failure.status == 1:  # git's way of saying that there is none
            return ()
        raise


def count_of(git: Git, tip: str, lacking: str) -> int:
    """How many commits `tip` has and `lacking` has not."""
    out = git.run(["rev-list", "--count", "--end-of-options", f"{lacking}..{tip}"])
    return int(out)


def _cut_off(repository: Repository, base: str, head: str) -> bool:
    """Does one of them reach an edge that the other does not? Beyond it there may be more that both have."""
    masks = repository.reach([base, head]).masks
    return any(masks.get(edge) in (1, 2) for edge in repository.boundary)
