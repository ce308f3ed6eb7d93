"""Symbolic links in git trees: where they lead, and what a selection gains by following them.

The tree that holds a link does not change when the link's target does, so targets are made part of what is compared.
Nothing here recurses, so neither deep folders nor loops can exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple, Protocol

from deploytool.domain.content import Rules, Selection
from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.tree import FOLDER, LINK, SUBMODULE, Entry, Objects, Tree

MOST_HOPS = 40  # what Linux follows before it says ELOOP
MOST_LINKS = 20_000  # in one selection; a tree can name a folder twice in each of its folders and mean billions
LONGEST_TARGET = 4096  # bytes; what Linux takes


class Trail(NamedTuple):
    """Where a path leads: `path` is real and exists, or is None and `why` says what is wrong."""

    path: str | None
    passed: tuple[str, ...] = ()  # the links that were followed on the way, as repository paths
    why: str = ""
    kind: DoubtKind = DoubtKind.LINK_BROKEN
    wanted: str | None = None  # where `path` would be, were it there: commits that bring or remove it matter


class Leads(NamedTuple):
    """What the links below one root add, as far as it lies elsewhere."""

    targets: tuple[str, ...]
    passed: frozenset[str]  # links on the way there
    doubts: dict[str, Doubt]


Links = tuple[tuple[str, str], ...]  # (path below a tree, blob id) of every link there


class LinkStore(Protocol):
    """Remembers from one run to the next which links lie below a tree."""

    def links(self, trees: Sequence[str]) -> Mapping[str, Links]: ...

    def keep_links(self, facts: Mapping[str, Links]) -> None: ...


@dataclass(slots=True)
class LinkMemo:
    """What was learnt about one Objects: trees never change, so one memo may serve every question put to it."""

    store: LinkStore | None = None
    below: dict[str, Links] = field(default_factory=dict)  # by tree
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
            if above[-1].mode == SUBMODULE:
                break  # what lies below belongs to another repository; the commit it names is the content
            why = f"leads through {'/'.join(real)}, which is not a folder"
            return Trail(None, tuple(passed), why, wanted=_wanted([*real, step], steps))
        if step == "..":
            if len(real) > floor:
                real.pop()
                above.pop()
            elif root is None:
                return Trail(None, tuple(passed), "leads out of the repository", DoubtKind.LINK_OUTSIDE)
            continue
        entry = tree.objects.listing(above[-1].oid).get(step)
        if entry is None:
            why = f"leads to {'/'.join([*real, step])}, which is not in git"
            return Trail(None, tuple(passed), why, wanted=_wanted([*real, step], steps))
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


def _wanted(real: list[str], steps: list[str]) -> str | None:
    """The path that a walk wanted, with the steps that were left (last one first)."""
    rest = [step for step in reversed(steps) if step not in ("", ".")]
    return None if ".." in rest else "/".join((*real, *rest))


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
    if start is None or start.mode not in (FOLDER, LINK):
        return
    prefix = f"{root}/" if root else ""
    found = [root] if start.mode == LINK else [prefix + path for path, _ in links_below(tree.objects, start.oid, memo)]
    for path in found:
        if not any(rule.ignores(path) for rule in selection.rules):
            yield path


def links_below(objects: Objects, oid: str, memo: LinkMemo) -> Links:
    """Every link at any depth below a tree."""
    if oid not in memo.below:
        learn_links(objects, (oid,), memo)
    return memo.below[oid]


def learn_links(objects: Objects, trees: Iterable[str], memo: LinkMemo) -> None:
    """Find the links below many trees at once: asked for in waves, one per level of folders that nobody knew."""
    known = memo.below
    order: list[tuple[str, list[tuple[str, Entry]]]] = []
    wave = [tree for tree in dict.fromkeys(trees) if tree not in known]
    seen = set(wave)
    while wave:
        known |= memo.store.links(wave) if memo.store is not None else {}
        wave = [tree for tree in wave if tree not in known]
        objects.prefetch(wave)
        level = [(tree, _links_and_folders(objects, tree)) for tree in wave]
        order.extend(level)
        folders = {entry.oid for _, entries in level for _, entry in entries if entry.mode == FOLDER}
        wave = sorted(folders - seen - known.keys())
        seen.update(wave)
    _put_together(order, known)
    if order and memo.store is not None:
        memo.store.keep_links({tree: known[tree] for tree, _ in order})


def foresee(objects: Objects, wanted: Iterable[tuple[Tree, str]], memo: LinkMemo) -> None:
    """These paths of these trees are about to be looked at: fetch what leads there, and the links below, in waves."""
    ways = {(tree.oid, path) for tree, path in wanted}
    ends: set[str] = set()
    while ways:
        objects.prefetch(oid for oid, _ in ways)
        further: set[tuple[str, str]] = set()
        for oid, path in ways:
            name, _, rest = path.partition("/")
            try:
                entry = objects.listing(oid).get(name) if name else Entry(FOLDER, oid)
            except KeyError:
                continue  # not in this clone: whoever needs it will hear of it
            if entry is not None and entry.mode == FOLDER:
                if rest:
                    further.add((entry.oid, rest))
                else:
                    ends.add(entry.oid)
        ways = further
    learn_links(objects, ends, memo)


def _links_and_folders(objects: Objects, tree: str) -> list[tuple[str, Entry]]:
    return list(objects.links_and_folders(tree))


def _put_together(order: list[tuple[str, list[tuple[str, Entry]]]], known: dict[str, Links]) -> None:
    """Fill `known` for the trees in `order`, those first whose folders are all known."""
    entries_of = dict(order)
    for top in reversed([tree for tree, _ in order]):
        pending = [top]
        while pending:
            tree = pending[-1]
            unknown = [entry.oid for _, entry in entries_of[tree] if entry.mode == FOLDER and entry.oid not in known]
            if tree not in known and unknown:
                pending.extend(unknown)
                continue
            pending.pop()
            known[tree] = tuple(islice(_flat(entries_of[tree], known), MOST_LINKS + 1))  # one more tells of too many


def _flat(entries: list[tuple[str, Entry]], known: Mapping[str, Links]) -> Iterator[tuple[str, str]]:
    for name, entry in entries:
        if entry.mode == LINK:
            yield name, entry.oid
        else:
            yield from ((f"{name}/{path}", oid) for path, oid in known[entry.oid])


def with_link_targets(tree: Tree, selection: Selection, memo: LinkMemo | None = None) -> Followed:
    """The selection with the targets of its links as further roots, and the links of those, until nothing is new.

    A link that is merely passed on the way becomes a root too: it decides what is taken, without being followed itself.
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
    return Followed(replace(grown, roots=grown.roots | between) if between else grown, tuple(doubts.values()))


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
            end = trail.wanted if trail.path is None else trail.path
            if end is not None:
                targets.add(end)
        taken = Selection(frozenset((root,)), selection.rules)
        elsewhere = tuple(sorted(path for path in targets if not taken.under_root(path)))
        memo.leads[key] = Leads(elsewhere, frozenset(path for path in passed if not taken.takes(path)), doubts)
    return memo.leads[key]
