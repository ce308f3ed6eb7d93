"""History once more, commit by commit: how often path alarms are wrong, and what they miss.

For each commit and service: would a list of paths have called (`paths` of services.toml), did the content of the
image change, and can the program load what changed? Run by hand: `python -m bench.replay --config FILE`.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from deploytool.adapters.git import Repository
from deploytool.config import ServiceTable, load
from deploytool.detect.impact import Impacts
from deploytool.detect.judge import Judge
from deploytool.detect.sources import Seen, Sources
from deploytool.domain.difference import changed_paths
from deploytool.domain.impact import Side
from deploytool.domain.report import Precision
from deploytool.domain.tree import Tree


@dataclass
class Tally:
    """Of (commit, service) or (day, service) pairs."""

    looked: int = 0
    paths: int = 0  # a path list calls
    image: int = 0  # the content of the image differs
    real: int = 0  # the program can load what differs
    wolf: int = 0  # paths call and nothing reaches
    image_wolf: int = 0  # the image differs and nothing reaches
    missed: int = 0  # it reaches and paths do not call
    words: Counter[str] = field(default_factory=Counter)

    def add(self, called: bool, differs: bool, reaches: bool) -> None:
        self.looked += 1
        self.paths += called
        self.image += differs
        self.real += reaches
        self.wolf += called and not reaches
        self.image_wolf += differs and not reaches
        self.missed += reaches and not called

    def line(self, name: str) -> str:
        return (
            f"{name:<36} {self.looked:>6} {self.paths:>6} {self.wolf:>6} {_share(self.wolf, self.paths)} "
            f"{self.image:>6} {_share(self.image_wolf, self.image)} {self.real:>5} "
            f"{self.missed:>6} {_share(self.missed, self.real)}"
        )


HEAD = (
    f"{'service':<36} {'pairs':>6} {'paths':>6} {'wolf':>6} {'%':>4} {'image':>6} {'wolf':>4} "
    f"{'real':>5} {'missed':>6} {'%':>4}"
)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:>3.0f}%" if whole else "   -"


class Replay:
    def __init__(self, repository: Repository, tables: Sequence[ServiceTable]) -> None:
        self.repository, self.tables = repository, tables
        self.sources, self.impacts = Sources(repository.cache), Impacts(repository)

    def steps(self, commits: Sequence[str]) -> Iterator[tuple[ServiceTable, bool, bool, bool, Iterable[str]]]:
        """(service, a path list calls, the image differs, it reaches, words of the files) between neighbours."""
        trees = self.repository.trees(commits)
        for old, new in pairwise(commits):
            for table in self.tables:
                found = self._step(table, trees[old], trees[new])
                if found is not None:
                    yield (table, *found)

    def _step(self, table: ServiceTable, old: Tree, new: Tree) -> tuple[bool, bool, bool, list[str]] | None:
        before, after = (Seen(tree, self.sources.made_of(table, tree, Precision.IMAGE)) for tree in (old, new))
        if not (before.made.exists and after.made.exists):
            return None
        by_path = [self.sources.made_of(table, tree, Precision.PATH).selection for tree in (old, new)]
        called = next(changed_paths(old, by_path[0], new, by_path[1], self.impacts.studies.leaves), None) is not None
        files = list(changed_paths(old, before.made.selection, new, after.made.selection, self.impacts.studies.leaves))
        if not files:
            return called, False, False, []
        first = self.impacts.of(table, before)
        sides = (Side(before.made.build_inputs, first),
                 Side(after.made.build_inputs, self.impacts.of(table, after, near=before)))  # fmt: skip
        judge = Judge((old, new), sides, self.impacts.contents, dict)
        words = [judge.change(path).relevance for path in files]
        return called, True, any(word.reaches for word in words), [str(word) for word in words]


def tallied(replay: Replay, commits: Sequence[str]) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    for table, called, differs, reaches, words in replay.steps(commits):
        for name in (table.name, "all"):
            tallies.setdefault(name, Tally()).add(called, differs, reaches)
            tallies[name].words.update(words)
    return tallies


def days_of(repository: Repository, commits: Sequence[str]) -> list[str]:
    """The last commit of each day, oldest first."""
    said = repository.commits(commits)
    return list({said[sha].committed_at.date(): sha for sha in commits}.values())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.replay", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--until", help="the last commit; left out: the target of services.toml")
    parser.add_argument("--commits", type=int, default=1000)
    parser.add_argument("--cache", type=Path)
    given = parser.parse_args()
    config = load(given.config)
    repository = Repository(config.repository, cache=given.cache)
    _, until = repository.target(given.until or config.project.target)
    listed = repository.git.run(["rev-list", "--first-parent", f"--max-count={given.commits + 1}", until])
    commits = listed.decode().split()[::-1]
    for unit, chosen in (("commit", commits), ("day", days_of(repository, commits))):
        start = time.perf_counter()
        tallies = tallied(Replay(repository, list(config.services.values())), chosen)
        print(f"\nper {unit}: {len(chosen) - 1} steps until {until[:9]}, {time.perf_counter() - start:.0f} s\n{HEAD}")
        for name, tally in tallies.items():
            print(tally.line(name))
        print("files:", dict(tallies["all"].words.most_common()) if tallies else {})


if __name__ == "__main__":
    main()
