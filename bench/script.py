"""The other side: what the users' shell script does, one `git log` per service, one after the other."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.fleets import Pair, git


def logs(repo: Path, pairs: Sequence[Pair]) -> list[int]:
    """Lines of `git log --oneline DEPLOYED..TARGET -- PATHS` of each service; the script says stale when any."""
    counts = []
    for pair in pairs:
        command = ["git", "log", "--oneline", f"{pair.deployed}..{pair.target}", "--", *pair.paths]
        done = subprocess.run(command, cwd=repo, capture_output=True, check=True)
        counts.append(done.stdout.count(b"\n"))
    return counts


def commits(repo: Path, pair: Pair) -> set[str]:
    """All commits that touch the paths, merges aside: without the simplification that hides some from the script."""
    span = f"{pair.deployed}..{pair.target}"
    listed = git(
        repo, "--literal-pathspecs", "log", "--full-history", "--no-merges", "--format=%H", span, "--", *pair.paths
    )
    return set(listed.split())


def differs(repo: Path, pair: Pair) -> bool:
    """The truth about content, as far as the paths themselves go: links are not followed."""
    quiet = ["diff-tree", "-r", "--quiet", pair.deployed, pair.target, "--", *pair.paths]
    done = subprocess.run(["git", "--literal-pathspecs", *quiet], cwd=repo, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"git diff-tree ended with {done.returncode} in {os.fspath(repo)}")
    return done.returncode == 1
