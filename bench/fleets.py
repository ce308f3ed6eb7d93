"""Which services there are and how far behind each one is: spread as in a real fleet, the same every time."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path
from typing import NamedTuple

from bench import synthetic


class Pair(NamedTuple):
    """One question: does what is at `paths` differ between the two commits?"""

    service: str
    deployed: str
    target: str
    paths: tuple[str, ...]


def git(repo: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(repo), *arguments], capture_output=True, check=True)
    return os.fsdecode(done.stdout)


def first_parents(repo: Path, target: str) -> list[str]:
    """The commits that could have been deployed, newest first."""
    return git(repo, "rev-list", "--first-parent", target).split()


def distances(count: int, dice: random.Random) -> list[int]:
    """How many commits each service is behind: a fifth none, most up to 200, some up to 2,000."""
    found = []
    for _ in range(count):
        kind = dice.random()
        found.append(0 if kind < 0.2 else dice.randint(1, 200) if kind < 0.85 else dice.randint(200, 2_000))
    return found


def fleet(repo: Path, count: int, *, made: bool, target: str = "HEAD", forgotten: int = 0) -> list[Pair]:
    """So many services with deployed commits spread over the history; `made` is for the synthetic repository.

    With `forgotten`, the last one is that many commits behind: nobody deployed it for a long time.
    """
    dice = random.Random(count)
    line = first_parents(repo, target)
    places = synthetic_paths(count) if made else real_paths(repo, count, line[0], dice)
    behind = distances(count, dice)
    behind[-1] = forgotten or behind[-1]
    return [
        Pair(f"svc-{number:04d}", line[min(distance, len(line) - 1)], line[0], paths)
        for number, (paths, distance) in enumerate(zip(places, behind, strict=True))
    ]


def long_tail(repo: Path, distance: int, *, made: bool, target: str = "HEAD") -> list[Pair]:
    """One service that nobody deployed for a very long time."""
    line = first_parents(repo, target)
    paths = synthetic_paths(1) if made else real_paths(repo, 1, line[0], random.Random(distance))
    return [Pair("svc-0000", line[min(distance, len(line) - 1)], line[0], paths[0])]


def synthetic_paths(count: int) -> list[tuple[str, ...]]:
    # 7 is prime to the number of folders, so neighbours here are not neighbours in the tree.
    return [(synthetic.service_folder(7 * number), synthetic.library_folder(number)) for number in range(count)]


def real_paths(repo: Path, count: int, target: str, dice: random.Random) -> list[tuple[str, ...]]:
    """A folder of the first or second level for each service, and `shared` beside it when there is one."""
    top = folders(repo, target)
    inner = [f"{folder}/{name}" for folder in top for name in folders(repo, f"{target}:{folder}")]
    shared = [name for name in top if name in ("shared", "common", "lib", "libs", "packages")][:1]
    own = [folder for folder in top + inner if folder not in shared]
    dice.shuffle(own)
    return [(own[number % len(own)], *shared) for number in range(count)]


def folders(repo: Path, tree: str) -> list[str]:
    return [name for name in git(repo, "ls-tree", "-d", "--name-only", "-z", tree).split("\0") if name]
