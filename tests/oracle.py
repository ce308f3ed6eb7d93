"""The slow and obvious answer to "does what serves differ, and which commits brought it".

Plain git commands and Python sets, on purpose without a line of the tool: whole listings of both trees, the whole
history of both commits, one comparison per parent. What the tool answers quickly must be exactly this.

The words:
- *Roots* of a service at a commit: its declared paths, literally, plus what symbolic links lead to. A link is followed
  as the kernel follows it: component by component, `..` after a link is the parent of where the link leads, a
  missing component or a file in the middle ends the walk, and 40 links in a row are a loop. Every link on the way is
  content too, but brings no more than what was asked through it. A walk that ends early still names the path it
  wanted (nothing is there at this commit) unless `..` remains. Absolute links and those that climb out of the
  repository lead nowhere. A path into a submodule takes the submodule, for the content below it is decided there.
- *Selection*: every file, link and gitlink at or below a root, less what `ignore` matches.
- A commit *touches* a service when a path at or below a root of either side, not ignored, differs from its parent; a
  merge, when that path differs from each parent.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.repositories import run_git

LINK, SUBMODULE = "120000", "160000"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
DIFF_TREE = ("diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames")
MOST_LINKS = 40  # in one walk: what Linux allows


class Item(NamedTuple):
    mode: str
    oid: str


Listing = Mapping[str, Item]


@dataclass(frozen=True, slots=True)
class Expected:
    code: str  # "current" | "behind" | "ahead" | "diverged"
    changed: frozenset[str]  # paths whose mode or id differs, or which only one side takes
    behind: frozenset[str]  # commits of the target that the deployed one lacks and that touch the service
    ahead: frozenset[str]  # the other way round
    unexplained: frozenset[str]  # changed, and touched by none of those commits
    reselected: frozenset[str]  # changed only because a link leads elsewhere: the same content in both whole trees
    roots: frozenset[str]  # of both sides


def expected(
    repo: Path,
    deployed: str,
    target: str,
    paths: Iterable[str],
    ignore: Sequence[str] = (),
    *,
    absent: bool = True,
) -> Expected:
    """The whole answer for one service.

    `absent=False` leaves out roots where nothing is on either side, so commits that add and remove it again do not
    count.
    """
    old, new = listing(repo, deployed), listing(repo, target)
    old_roots, new_roots = (
        roots(repo, deployed, tuple(paths), tuple(ignore)),
        roots(repo, target, tuple(paths), tuple(ignore)),
    )
    both = old_roots | new_roots
    if not absent:
        both = frozenset(root for root in both if any(below(path, (root,)) for path in {*old, *new}))
    before, after = selected(old, old_roots, ignore), selected(new, new_roots, ignore)
    changed = frozenset(path for path in {*before, *after} if before.get(path) != after.get(path))
    behind = touching(repo, commits(repo, target, deployed), both, ignore)
    ahead = touching(repo, commits(repo, deployed, target), both, ignore)
    explained = {path for sha in (*behind, *ahead) for path in touched(repo, sha)}
    return Expected(
        code=code(repo, deployed, target) if changed else "current",
        changed=changed,
        behind=frozenset(behind),
        ahead=frozenset(ahead),
        unexplained=changed - explained,
        reselected=frozenset(path for path in changed if old.get(path) == new.get(path)),
        roots=both,
    )


def code(repo: Path, deployed: str, target: str) -> str:
    """Where the deployed commit lies, seen from the target."""
    if deployed in history(repo, target):
        return "behind"
    return "ahead" if target in history(repo, deployed) else "diverged"


@functools.lru_cache(maxsize=256)
def history(repo: Path, commit: str) -> frozenset[str]:
    """A commit and all before it."""
    return frozenset(run_git(repo, "rev-list", commit).decode().split())


def commits(repo: Path, of: str, without: str) -> frozenset[str]:
    """All commits in the history of one and not of the other.

    Not `rev-list of ^without`: that trusts committer dates within a margin, and says too much when clocks were wrong.
    """
    return history(repo, of) - history(repo, without)


@functools.lru_cache(maxsize=256)
def listing(repo: Path, commit: str) -> Listing:
    """Every file, link and gitlink of a commit."""
    found = {}
    for line in run_git(repo, "ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, _, oid = about.decode().split(" ")
        found[path.decode("utf-8", "surrogateescape")] = Item(mode, oid)
    return found


@functools.lru_cache(maxsize=256)
def link_texts(repo: Path, commit: str) -> Mapping[str, str]:
    """What each link of a commit says."""
    return {path: link_text(repo, item.oid) for path, item in listing(repo, commit).items() if item.mode == LINK}


@functools.lru_cache(maxsize=4096)
def link_text(repo: Path, oid: str) -> str:
    return run_git(repo, "cat-file", "blob", oid).decode("utf-8", "surrogateescape")


def below(path: str, tops: Iterable[str]) -> bool:
    """Is `path` one of these or inside one of these?"""
    return any(not top or path == top or path.startswith(top + "/") for top in tops)


def ignored(path: str, patterns: Iterable[str]) -> bool:
    """Docker's rule for four simple kinds of pattern: `**/*.md`, `**/name`, `**/name/**`, `exact/path`.

    A match on a parent counts. `**` is `.*` in Docker's own regular expression, so it does not cross a newline.
    """
    for pattern in patterns:
        parts = path.split("/")
        if pattern.startswith("**/*."):
            hit = any(
                part.endswith(pattern[4:]) and "\n" not in "/".join(parts[:depth]) for depth, part in enumerate(parts)
            )
        elif pattern.startswith("**/") and pattern.endswith("/**"):
            hit = pattern[3:-3] in parts[:-1]
        elif pattern.startswith("**/"):
            hit = any(part == pattern[3:] and "\n" not in "/".join(parts[:depth]) for depth, part in enumerate(parts))
        else:
            hit = below(path, (pattern,))
        if hit:
            return True
    return False


def selected(tree: Listing, tops: Iterable[str], ignore: Iterable[str]) -> dict[str, Item]:
    """What is taken of a whole tree."""
    return {path: item for path, item in tree.items() if below(path, tops) and not ignored(path, ignore)}


@functools.lru_cache(maxsize=1024)
def roots(repo: Path, commit: str, paths: tuple[str, ...], ignore: tuple[str, ...] = ()) -> frozenset[str]:
    """The declared paths and everything that links lead to from there, until nothing new is found."""
    tree, texts = listing(repo, commit), link_texts(repo, commit)
    folders = {path[:cut] for path in tree for cut, sign in enumerate(path) if sign == "/"}
    passed: set[str] = set()  # links on the way
    ends = set(paths)
    followed: set[str] = set()
    todo = set(paths)
    while todo:
        for path in todo:
            links, end = walk(tree, folders, texts, path)
            passed |= links
            ends |= set() if end is None else {end}
        followed |= todo
        todo = {path for path in selected(tree, ends, ignore) if path in texts} - followed
    return frozenset(ends | passed)


def walk(tree: Listing, folders: Container[str], texts: Mapping[str, str], path: str) -> tuple[set[str], str | None]:
    """Follow a path from the repository's root: the links on the way, and where it ends, if it ends anywhere."""
    links: list[str] = []
    here, todo = "", path.split("/")
    while todo:
        step = todo.pop(0)
        if step in ("", "."):
            continue
        if step == "..":
            if not here:
                return set(links), None  # out of the repository
            here = here.rpartition("/")[0]
            continue
        there = f"{here}/{step}" if here else step
        item = tree.get(there)
        if item is not None and item.mode == LINK:
            links.append(there)
            if len(links) > MOST_LINKS or texts[there].startswith("/"):
                return set(links), None  # a loop, or out of the repository
            todo = texts[there].split("/") + todo
        elif item is not None and item.mode == SUBMODULE:
            return set(links), there
        elif item is not None or there not in folders:
            return set(links), missing(there, todo)
        else:
            here = there
    return set(links), here


