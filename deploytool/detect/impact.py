"""What each service's program can load at a commit: asked of the cache, else worked out from the sources."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from deploytool.adapters.facts import CachedFacts
from deploytool.adapters.git import Repository
from deploytool.config import ServiceTable
from deploytool.detect.contents import Contents
from deploytool.detect.sources import Made
from deploytool.detect.worked_out import Noting, Reading, WorkedOut, decoded, encoded
from deploytool.domain.difference import LeafMemo, changed_paths, files_taken
from deploytool.domain.impact import Impact, scope_of
from deploytool.domain.imports.bringing import imported_distributions
from deploytool.domain.imports.extract import EXTRACTOR
from deploytool.domain.imports.facts import FactsOf, equal_but_for_lines
from deploytool.domain.imports.requirements import requirements_of
from deploytool.domain.imports.study import Study, impact_of, study_of
from deploytool.domain.model import Kind
from deploytool.domain.relevance import is_build_input, tells_of_a_program
from deploytool.domain.tree import FOLDER, LINK, SUBMODULE, Tree

WORKING = 5  # how an impact is worked out; raise it when the same sources could give another one


class Seen(NamedTuple):
    """A service at one commit."""

    tree: Tree
    made: Made


class Impacts:
    """Remembers by content: a commit that changes nothing of a service costs nothing for it."""

    def __init__(self, repository: Repository) -> None:
        self.repository, self.cache = repository, repository.cache
        self.facts = CachedFacts(repository.objects, repository.cache)
        self.contents = Contents(repository)
        self.leaves: LeafMemo = {}
        self._known: dict[str, WorkedOut] = {}

    def of(self, table: ServiceTable, seen: Seen, near: Seen | None = None) -> Impact | None:
        """The impact there; None without an image, or when git lacks a file that would have to be read.

        `near` is the same service at another commit: where they ask for the same imports, one answer serves both.
        """
        found = self._found(table, seen, near)
        return None if found is None else found.impact

    def _found(self, table: ServiceTable, seen: Seen, near: Seen | None = None) -> WorkedOut | None:
        if seen.made.image is None:
            return None
        key = _key(table, seen)
        found = self._known.get(key) or decoded(self.cache.kept("impact", [key]).get(key))
        if found is None:
            with suppress(KeyError):
                found = (self._like(table, seen, near) if near else None) or self._worked_out(table, seen)
                self.cache.keep("impact", {key: encoded(found)})
        if found is not None:
            self._known[key] = found
        return found

    def study(self, table: ServiceTable, seen: Seen, facts: FactsOf | None = None) -> Study:
        """The whole of it, for a person who wants the proof. Raises KeyError for what git does not have."""
        assert seen.made.image is not None
        return study_of(
            seen.made.image,
            seen.tree,
            facts or self.facts,
            function=table.kind is Kind.FUNCTION,
            entrypoint=table.entrypoint,
            dynamic=table.dynamic,
        )

    def unread(self, seen: Seen) -> list[str]:
        """Of the files that may tell what the program is, those whose content is not in this clone."""
        files = [(path, entry) for path, entry in files_taken(seen.tree, seen.made.selection)]
        telling = {path: entry.oid for path, entry in files if entry.mode != SUBMODULE and tells_of_a_program(path)}
        answers = zip(telling, self.repository.objects.ask(list(telling.values())), strict=True)
        return sorted(path for path, found in answers if found is None)

    def imported(self, table: ServiceTable, seen: Seen) -> Mapping[str, str]:
        """Each distribution that the program imports, and a file that does."""
        image = seen.made.image
        if image is None:
            return {}
        study = self.study(table, seen)
        return imported_distributions(study.closure, study.layout, requirements_of(image, seen.tree, study.layout))

    def scope(self, table: ServiceTable, seen: Seen) -> str | None:
        """The id of what the program is made of; None when it cannot be told here."""
        impact = self.of(table, seen)
        if impact is None and seen.made.image is not None:
            return None  # of another clone, or once fetched, it would be another one
        key = _key(table, seen)
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

    def _worked_out(self, table: ServiceTable, seen: Seen) -> WorkedOut:
        taken = {path for path, _ in files_taken(seen.tree, seen.made.selection)}
        noting = Noting(self.facts)
        try:
            study = self.study(table, seen, noting)
        finally:
            self.facts.keep()
        impact = impact_of(study, taken, seen.made.build_inputs)
        return WorkedOut(impact, study.texts, frozenset(noting.readings))

    def _like(self, table: ServiceTable, seen: Seen, near: Seen) -> WorkedOut | None:
        """What holds for `near`, when nothing that changed in between could make another impact."""
        if near.made.selection != seen.made.selection or near.made.doubts != seen.made.doubts:
            return None
        if near.made.overrides != seen.made.overrides:
            return None
        known = self._found(table, near)
        taken = seen.made.selection
        changed = tuple(changed_paths(near.tree, taken, seen.tree, taken, self.leaves))
        if known is None or any(doubt.path in changed for doubt in known.impact.doubts):
            return None
        readings = set(known.readings)
        for path in changed:
            found = self._read_alike(path, known, near, seen)
            if found is None:
                return None
            readings |= found
        return known._replace(readings=frozenset(readings))

    def _read_alike(self, path: str, known: WorkedOut, near: Seen, seen: Seen) -> set[Reading] | None:
        """What would be read of a file that has other content now; None when it may say something else."""
        old, new = near.tree.entry(path), seen.tree.entry(path)
        if old is None or new is None or old.mode != new.mode or new.mode in (FOLDER, LINK, SUBMODULE):
            return None
        if path in seen.made.build_inputs or is_build_input(path) or old.oid in known.texts:
            return None
        names = [name for oid, name in known.readings if oid == old.oid]
        for name in names:
            before, after = self.facts.of({old.oid: name}), self.facts.of({new.oid: name})
            if not equal_but_for_lines(before[old.oid], after[new.oid]):
                return None
        return {(new.oid, name) for name in names}


def _key(table: ServiceTable, seen: Seen) -> str:
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
