"""Git trees in memory: real content addressing, no git."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from deploytool.domain.tree import FOLDER, LINK, SUBMODULE, Entry, Tree


class Link(str):
    """A symbolic link's target."""


class Submodule(str):
    """A gitlink's commit."""


class MemoryObjects:
    def __init__(self) -> None:
        self.trees: dict[str, dict[str, Entry]] = {}
        self.contents: dict[str, bytes] = {}
        self.listed = 0

    def listing(self, tree: str) -> Mapping[str, Entry]:
        self.listed += 1
        return self.trees[tree]

    def links_and_folders(self, tree: str) -> Iterable[tuple[str, Entry]]:
        return [(name, entry) for name, entry in self.listing(tree).items() if entry.mode in (LINK, FOLDER)]

    def differing(self, old: str | None, new: str | None) -> Iterable[tuple[str, Entry | None, Entry | None]]:
        olds = self.listing(old) if old is not None else {}
        news = self.listing(new) if new is not None else {}
        return [(name, olds.get(name), news.get(name)) for name in {*olds, *news} if olds.get(name) != news.get(name)]

    def prefetch(self, trees: Iterable[str]) -> None:
        return

    def blob(self, oid: str) -> bytes:
        return self.contents[oid]

    def blobs(self, oids: Sequence[str]) -> Mapping[str, bytes]:
        return {oid: self.blob(oid) for oid in oids}

    def add_blob(self, content: bytes) -> str:
        oid = hashlib.sha1(b"blob" + content).hexdigest()
        self.contents[oid] = content
        return oid

    def add_tree(self, entries: Mapping[str, Entry]) -> str:
        oid = hashlib.sha1(repr(sorted(entries.items())).encode("utf-8", "surrogateescape")).hexdigest()
        self.trees[oid] = dict(entries)
        return oid


def tree_of(files: Mapping[str, str | bytes]) -> Tree:
    """A tree with these files; a Link or Submodule value makes one of those."""
    objects = MemoryObjects()
    nested: dict = {}
    for path, content in files.items():
        here = nested
        *folders, name = path.split("/")
        for folder in folders:
            here = here.setdefault(folder, {})
        here[name] = content
    return Tree(objects, _stored(objects, nested))


def _stored(objects: MemoryObjects, nested: dict) -> str:
    entries = {}
    for name, value in nested.items():
        if isinstance(value, dict):
            entries[name] = Entry(FOLDER, _stored(objects, value))
        elif isinstance(value, Submodule):
            entries[name] = Entry(SUBMODULE, str(value))
        else:
            data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
            entries[name] = Entry(LINK if isinstance(value, Link) else 0o100644, objects.add_blob(data))
    return objects.add_tree(entries)
