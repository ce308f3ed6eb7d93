"""Symbolic links in git trees: where they lead, and what a selection gains by following them.

The tree that holds a link does not change when the link's target does, so targets are made part of what is compared.
Nothing here recurses, so neither deep folders nor loops can exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from deploytool.domain.content import Rules, Selection
from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.tree import FOLDER, LINK, Entry, Objects, Tree

MOST_HOPS = 40  # what Linux follows before it says ELOOP
MOST_LINKS = 20_000  # in one selection; a tree can name a folder twice in each of its folders and mean billions
LONGEST_TARGET = 4096  # bytes; what Linux takes


class Trail(NamedTuple):
    """Where a path leads: `path` is real and exists, or is None and `why` says what is wrong."""

    path: str | None
    passed: tuple[str, ...] = ()  # the links that were followed on the way, as repository paths
    why: str = ""
    kind: DoubtKind = DoubtKind.LINK_BROKEN


class Leads(NamedTuple):
    """What the links below one root add, as far as it lies elsewhere."""

    targets: tuple[str, ...]
    passed: frozenset[str]  # links on the way there
    doubts: dict[str, Doubt]


@dataclass(slots=True)
class LinkMemo:
    """What was learnt about one Objects: trees never change, so one memo may serve every question put to it."""

    holding: dict[str, tuple[tuple[str, Entry], ...]] = field(default_factory=dict)  # tree -> entries with links
    trails: dict[tuple[str, str], Trail] = field(default_factory=dict)  # (root tree, path) -> where it leads
    leads: dict[tuple[str, str, tuple[Rules, ...]], Leads] = field(default_factory=dict)  # by root tree, root, rules


class Followed(NamedTuple):
    selection: Selection
    doubts: tuple[Doubt, ...]


def resolve(tree: Tree, path: str, memo: LinkMemo | None = None) -> str | None:
    """The real path behind `path`, with links on the way and at the end followed; None when it leads nowhere."""
    return trail_of(tree, path, memo).path


def trail_of(tree: Tree, path: str, memo: LinkMemo | None = None, root: str | None = None) -> Trail:
    """Follow every link in `path`. With `root`, that folder is `/` and nothing leaves it, as in a build context."""
    memo = LinkMemo() if memo is None else memo
    if root is not None:
        return _followed(tree, path, root)
    key = (tree.oid, path)
    if key not in memo.trails:
        memo.trails[key] = _followed(tree, path, None)
    return memo.trails[key]


def _followed(tree: Tree, path: str, root: str | None) -> Trail:
    """`root` None: the repository, which nothing may leave; else the folder that Docker treats as `/`."""
    steps = path.split("/")[::-1]
    real: list[str] = []
    above = [Entry(FOLDER, tree.oid)]  # what `real` passes through, from the top
    passed: list[str] = []
    floor = len(root.split("/")) if root else 0
    while steps:
        step = steps.pop()
        if step in ("", "."):
            continue
        if above[-1].mode != FOLDER:
            return Trail(None, tuple(passed), f"leads through {'/'.join(real)}, which is not a folder")
        if step == "..":
            if len(real) > floor:
                real.pop()
                above.pop()
            elif root is None:
                return Trail(None, tuple(passed), "leads out of the repository", DoubtKind.LINK_OUTSIDE)
            continue
        entry = tree.objects.listing(above[-1].oid).get(step)
        if entry is None:
            return Trail(None, tuple(passed), f"leads to {'/'.join([*real, step])}, which is not in git")
        if entry.mode != LINK:
            real.append(step)
            above.append(entry)
            continue
        passed.append("/".join([*real, step]))
        target = tree.objects.blob(entry.oid).decode("utf-8", "surrogateescape")
        wrong = _refused(target, len(passed), root)
        if wrong is not None:
            return Trail(None, tuple(passed), *wrong)
        if target.startswith("/"):
            real, above = [], above[:1]
            target = f"{root}{target}"
        steps.extend(target.split("/")[::-1])
    return Trail("/".join(real), tuple(passed))


def _refused(target: str, hops: int, root: str | None) -> tuple[str, DoubtKind] | None:
    """Why a link's target is not followed; None when it is."""
    if hops > MOST_HOPS:
        return "goes round in circles", DoubtKind.LINK_LOOP
    if not target or len(target) > LONGEST_TARGET:
        return "has a target that no system could follow", DoubtKind.LINK_BROKEN
    if target.startswith("/") and root is None:
        return f"leads out of the repository, to {target}", DoubtKind.LINK_OUTSIDE
    return None


