"""Which tips reach which commits: ancestry, behind and ahead of every service in one pass.

The commits of one walk are read once, newest first, and each carries a bit mask of the tips that reach it.
Dates only suggest an order. A commit that learns of a new tip after it was read passes it on again, so
clocks that were wrong cost time and never an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

# Commits read beyond the point where all open ends agree, in case an older date hides a younger commit.
SLACK = 512


@dataclass(slots=True)
class Reach:
    """What a walk learned. `masks[commit]` has bit i set when `tips[i]` reaches the commit."""

    tips: tuple[str, ...]
    masks: dict[str, int] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)  # as read: newest first
    rows: dict[str, str] = field(default_factory=dict)  # commit -> "parent parent …", of those that were read

    def parents(self) -> dict[str, list[str]]:
        """The parents of every commit that was read."""
        return {commit: row.split() for commit, row in self.rows.items()}

    def reaches(self, tip: int, commit: str) -> bool:
        return bool(self.masks.get(commit, 0) >> tip & 1)

    def read(self, rows: Iterable[str], *, whole: bool = False) -> Iterator[str]:
        """Take in `commit parent …` rows; yields each commit that not all tips reach, as soon as it is read.

        Rows come in any order in which most commits precede their parents (git's default order does). The rest is
        left unread once every open end is reached from all tips, for then nothing that matters can follow. When a
        row proves that dates lie, or the `whole` is asked for, the walk goes to the end. A mask only grows: what is
        not yielded because all tips reach it stays so, and what is yielded may in the end be reached from all.
        """
        masks, read = self.masks, self.rows
        add_to_order = self.order.append
        full = (1 << len(self.tips)) - 1
        for index, tip in enumerate(self.tips):
            masks[tip] = 1 << index
        waiting = len(self.tips) if full != 1 else 0  # known, not read yet, and not reached from all tips
        slack = None if whole else SLACK  # None: to the end; dates were caught lying
        for row in rows:
            commit, _, parents = row.partition(" ")
            mask = masks.setdefault(commit, 0)
            read[commit] = parents
            add_to_order(commit)
            if mask != full:
                waiting -= 1
                yield commit
            for parent in parents.split(" ") if parents else ():
                before = masks.get(parent)
                if before is None:
                    masks[parent] = mask
                    waiting += mask != full
                elif parent in read:
                    slack = None
                    if before | mask != before:
                        masks[parent] = before | mask
                        waiting -= _pass_on(parent, masks, read, full)
                elif before | mask != before:
                    masks[parent] = before | mask
                    waiting -= before | mask == full
            if waiting <= 0 and slack is not None:
                slack -= 1
                if slack <= 0:
                    break


def _pass_on(start: str, masks: dict[str, int], read: Mapping[str, str], full: int) -> int:
    """Hand a late mask to the ancestors; the number of unread commits that this completed."""
    completed = 0
    pending = [start]
    while pending:
        commit = pending.pop()
        mask = masks[commit]
        for parent in read[commit].split():
            before = masks[parent]
            after = before | mask
            if after == before:
                continue
            masks[parent] = after
            if parent in read:
                pending.append(parent)
            elif after == full:
                completed += 1
    return completed
