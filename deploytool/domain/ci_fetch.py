"""What to type, or to set in CI, when a clone lacks what a comparison needs: never more than it needs.

What is set instead stands behind a `#`, so that the whole line can be pasted into a shell.
"""

from __future__ import annotations

from deploytool.domain.ci import COMMIT, System

WHOLE = {
    System.GITHUB: "  # or fetch-depth: 0 for actions/checkout",
    System.GITLAB: "  # or GIT_DEPTH: 0 among the job's variables",
    System.CLOUD_BUILD: "  # as a step before this one",
}
EVERYTHING = "git fetch --refetch --no-filter origin"  # content that a partial clone left out, or that was damaged
PARENT = "  # or fetch-depth: 2 for actions/checkout"


def fetching_one(commit: str, *, shallow: bool) -> str:
    """Its files are enough. A depth would make a whole clone shallow, so only a shallow one is given it."""
    return f"git fetch --no-tags {'--depth=1 ' if shallow else ''}origin {commit}"


def fetching_parent(commit: str, system: System, *, shallow: bool) -> str:
    """The parent of what is checked out."""
    return fetching_one(commit, shallow=shallow) + (PARENT if shallow and system is System.GITHUB else "")


def fetching_history(wanted: str, system: System, *, shallow: bool) -> str:
    """All that leads to what is here, and a branch of the remote or a commit when one is `wanted`."""
    if wanted and not COMMIT.fullmatch(wanted):
        wanted = f"+refs/heads/{wanted}:refs/remotes/origin/{wanted}"
    parts = ["git fetch --no-tags", "--unshallow" if shallow else "", "origin", wanted]
    return " ".join(filter(None, parts)) + (WHOLE.get(system, "") if shallow else "")
