"""Which tips reach which commits: ancestry, behind and ahead of every service in one pass.

The commits of one walk are read once, newest first, and each carries a bit mask of the tips that reach it.
Dates only suggest an order. A commit that learns of a new tip after it was read passes it on again, so
clocks that were wrong cost time and never an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

# Commits read beyond the point where all open ends agree, in case an older date hides a younger commit.
SLACK = 512


@dataclass(slots=True)
class Reach:
    """What a walk learned. `masks[commit]` has bit i set when `tips[i]` reaches the commit."""

    tips: tuple[str, ...]
    masks: dict[str, int] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)  # as read: newest first
    edges: dict[str, tuple[str, ...]] = field(default_factory=dict)  # commit -> parents, of those that were read

    def reaches(self, tip: int, commit: str) -> bool:
        return bool(self.masks.get(commit, 0) >> tip & 1)

    def only(self, here: int, there: int) -> Iterator[str]:
        """Commits that tip `here` reaches and tip `there` does not, newest first."""
        want, avoid = 1 << here, 1 << there
        masks = self.masks
        return (commit for commit in self.order if masks[commit] & want and not masks[commit] & avoid)


def reach_of(tips: Sequence[str], lines: Iterable[Sequence[str]], *, whole: bool = False) -> Reach:
    """Read `[commit, parent, …]` rows until every open end is reached from all tips.

    Rows come in any order in which most commits precede their parents (git's default order does); the rest of
    the iterable is left unread once nothing that matters can follow. When a row proves that dates lie, the walk
    goes to the end instead, as it does when the `whole` is asked for.
    """
    reach = Reach(tuple(dict.fromkeys(tips)))
    masks, order, edges = reach.masks, reach.order, reach.edges
    full = (1 << len(reach.tips)) - 1
    for index, tip in enumerate(reach.tips):
        masks[tip] = 1 << index
    waiting = len(reach.tips) if full != 1 else 0  # known, not read yet, and not reached from all tips
    slack: int | None = None if whole else SLACK  # None: to the end; dates were caught lying
    for row in lines:
        commit, *parents = row
        mask = masks.setdefault(commit, 0)
        edges[commit] = tuple(parents)
        order.append(commit)
        if mask != full:
            waiting -= 1
        for parent in parents:
            before = masks.get(parent)
            if before is None:
                masks[parent] = mask
                waiting += mask != full
                continue
            after = before | mask
            if after == before:
                if parent in edges:
                    slack = None
                continue
            masks[parent] = after
            if parent in edges:
                slack = None
                waiting -= _pass_on(parent, masks, edges, full)
            elif after == full:
                waiting -= 1
        if waiting <= 0 and slack is not None:
            slack -= 1
            if slack <= 0:
                break
    return reach


def _pass_on(start: str, masks: dict[str, int], edges: Mapping[str, tuple[str, ...]], full: int) -> int:
    """Hand a late mask to the ancestors; the number of unread commits that this completed."""
    completed = 0
    pending = [start]
    while pending:
        commit = pending.pop()
        mask = masks[commit]
        for parent in edges[commit]:
            before = masks[parent]
            after = before | mask
            if after == before:
                continue
            masks[parent] = after
            if parent in edges:
                pending.append(parent)
            elif after == full:
                completed += 1
    return completed