def links_under(tree: Tree, selection: Selection, memo: LinkMemo | None = None) -> Iterator[str]:
    """Every link that the selection takes below its roots, each path once per root that covers it."""
    memo = LinkMemo() if memo is None else memo
    for root in sorted(selection.roots):
        yield from _links_at(tree, root, selection, memo)


def _links_at(tree: Tree, root: str, selection: Selection, memo: LinkMemo) -> Iterator[str]:
    start = tree.entry(root)
    pending = [(root, start)] if start is not None else []
    while pending:
        path, entry = pending.pop()
        if entry.mode == LINK:
            if not any(rule.ignores(path) for rule in selection.rules):
                yield path
        elif entry.mode == FOLDER and not (path and any(rule.prunes(path) for rule in selection.rules)):
            prefix = f"{path}/" if path else ""
            pending.extend((prefix + name, below) for name, below in _holding(tree.objects, entry.oid, memo))


def _holding(objects: Objects, oid: str, memo: LinkMemo) -> tuple[tuple[str, Entry], ...]:
    """The entries of a tree that are links or folders with links somewhere below."""
    pending = [oid]
    while pending:
        top = pending[-1]
        if top in memo.holding:
            pending.pop()
            continue
        entries = [(name, entry) for name, entry in objects.listing(top).items() if entry.mode in (LINK, FOLDER)]
        unknown = [entry.oid for _, entry in entries if entry.mode == FOLDER and entry.oid not in memo.holding]
        if unknown:
            pending.extend(unknown)
            continue
        memo.holding[top] = tuple(
            (name, entry) for name, entry in entries if entry.mode == LINK or memo.holding[entry.oid]
        )
    return memo.holding[oid]


def with_link_targets(tree: Tree, selection: Selection, memo: LinkMemo | None = None) -> Followed:
    """The selection with the targets of its links as further roots, and the links of those, until nothing is new.

    A link that is merely passed on the way becomes an input: it decides what is taken, without being followed itself.
    """
    memo = LinkMemo() if memo is None else memo
    pending = sorted(selection.roots)
    doubts: dict[str, Doubt] = {}
    passed: set[str] = set()
    grown = selection
    while pending:
        leads = _leads(tree, pending.pop(), selection, memo)
        doubts.update(leads.doubts)
        passed |= leads.passed
        new = {path for path in leads.targets if not grown.under_root(path)}
        if new:
            pending.extend(sorted(new))
            grown = replace(grown, roots=grown.roots | new)
    between = frozenset(path for path in passed if not grown.takes(path))
    return Followed(replace(grown, inputs=grown.inputs | between) if between else grown, tuple(doubts.values()))


def _leads(tree: Tree, root: str, selection: Selection, memo: LinkMemo) -> Leads:
    """Remembered, because many services share a folder and its rules."""
    key = (tree.oid, root, selection.rules)
    if key not in memo.leads:
        targets: set[str] = set()
        passed: set[str] = set()
        doubts: dict[str, Doubt] = {}
        for number, link in enumerate(_links_at(tree, root, selection, memo)):
            if number >= MOST_LINKS:
                why = f"more than {MOST_LINKS} links; the rest were not followed"
                doubts[root] = Doubt(root, 0, why, DoubtKind.TOO_LARGE)
                break
            trail = trail_of(tree, link, memo)
            passed.update(trail.passed)
            if trail.path is None:
                doubts[link] = Doubt(link, 0, f"this link {trail.why}", trail.kind)
            else:
                targets.add(trail.path)
        taken = Selection(frozenset((root,)), selection.rules)
        elsewhere = tuple(sorted(path for path in targets if not taken.under_root(path)))
        memo.leads[key] = Leads(elsewhere, frozenset(path for path in passed if not taken.takes(path)), doubts)
    return memo.leads[key]
