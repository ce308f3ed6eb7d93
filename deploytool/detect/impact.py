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
from deploytool.domain.difference import LeafMemo, changed_paths, files_taken
from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.impact import Impact, scope_of
from deploytool.domain.imports.bringing import imported_distributions
from deploytool.domain.imports.extract import EXTRACTOR
from deploytool.domain.imports.facts import equal_but_for_lines
from deploytool.domain.imports.requirements import requirements_of
from deploytool.domain.imports.study import Study, impact_of, study_of
from deploytool.domain.model import Kind
from deploytool.domain.relevance import is_build_input
from deploytool.domain.tree import FOLDER, LINK, SUBMODULE, Tree

WORKING = 3  # how an impact is worked out; raise it when the same sources could give another one

# Data whose content never says what is started or imported; all else could (scripts, Procfile, settings).
PLAIN_DATA = (
    ".md", ".rst", ".txt", ".csv", ".json", ".yaml", ".yml", ".sql", ".html", ".css", ".svg", ".png", ".jpg", ".ico",
    ".parquet", ".pkl", ".cbm",
)  # fmt: skip


class Seen(NamedTuple):
    """A service at one commit."""

    tree: Tree
    made: Made


class Impacts:
    """Remembers by content: a commit that changes nothing of a service costs nothing for it."""

    def __init__(self, repository: Repository) -> None:
        self.cache = repository.cache
        self.facts = CachedFacts(repository.objects, repository.cache)
        self.contents = Contents(repository)
        self.leaves: LeafMemo = {}
        self._known: dict[str, Impact] = {}

    def of(self, table: ServiceTable, seen: Seen, near: Seen | None = None) -> Impact | None:
        """The impact there; None without an image, or when git lacks a file that would have to be read.

        `near` is the same service at another commit: where they ask for the same imports, one answer serves both.
        """
        if seen.made.image is None:
            return None
        key = _key(table, seen)
        found = self._known.get(key) or _decoded(self.cache.kept("impact", [key]).get(key))
        if found is None:
            with suppress(KeyError):
                found = (self._like(table, seen, near) if near else None) or self._worked_out(table, seen)
                self.cache.keep("impact", {key: _encoded(found)})
        if found is not None:
            self._known[key] = found
        return found

    def study(self, table: ServiceTable, seen: Seen) -> Study:
        """The whole of it, for a person who wants the proof. Raises KeyError for what git does not have."""
        assert seen.made.image is not None
        return study_of(
            seen.made.image,
            seen.tree,
            self.facts,
            function=table.kind is Kind.FUNCTION,
            entrypoint=table.entrypoint,
            dynamic=table.dynamic,
        )

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

    def _worked_out(self, table: ServiceTable, seen: Seen) -> Impact:
        taken = {path for path, _ in files_taken(seen.tree, seen.made.selection)}
        return impact_of(self.study(table, seen), taken, seen.made.build_inputs)

    def _like(self, table: ServiceTable, seen: Seen, near: Seen) -> Impact | None:
        """The impact of `near`, when nothing that changed in between could make another one."""
        if near.made.selection != seen.made.selection or near.made.overrides != seen.made.overrides:
            return None
        known = self.of(table, near)
        taken = seen.made.selection
        changed = tuple(changed_paths(near.tree, taken, seen.tree, taken, self.leaves))
        if known is None or any(doubt.path in changed for doubt in known.doubts):
            return None
        return known if all(self._asks_alike(path, known, near, seen) for path in changed) else None

    def _asks_alike(self, path: str, known: Impact, near: Seen, seen: Seen) -> bool:
        old, new = near.tree.entry(path), seen.tree.entry(path)
        if old is None or new is None or old.mode != new.mode or new.mode in (FOLDER, LINK, SUBMODULE):
            return False
        if path in seen.made.build_inputs or is_build_input(path):
            return False
        if path not in known.by:
            return path in known.silent or path.endswith(PLAIN_DATA)
        name = path.rpartition("/")[2]
        facts = self.facts.of({old.oid: name, new.oid: name})
        return equal_but_for_lines(facts[old.oid], facts[new.oid])


def _key(table: ServiceTable, seen: Seen) -> str:
    """Everything that the impact depends on, as one id: what is taken by content, and what services.toml says."""
    digest = hashlib.sha256()
    for part in _parts(table, seen):
        digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()


def _parts(table: ServiceTable, seen: Seen) -> Iterator[str]:
    yield from (
        str(WORKING),
        str(EXTRACTOR),
        str(sys.version_info[:2]),  # which sources can be parsed
        table.kind,
        table.dockerfile or "",
        table.context_path,
        table.image_folder or "",
    )
    yield from ("entrypoint", table.entrypoint or "", "dynamic", *table.dynamic, "ignore", *table.ignore)
    yield repr(seen.made.overrides)
    for kind, paths in (("inputs", seen.made.selection.inputs), ("roots", seen.made.selection.roots)):
        yield kind
        for path in sorted(paths):
            entry = seen.tree.entry(path)
            yield path
            yield "" if entry is None else f"{entry.mode:o} {entry.oid}"


def _encoded(impact: Impact) -> str:
    names = sorted({*impact.by, *impact.silent, *impact.rest})
    number = {name: index for index, name in enumerate(names)}
    shape = {
        "names": names,
        "by": [(number[path], None if above is None else number[above]) for path, above in impact.by.items()],
        "silent": sorted(number[path] for path in impact.silent),
        "rest": sorted(number[path] for path in impact.rest),
        "proven": impact.proven,
        "doubts": [(doubt.path, doubt.line, doubt.why, doubt.kind) for doubt in impact.doubts],
        "command": impact.command,
    }
    return json.dumps(shape, separators=(",", ":"))


def _decoded(value: str | None) -> Impact | None:
    """None for what is not there, or is there from another version."""
    if value is None:
        return None
    try:
        shape = json.loads(value)
        names = shape["names"]
        return Impact(
            by={names[path]: None if above is None else names[above] for path, above in shape["by"]},
            silent=frozenset(names[path] for path in shape["silent"]),
            rest=frozenset(names[path] for path in shape["rest"]),
            proven=shape["proven"],
            doubts=tuple(Doubt(path, line, why, DoubtKind(kind)) for path, line, why, kind in shape["doubts"]),
            command=shape["command"],
        )
    except (ValueError, KeyError, TypeError, IndexError):
        return None
