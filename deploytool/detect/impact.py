"""What each service's program can load at a commit: asked of the cache, else worked out from the sources."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from deploytool.adapters.git import Repository
from deploytool.config import ServiceTable
from deploytool.detect.contents import Contents
from deploytool.detect.sources import Seen
from deploytool.detect.worked_out import WorkedOut, decoded, encoded
from deploytool.domain.difference import files_taken
from deploytool.domain.impact import Impact, scope_of
from deploytool.domain.imports import EXTRACTOR
from deploytool.domain.relevance import is_build_input, tells_of_a_program
from deploytool.domain.tree import SUBMODULE

if TYPE_CHECKING:
    from deploytool.detect.studies import Studies

WORKING = 7  # how an impact is worked out; raise it when the same sources could give another one


class Impacts:
    """Remembers by content: a commit that changes nothing of a service costs nothing for it."""

    def __init__(self, repository: Repository) -> None:
        self.repository, self.cache = repository, repository.cache
        self.contents = Contents(repository)
        self._known: dict[str, WorkedOut] = {}

    @cached_property
    def studies(self) -> Studies:
        """Who reads sources: half of this program, and mostly the cache has the answer."""
        from deploytool.detect.studies import Studies

        return Studies(self.repository)

    def of(self, table: ServiceTable, seen: Seen, near: Seen | None = None) -> Impact | None:
        """The impact there; None without an image, or when git lacks a file that would have to be read.

        `near` is the same service at another commit: where they ask for the same imports, one answer serves both.
        """
        found = self._found(table, seen, near)
        return None if found is None else found.impact

    def _found(self, table: ServiceTable, seen: Seen, near: Seen | None = None) -> WorkedOut | None:
        if seen.made.image is None:
            return None
        key = key_of(table, seen)
        found = self._known.get(key) or decoded(self.cache.kept("impact", [key]).get(key))
        if found is None:
            with suppress(KeyError):
                beside = self._found(table, near) if near else None
                found = self.studies.like(seen, near, beside) if near and beside else None
                found = found or self.studies.worked_out(table, seen)
                self.cache.keep("impact", {key: encoded(found)})
        if found is not None:
            self._known[key] = found
        return found

    def imported(self, table: ServiceTable, seen: Seen) -> dict[str, str]:
        """Each distribution that the program imports, and a file that does. Raises KeyError like a study."""
        key = key_of(table, seen)
        known = self.cache.kept("imported", [key]).get(key)
        if known is not None:
            with suppress(ValueError):
                found: dict[str, str] = json.loads(known)
                return found
        told = dict(self.studies.imported(table, seen))
        self.cache.keep("imported", {key: json.dumps(told)})
        return told

    def unread(self, seen: Seen) -> list[str]:
        """Of the files that may tell what the program is, those whose content is not in this clone."""
        files = [(path, entry) for path, entry in files_taken(seen.tree, seen.made.selection)]
        telling = {path: entry.oid for path, entry in files if entry.mode != SUBMODULE and tells_of_a_program(path)}
        answers = zip(telling, self.repository.objects.ask(list(telling.values())), strict=True)
        return sorted(path for path, found in answers if found is None)

    def scope(self, table: ServiceTable, seen: Seen) -> str | None:
        """The id of what the program is made of; None when it cannot be told here."""
        impact = self.of(table, seen)
        if impact is None and seen.made.image is not None:
            return None  # of another clone, or once fetched, it would be another one
        key = key_of(table, seen)
        known = self.cache.kept("scope", [key]).get(key)
        if known is None:
            with suppress(KeyError):
                paths = impact.live if impact else (path for path, _ in files_taken(seen.tree, seen.made.selection))
                known = scope_of(self._contents(paths, seen))
                self.cache.keep("scope", {key: known})
        return known

    def _contents(self, paths: Iterable[str], seen: Seen) -> Iterator[tuple[str, int, str]]:
        for path in {*paths, *seen.made.build_inputs}:
            entry = seen.tree.entry(path)
            if entry is not None:
                counts = path in seen.made.build_inputs or is_build_input(path)
                yield path, entry.mode, self.contents.essence(path, entry.oid) if counts else entry.oid


def key_of(table: ServiceTable, seen: Seen) -> str:
    """Everything that the impact depends on, as one id: what is taken by content, and what services.toml says."""
    parts = json.dumps(list(_parts(table, seen)))  # each part in quotes: none can pass for two others
    return hashlib.sha256(parts.encode("ascii")).hexdigest()


def _parts(table: ServiceTable, seen: Seen) -> Iterator[object]:
    yield WORKING, EXTRACTOR, *sys.version_info[:2]  # another Python reads sources differently
    yield "paths" if seen.made.image is None else "image"
    yield table.kind, table.dockerfile, table.context_path, table.image_folder, table.entrypoint
    yield table.dynamic
    yield repr(seen.made.overrides)
    yield table.ignore
    for paths in (seen.made.selection.inputs, seen.made.selection.roots):
        entries = [(path, seen.tree.entry(path)) for path in sorted(paths)]
        yield [(path, None if entry is None else (entry.mode, entry.oid)) for path, entry in entries]
