"""A commit's files, read one folder at a time: the shape in which everybody here sees git content.

Paths are `/`-separated from the repository root, without leading or trailing slash; "" is the root.
Names are text decoded with `surrogateescape`, so every byte string git can hold survives a round trip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

FOLDER = 0o040000
LINK = 0o120000
SUBMODULE = 0o160000
# What git calls a tree without entries, by the length of its ids; it knows it even where nobody wrote it.
EMPTY_TREE = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


class Entry(NamedTuple):
    mode: int  # as git stores it: 0o100644, 0o100755, LINK, SUBMODULE or FOLDER
    oid: str  # hex object id


class Objects(Protocol):
    """Content-addressed reading: the same id always gives the same answer, so both may be memoised."""

    def listing(self, tree: str) -> Mapping[str, Entry]:
        """The entries of one tree by name. Raises KeyError when git does not have it."""
        ...

    def links_and_folders(self, tree: str) -> Iterable[tuple[str, Entry]]:
        """The entries of one tree that a search for links needs. Raises KeyError like `listing`."""
        ...

    def differing(self, old: str | None, new: str | None) -> Iterable[tuple[str, Entry | None, Entry | None]]:
        """(name, entry before, entry after) of what is not the same in two trees; None is a tree without entries."""
        ...

    def blob(self, oid: str) -> bytes:
        """The bytes of one blob. Raises KeyError when git does not have it."""
        ...

    def blobs(self, oids: Sequence[str]) -> Mapping[str, bytes]:
        """The bytes of many blobs, asked for at once. Raises KeyError when git does not have one of them."""
        ...

    def prefetch(self, trees: Iterable[str]) -> None:
        """These trees are about to be listed: those that are not remembered may be asked for at once."""
        ...


class Tree(NamedTuple):
    """The content of one commit; `oid` is its root tree."""

    objects: Objects
    oid: str

    def entry(self, path: str) -> Entry | None:
        """What lies at `path`, without following links; None when nothing does."""
        found = Entry(FOLDER, self.oid)
        for name in path.split("/") if path else ():
            if found.mode != FOLDER:
                return None
            below = self.objects.listing(found.oid).get(name)
            if below is None:
                return None
            found = below
        return found

    def walk(self, path: str = "") -> Iterator[tuple[str, Entry]]:
        """Every file, link and submodule at or below `path`, with its full path. Links are not followed."""
        start = self.entry(path)
        if start is None:
            return
        pending = [(path, start)]
        while pending:
            here, entry = pending.pop()
            if entry.mode != FOLDER:
                yield here, entry
                continue
            prefix = f"{here}/" if here else ""
            pending.extend((prefix + name, below) for name, below in self.objects.listing(entry.oid).items())

    def read(self, path: str) -> bytes | None:
        """The bytes of the file at `path`; None when there is no regular file. Links are not followed."""
        entry = self.entry(path)
        if entry is None or entry.mode in (FOLDER, LINK, SUBMODULE):
            return None
        return self.objects.blob(entry.oid)
