"""Which files a tree has, whatever most of them hold: what questions about names need to ask only once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from deploytool.domain.ownership import is_dockerfile
from deploytool.domain.relevance import is_build_input
from deploytool.domain.tree import FOLDER, LINK, SUBMODULE, Entry, Objects

# Neither a module nor anything that a container starts: commits that add a document keep every answer.
DOCUMENTS = (
    ".md", ".rst", ".txt", ".json", ".jsonl", ".yaml", ".yml", ".csv", ".tsv", ".sql", ".html", ".css", ".ipynb",
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".pdf", ".log", ".lock", ".parquet",
)  # fmt: skip


class Outline(NamedTuple):
    """`id` is equal where the files that can be loaded or started have equal names and kinds, and the few of them that
    questions about names read have equal content."""

    id: str
    dockerfiles: tuple[str, ...] = ()  # paths below the tree


OutlineMemo = dict[str, Outline]  # by tree id


def outline_of(objects: Objects, tree: str, memo: OutlineMemo) -> Outline:
    """Each folder is read once, however often it is asked about. Raises KeyError for what git does not have."""
    pending = [tree]
    while pending:
        here = pending[-1]
        if here in memo:
            pending.pop()
            continue
        listing = objects.listing(here)
        unknown = [entry.oid for entry in listing.values() if entry.mode == FOLDER and entry.oid not in memo]
        if unknown:
            objects.prefetch(unknown)
            pending.extend(unknown)
            continue
        memo[here] = _outline(listing, memo)
        pending.pop()
    return memo[tree]


def _outline(listing: Mapping[str, Entry], memo: OutlineMemo) -> Outline:
    told = []
    for name, entry in sorted(listing.items()):
        if entry.mode == FOLDER:
            below = memo[entry.oid].id
            told += [f"{entry.mode:o} {below} {name}"] if below else []  # a folder of documents is as good as none
        elif _is_read(name, entry):
            told.append(f"{entry.mode:o} {entry.oid} {name}")
        elif not name.endswith(DOCUMENTS):
            told.append(f"{entry.mode:o} - {name}")
    text = "\0".join(told).encode("utf-8", "surrogateescape")
    id = hashlib.sha256(text).hexdigest() if told else ""
    return Outline(id, tuple(sorted(_dockerfiles(listing.items(), memo))))


def _is_read(name: str, entry: Entry) -> bool:
    return entry.mode in (LINK, SUBMODULE) or name == "__init__.py" or is_build_input(name)


def _dockerfiles(entries: Iterable[tuple[str, Entry]], memo: OutlineMemo) -> Iterator[str]:
    for name, entry in entries:
        if entry.mode == FOLDER:
            yield from (f"{name}/{path}" for path in memo[entry.oid].dockerfiles)
        elif entry.mode not in (LINK, SUBMODULE) and is_dockerfile(name):
            yield name
