"""Which files of a service differ between two commits: both trees walked at once, equal folders never opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploytool.domain.content import Selection
from deploytool.domain.tree import FOLDER, Entry, Tree


def changed_paths(before: Tree, taken_before: Selection, after: Tree, taken_after: Selection) -> Iterator[str]:
    """Repository paths whose content is part of the service on either side and is not the same on both.

    Lazy: the first answer proves the service stale, and a caller who needs no more stops there.
    A file that one side takes and the other leaves out differs, even when its bytes are equal.
    """
    walk = _Walk(before, taken_before, after, taken_after)
    seen: set[str] = set()
    for path in sorted(taken_before.inputs | taken_after.inputs):
        if walk.differs(path, before.entry(path), after.entry(path)):
            seen.add(path)
            yield path
    same_rules = taken_before.rules == taken_after.rules
    shared = taken_before.roots & taken_after.roots
    for root, both in _starts(shared, taken_before.roots | taken_after.roots):
        for path in walk.differing(root, prune=both and same_rules):
            if path not in seen:
                seen.add(path)
                yield path


def same_ground(before: Tree, after: Tree, taken: Selection) -> bool:
    """Is every root and input of a selection made on one tree the very same on the other?

    Then paths and links lead to the same places there, so the selection holds for both and nothing differs.
    """
    return all(before.entry(path) == after.entry(path) for path in (*taken.inputs, *taken.roots))


def surely_differs(before: Tree, taken_before: Selection, after: Tree, taken_after: Selection) -> bool:
    """A root of both sides that is not the same, with nothing left out below: no need to look for the file."""
    if taken_before.rules or taken_after.rules:
        return False
    return any(before.entry(root) != after.entry(root) for root in taken_before.roots & taken_after.roots)


def _starts(shared: frozenset[str], every: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """Roots that no other root covers, and whether both sides take all below it."""
    kept: set[str] = set()
    for root in sorted(shared, key=len):
        if not _covered(root, kept):
            kept.add(root)
            yield root, True
    for root in sorted(every - shared, key=len):
        if not _covered(root, kept):
            yield root, False


def _covered(path: str, roots: Iterable[str]) -> bool:
    if not roots:
        return False
    if "" in roots or path in roots:
        return True
    cut = path.rfind("/")
    while cut > 0:
        if path[:cut] in roots:
            return True
        cut = path.rfind("/", 0, cut)
    return False


class _Walk:
    def __init__(self, before: Tree, taken_before: Selection, after: Tree, taken_after: Selection) -> None:
        self.before, self.taken_before = before, taken_before
        self.after, self.taken_after = after, taken_after

    def differing(self, root: str, *, prune: bool) -> Iterator[str]:
        pending: list[tuple[str, Entry | None, Entry | None]] = [
            (root, self.before.entry(root), self.after.entry(root))
        ]
        while pending:
            path, old, new = pending.pop()
            if prune and old == new:
                continue
            if self.differs(path, old, new):
                yield path
            pending.extend(self._below(path, old, new, prune))

    def differs(self, path: str, old: Entry | None, new: Entry | None) -> bool:
        """Is `path` a file on a side that takes it, and not the same taken file on the other?"""
        had = old is not None and old.mode != FOLDER and self.taken_before.takes(path)
        has = new is not None and new.mode != FOLDER and self.taken_after.takes(path)
        return (had or has) and not (had and has and old == new)

    def _below(
        self, path: str, old: Entry | None, new: Entry | None, prune: bool
    ) -> Iterator[tuple[str, Entry | None, Entry | None]]:
        olds = self.before.objects.listing(old.oid) if old and old.mode == FOLDER else {}
        news = self.after.objects.listing(new.oid) if new and new.mode == FOLDER else {}
        if not olds and not news:
            return
        prefix = f"{path}/" if path else ""
        for name in olds.keys() | news.keys():
            was, now = olds.get(name), news.get(name)
            if not (prune and was == now):
                yield prefix + name, was, now
