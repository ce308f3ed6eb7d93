"""One deployed commit against the target: what differs, and which commits brought it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from deploytool.domain.content import Rules, Selection
from deploytool.domain.graph import Reach
from deploytool.domain.report import CodeState


class Pair(NamedTuple):
    """A question: `deployed` and `target` are full commit ids, each with what the service is made of there."""

    deployed: str
    target: str
    before: Selection
    after: Selection


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer. `files` is the truth, everything else explains it."""

    code: CodeState
    files: tuple[str, ...]
    behind: tuple[str, ...] | None = None  # commits of the target that touch the service, newest first
    ahead: tuple[str, ...] | None = None  # commits of the deployed side; both None when history cannot tell
    touched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # commit -> the service's files in it
    at_least: bool = False
    unexplained: tuple[str, ...] = ()  # files that no commit of either side touches


class Owners:
    """Which pairs a repository path belongs to, as a bit mask; folders are looked up once."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._pairs = pairs
        self._roots: dict[str, int] = {}
        self._inputs: dict[str, int] = {}
        self._ruled: dict[tuple[tuple[Rules, ...], tuple[Rules, ...]], int] = {}
        self._folders: dict[str, int] = {}
        self._paths: dict[str, int] = {}
        for index, pair in enumerate(pairs):
            bit = 1 << index
            for root in pair.before.roots | pair.after.roots:
                self._roots[root] = self._roots.get(root, 0) | bit
            for path in pair.before.inputs | pair.after.inputs:
                self._inputs[path] = self._inputs.get(path, 0) | bit
            if pair.before.rules or pair.after.rules:
                rules = (pair.before.rules, pair.after.rules)
                self._ruled[rules] = self._ruled.get(rules, 0) | bit

    def of(self, path: str) -> int:
        known = self._paths.get(path)
        if known is None:
            known = self._paths[path] = self._asked(path)
        return known

    def _asked(self, path: str) -> int:
        folder, _, _ = path.rpartition("/")
        mask = self._below(folder) | self._roots.get(path, 0)
        for rules, pairs in self._ruled.items():
            if mask & pairs and all(any(rule.ignores(path) for rule in side) for side in rules):
                mask &= ~pairs
        return mask | self._inputs.get(path, 0)

    def _below(self, folder: str) -> int:
        known = self._folders.get(folder)
        if known is None:
            known = self._roots.get(folder, 0)
            if folder:
                known |= self._below(folder.rpartition("/")[0])
            self._folders[folder] = known
        return known


class Ranges:
    """For every commit that was walked: the pairs that lack it (behind) and the pairs that have it alone (ahead)."""

    def __init__(self, reach: Reach, pairs: Sequence[Pair]) -> None:
        self._masks = reach.masks
        bits = {tip: 1 << index for index, tip in enumerate(reach.tips)}
        self._sides = [(bits[pair.deployed], bits[pair.target]) for pair in pairs]
        self._known: dict[int, tuple[int, int]] = {}

    def of(self, commit: str) -> tuple[int, int]:
        """(behind, ahead) as masks of pairs."""
        return self.of_mask(self._masks[commit])

    def of_mask(self, mask: int) -> tuple[int, int]:
        """The same for all commits that these tips reach."""
        known = self._known.get(mask)
        if known is None:
            behind = ahead = 0
            for index, (deployed, target) in enumerate(self._sides):
                if mask & target and not mask & deployed:
                    behind |= 1 << index
                elif mask & deployed and not mask & target:
                    ahead |= 1 << index
            known = self._known[mask] = (behind, ahead)
        return known


def code_state_of(pair: Pair, files: Sequence[str], reach: Reach | None) -> CodeState:
    """Content first: history matters only when it differs. `reach` is None when history cannot be trusted."""
    if not files:
        return CodeState.CURRENT
    if reach is None:
        return CodeState.UNKNOWN
    deployed, target = reach.tips.index(pair.deployed), reach.tips.index(pair.target)
    if reach.reaches(target, pair.deployed):
        return CodeState.BEHIND
    return CodeState.AHEAD if reach.reaches(deployed, pair.target) else CodeState.DIVERGED


def bits_of(mask: int) -> Iterator[int]:
    """The indices of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
