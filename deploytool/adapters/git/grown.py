"""A tree with some files put, replaced or taken away, made in memory: its ids are those that git would give it.

Only the folders of these paths are made anew, so equal folders stay equal by id, and it costs what the changes cost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from deploytool.adapters.git.objects import Found, GitObjects
from deploytool.domain.tree import FOLDER, Entry, Tree

Changes = dict[bytes, Entry | None]  # by path or by name; None for what is gone


def grown(objects: GitObjects, before: Tree, changes: Mapping[bytes, Entry | None], id_length: int) -> Tree:
    """The tree with these changes; deepest folders first, and what becomes empty goes."""
    folders: dict[bytes, Changes] = {b"": {}}
    for path, entry in changes.items():
        folder, _, name = path.rpartition(b"/")
        folders.setdefault(folder, {})[name] = entry
        while folder:
            folder = folder.rpartition(b"/")[0]
            folders.setdefault(folder, {})
    oid = before.oid
    for folder in sorted(folders, key=lambda path: path.count(b"/") + bool(path), reverse=True):
        oid, filled = _made(objects, _listed(before, folder), folders[folder], id_length)
        above, _, name = folder.rpartition(b"/")
        if filled:
            folders[above][name] = Entry(FOLDER, oid)
        elif folders[above].get(name) is None:  # else a file has taken its place
            folders[above][name] = None
    return Tree(objects, oid)


def _listed(before: Tree, folder: bytes) -> Changes:
    entry = before.entry(folder.decode("utf-8", "surrogateescape"))
    if entry is None or entry.mode != FOLDER:
        return {}
    return {name.encode("utf-8", "surrogateescape"): below for name, below in before.objects.listing(entry.oid).items()}


def _made(objects: GitObjects, entries: Changes, changes: Changes, id_length: int) -> tuple[str, bool]:
    """The id of one tree with these changes, made known to `objects`; and whether anything is in it."""
    kept = {name: entry for name, entry in (entries | changes).items() if entry is not None}
    rows = sorted((name + b"/" if entry.mode == FOLDER else name, name, entry) for name, entry in kept.items())
    raw = b"".join(b"%o %s\0" % (entry.mode, name) + bytes.fromhex(entry.oid) for _, name, entry in rows)
    digest = hashlib.sha1(usedforsecurity=False) if id_length == 40 else hashlib.sha256()
    digest.update(b"tree %d\0" % len(raw) + raw)
    objects.learn(Found(digest.hexdigest(), "tree", raw))
    return digest.hexdigest(), bool(kept)
