"""Layouts and trees for closures that are written by hand."""

from __future__ import annotations

from collections.abc import Mapping

from deploytool.domain.image_layout import Layout, Placed
from deploytool.domain.tree import Tree


def layout_of(files: Mapping[str, str], tree: Tree | None = None) -> Layout:
    """Image path -> repository path; with a tree, the blobs are the tree's."""
    placed = {}
    for image, path in files.items():
        entry = None if tree is None else tree.entry(path)
        placed[image] = Placed(0o100644, "" if entry is None else entry.oid, path)
    return Layout(placed)
