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

    def read(self, rows: Iterable[Sequence[str]]) -> Iterator[str]:
        """Take in `[commit, parent, …]` rows; yields each commit that not all tips reach, as soon as it is read.

        Rows come in any order in which most commits precede their parents (git's default order does). The rest is
        left unread once every open end is reached from all tips, for then nothing that matters can follow. When a
        row proves that dates lie, the walk goes to the end instead. A mask only grows: what is not yielded because
        all tips reach it stays so, and what is yielded may in the end be reached from all.
        """
        masks, order, edges = self.masks, self.order, self.edges
        full = (1 << len(self.tips)) - 1
        for index, tip in enumerate(self.tips):
            masks[tip] = 1 << index
        waiting = len(self.tips) if full != 1 else 0  # known, not read yet, and not reached from all tips
        slack: int | None = SLACK  # None: dates were caught lying
        for row in rows:
            commit, parents = row[0], tuple(row[1:])
            mask = masks.setdefault(commit, 0)
            edges[commit] = parents
            order.append(commit)
            if mask != full:
                waiting -= 1
                yield commit
            for parent in parents:
                before = masks.get(parent)
                if before is None:
                    masks[parent] = mask
                    waiting += mask != full
                elif parent in edges:
                    slack = None
                    if before | mask != before:
                        masks[parent] = before | mask
                        waiting -= _pass_on(parent, masks, edges, full)
                elif before | mask != before:
                    masks[parent] = before | mask
                    waiting -= before | mask == full
            if waiting <= 0 and slack is not None:
                slack -= 1
                if slack <= 0:
                    break


def reach_of(tips: Sequence[str], rows: Iterable[Sequence[str]]) -> Reach:
    """The reach of all tips, read to where nothing that matters can follow."""
    reach = Reach(tuple(dict.fromkeys(tips)))
    for _ in reach.read(rows):
        pass
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