def missing(there: str, todo: list[str]) -> str | None:
    """The path that a walk wanted and that is a file, or is not there."""
    rest = [step for step in todo if step not in ("", ".")]
    return None if ".." in rest else "/".join([there, *rest])


def touching(repo: Path, shas: Iterable[str], tops: Iterable[str], ignore: Iterable[str]) -> set[str]:
    """Those of the commits that touch a service."""
    shas = tuple(shas)
    learn(repo, shas)
    return {sha for sha in shas if any(below(path, tops) and not ignored(path, ignore) for path in touched(repo, sha))}


TOUCHED: dict[tuple[Path, str], frozenset[str]] = {}


def touched(repo: Path, sha: str) -> frozenset[str]:
    """The paths where a commit differs from every parent; from the empty tree when it has none."""
    learn(repo, (sha,))
    return TOUCHED[repo, sha]


def learn(repo: Path, shas: Iterable[str]) -> None:
    """Compare each commit with each parent, tree against tree, and remember the paths they all have in common."""
    todo = [sha for sha in shas if (repo, sha) not in TOUCHED]
    if not todo:
        return
    parents = {}
    for line in run_git(repo, "rev-list", "--no-walk=unsorted", "--parents", "--stdin", stdin=lines(todo)).splitlines():
        sha, *of = line.decode().split()
        parents[sha] = of
    trees = tree_ids(repo, {*parents, *(parent for of in parents.values() for parent in of)})
    pairs = {(trees[parent], trees[sha]) for sha, of in parents.items() for parent in of}
    pairs |= {(EMPTY_TREE, trees[sha]) for sha, of in parents.items() if not of}
    differences = compare(repo, sorted(pairs))
    for sha, of in parents.items():
        each = [differences[before, trees[sha]] for before in ([trees[parent] for parent in of] or [EMPTY_TREE])]
        TOUCHED[repo, sha] = frozenset.intersection(*each)


def forget() -> None:
    """Let go of everything remembered: for long campaigns over many repositories."""
    TOUCHED.clear()
    for remembered in (listing, link_texts, link_text, roots, history):
        remembered.cache_clear()


def lines(words: Iterable[str]) -> bytes:
    return "".join(f"{word}\n" for word in words).encode()


def tree_ids(repo: Path, shas: Iterable[str]) -> dict[str, str]:
    asked = sorted(shas)
    answer = run_git(repo, "cat-file", "--batch-check=%(objectname)", stdin=lines(f"{sha}^{{tree}}" for sha in asked))
    return dict(zip(asked, answer.decode().split(), strict=True))


def compare(repo: Path, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], frozenset[str]]:
    """The paths in which two trees differ, for many pairs in one process."""
    found: dict[tuple[str, str], set[str]] = {}
    fields = iter(run_git(repo, *DIFF_TREE, stdin=lines(map(" ".join, pairs))).split(b"\0"))
    for about in fields:
        # `<tree> <tree>` and a line end for each pair, then ":modes and ids" NUL path NUL for each difference.
        *heads, difference = about.decode().split("\n")
        for head in heads:
            before, after = head.split(" ")
            here = found.setdefault((before, after), set())
        if difference:
            here.add(next(fields).decode("utf-8", "surrogateescape"))
    return {pair: frozenset(paths) for pair, paths in found.items()}
