"""What is staged, as a tree: what `git commit` would record now, told without a byte written into the repository.

git says in what the index differs from HEAD; only the folders of these paths are made anew, in memory, with the ids
that git would give them. So it costs what the change costs, and equal folders stay equal by id.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.adapters.git.grown import grown
from deploytool.adapters.git.process import Git, GitFailed
from deploytool.adapters.git.view import View, borrow
from deploytool.domain.tree import EMPTY_TREE, Entry, Tree
from deploytool.errors import RepositoryError

if TYPE_CHECKING:
    from deploytool.adapters.git.repository import Facts, Repository

DIFF_INDEX = (
    "diff-index", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv",
    "--ignore-submodules=none", "--ita-invisible-in-index",
)  # fmt: skip
SPARSE = b"sdir"  # how a part of the index file begins that only sparse ones have


def staged_tree(repository: Repository, index: str | None = None) -> Tree:
    """The tree of the index, or of the one that `git commit` handed to a hook as GIT_INDEX_FILE.

    git does not have it, so it is known to this repository object alone. Raises RepositoryError.
    """
    facts = repository.facts
    if facts.bare:
        raise RepositoryError(
            f"{facts.top} is bare: nothing is staged there.", hint="Name two commits: --base REF --head REF"
        )
    head = repository.named("HEAD")
    before = repository.trees([head])[head] if head else Tree(repository.objects, EMPTY_TREE[facts.id_length])
    changes = dict(_rows(_differences(facts, _index_of(facts, index), before.oid)))
    return grown(repository.objects, before, changes, facts.id_length)


def _index_of(facts: Facts, handed: str | None) -> Path:
    """A hook may be asked about another repository than the one that is being committed to: then its own index."""
    own = facts.git_dir / "index"
    if not handed:
        return own
    file = facts.top / handed  # relative to where hooks are run
    if ".git" in file.parts and not file.resolve().is_relative_to(facts.git_dir.resolve()):
        return own
    if not file.is_file():
        raise RepositoryError(f"There is no index {file}, which GIT_INDEX_FILE names.", hint="unset GIT_INDEX_FILE")
    return file


def _differences(facts: Facts, index: Path, tree: str) -> bytes:
    """Asked in a folder made for this once: another command may look at another index."""
    view = View(facts.git_dir, facts.common_dir, id_length=facts.id_length, cache=None)
    try:
        (view.folder / "index").symlink_to(index.absolute())
        if index.is_file():
            _spare(view.folder, facts, index.read_bytes())
        return Git(view.folder).run([*DIFF_INDEX, tree, "--"])
    except GitFailed as failure:
        raise RepositoryError(
            f"What is staged cannot be read: {failure.message}", hint="See what git says: git ls-files --stage"
        ) from failure
    finally:
        view.close()


def _spare(view: Path, facts: Facts, index: bytes) -> None:
    """Two kinds of index make git write while it reads: of a split one it marks the other half as used, and for a
    sparse one it writes the trees that it spells out."""
    for half in facts.git_dir.glob("sharedindex.*"):
        if _hex(half.suffix[1:]) in index:
            shutil.copyfile(half, view / half.name)
    if SPARSE in index:
        (view / "objects").unlink()
        borrow(view / "objects", facts.common_dir / "objects")


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text) or b"\0" * 64
    except ValueError:
        return b"\0" * 64


def _rows(raw: bytes) -> Iterator[tuple[bytes, Entry | None]]:
    """Path and entry of each difference. Raises RepositoryError when a merge is not finished."""
    parts = raw.split(b"\0")
    unmerged: list[bytes] = []
    for head, path in zip(parts[::2], parts[1::2], strict=False):
        _, mode, _, oid, status = head.split(b" ")
        if status.startswith(b"U"):
            unmerged.append(path)
        yield path, None if status == b"D" else Entry(int(mode, 8), oid.decode("ascii"))
    if unmerged:
        more = f" and {len(unmerged) - 1} more" if len(unmerged) > 1 else ""
        name = unmerged[0].decode("utf-8", "backslashreplace")
        raise RepositoryError(
            f"A merge is not finished, so nothing can be committed: {name}{more} has conflicts.",
            hint="Settle them, then: git add",
        )
