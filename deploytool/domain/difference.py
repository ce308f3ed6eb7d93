"""Which files of a service differ between two commits: both trees walked at once, equal folders never opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploytool.domain.content import Selection
from deploytool.domain.tree import FOLDER, Entry, Objects, Tree

Leaf = tuple[str, Entry | None, Entry | None]  # path below a pair of trees, and what lies there on both sides
LeafMemo = dict[tuple[str | None, str | None], tuple[Leaf, ...]]  # by both tree ids; None where a side has no tree


def changed_paths(
    before: Tree, taken_before: Selection, after: Tree, taken_after: Selection, memo: LeafMemo | None = None
) -> Iterator[str]:
    """Repository paths whose content is part of the service on either side and is not the same on both.

    Lazy: the first answer proves the service stale, and a caller who needs no more stops there.
    A file that one side takes and the other leaves out differs, even when its bytes are equal. `memo` serves
    further questions to the same objects: services share folders, and their commits share most of the content.
    """
    walk = _Walk(before, taken_before, after, taken_after, {} if memo is None else memo)
    seen: set[str] = set()
    for path in sorted(taken_before.inputs | taken_after.inputs):
        if walk.differs(path, before.entry(path), after.entry(path)):
            seen.add(path)
            yield path
    same_rules = taken_before.rules == taken_after.rules
    shared = taken_before.roots & taken_after.roots
    for root, both in _starts(shared, taken_before.roots | taken_after.roots):
        for path in walk.changed(root) if both and same_rules else walk.differing(root):
            if path not in seen:
                seen.add(path)
                yield path


def files_taken(tree: Tree, taken: Selection) -> Iterator[tuple[str, Entry]]:
    """Every file, link and submodule that the selection takes of this tree, once each."""
    for path in taken.inputs:
        entry = tree.entry(path)
        if entry is not None and entry.mode != FOLDER:
            yield path, entry
    for root, _ in _starts(taken.roots, taken.roots):
        for path, entry in tree.walk(root):
            if path not in taken.inputs and not any(rule.ignores(path) for rule in taken.rules):
                yield path, entry


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
    def __init__(
        self, before: Tree, taken_before: Selection, after: Tree, taken_after: Selection, memo: LeafMemo
    ) -> None:
        self.before, self.taken_before = before, taken_before
        self.after, self.taken_after = after, taken_after
        self.memo = memo

    def changed(self, root: str) -> Iterator[str]:
        """Below a root of both sides with the same rules: what is not equal differs, unless it is ignored."""
        old, new = self.before.entry(root), self.after.entry(root)
        if old == new:
            return
        if _is_leaf(old) or _is_leaf(new):
            yield from self._unignored(root)
        prefix = f"{root}/" if root else ""
        for path, _, _ in leaves_between(self.before.objects, _tree(old), _tree(new), self.memo):
            yield from self._unignored(prefix + path)

    def _unignored(self, path: str) -> Iterator[str]:
        if not any(rule.ignores(path) for rule in self.taken_after.rules):
            yield path

    def differing(self, root: str) -> Iterator[str]:
        """Below a root where the sides do not take the same: every file is looked at."""
        pending: list[Leaf] = [(root, self.before.entry(root), self.after.entry(root))]
        while pending:
            path, old, new = pending.pop()
            if self.differs(path, old, new):
                yield path
            pending.extend(self._below(path, old, new))

    def differs(self, path: str, old: Entry | None, new: Entry | None) -> bool:
        """Is `path` a file on a side that takes it, and not the same taken file on the other?"""
        had = old is not None and old.mode != FOLDER and self.taken_before.takes(path)
        has = new is not None and new.mode != FOLDER and self.taken_after.takes(path)
        return (had or has) and not (had and has and old == new)

    def _below(self, path: str, old: Entry | None, new: Entry | None) -> Iterator[Leaf]:
        olds = self.before.objects.listing(old.oid) if old and old.mode == FOLDER else {}
        news = self.after.objects.listing(new.oid) if new and new.mode == FOLDER else {}
        prefix = f"{path}/" if path else ""
        for name in {*olds, *news}:
            yield prefix + name, olds.get(name), news.get(name)


def leaves_between(objects: Objects, old: str | None, new: str | None, memo: LeafMemo) -> tuple[Leaf, ...]:
    """Every file, link and submodule that is not the same in two trees, deeper ones included; remembered."""
    pending = [(old, new)]
    while pending:
        pair = pending[-1]
        if pair in memo:
            pending.pop()
            continue
        here = tuple(objects.differing(*pair))
        folders = [(_tree(was), _tree(now)) for _, was, now in here]
        unknown = [below for below in folders if below != (None, None) and below not in memo]
        if unknown:
            objects.prefetch(oid for below in unknown for oid in below if oid is not None)
            pending.extend(unknown)
            continue
        memo[pair] = tuple(_leaves(here, memo))
        pending.pop()
    return memo[old, new]


def _leaves(here: Iterable[Leaf], memo: LeafMemo) -> Iterator[Leaf]:
    for name, was, now in here:
        if _is_leaf(was) or _is_leaf(now):
            yield name, was if _is_leaf(was) else None, now if _is_leaf(now) else None
        below = (_tree(was), _tree(now))
        if below != (None, None):
            yield from ((f"{name}/{path}", before, after) for path, before, after in memo[below])


def _is_leaf(entry: Entry | None) -> bool:
    return entry is not None and entry.mode != FOLDER


def _tree(entry: Entry | None) -> str | None:
    return entry.oid if entry is not None and entry.mode == FOLDER else None
