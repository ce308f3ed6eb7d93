"""A function's or buildpack's files: the source folder as it is uploaded, with links replaced by what they lead to."""

from __future__ import annotations

from types import MappingProxyType

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.image_layout import Layout, Placed
from deploytool.domain.links import LinkMemo, trail_of
from deploytool.domain.tree import FOLDER, LINK, Entry, Tree

FUNCTION_FOLDER = "/workspace"  # where buildpacks put the source
MOST_VISITS = 300_000  # links can name a folder again and again; a source of this size is not uploaded either


def folder_layout(source: str, tree: Tree) -> Layout:
    """The files below `source`, by their path under FUNCTION_FOLDER."""
    memo = LinkMemo()
    files: dict[str, Placed] = {}
    visits = 0
    pending: list[tuple[str, tuple[str, ...]]] = [(FUNCTION_FOLDER, (source,))]  # the folders above, as they really are
    while pending:
        target, chain = pending.pop()
        entry = tree.entry(chain[-1])
        listing = {} if entry is None else tree.objects.listing(entry.oid)
        visits += len(listing)
        if visits > MOST_VISITS:
            doubt = Doubt(source, 0, f"more than {MOST_VISITS} files; the rest is not laid out", DoubtKind.TOO_LARGE)
            return Layout(MappingProxyType(files), (doubt,))
        for name, below in listing.items():
            path = f"{chain[-1]}/{name}" if chain[-1] else name
            real, found = _behind(tree, path, below, memo)
            if found.mode != FOLDER:
                files[f"{target}/{name}"] = Placed(found.mode, found.oid, real)
            elif real not in chain:  # a link to a folder above would go on for ever
                pending.append((f"{target}/{name}", (*chain, real)))
    return Layout(MappingProxyType(files))


def _behind(tree: Tree, path: str, entry: Entry, memo: LinkMemo) -> tuple[str, Entry]:
    """What lies behind a link, or the link itself when it leads nowhere."""
    real = trail_of(tree, path, memo).path if entry.mode == LINK else None
    found = None if real is None else tree.entry(real)
    return (path, entry) if real is None or found is None else (real, found)
