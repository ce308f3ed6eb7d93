"""Facts of source files by blob id: remembered, else read from the cache, else told from git's bytes."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from deploytool.adapters.git.cache import FactCache
from deploytool.domain.imports import EXTRACTOR
from deploytool.domain.imports.facts import Facts
from deploytool.domain.imports.source.extract import Language, facts_of, language_of
from deploytool.domain.imports.source.facts_json import facts_from, text_of
from deploytool.domain.tree import Objects

WAVE = 200  # blobs that are held in memory at once
LANGUAGES = list(Language)


class CachedFacts:
    """The `FactsOf` of a repository."""

    def __init__(self, objects: Objects, cache: FactCache) -> None:
        self._objects = objects
        self._cache = cache
        self._known: dict[str, Facts] = {}
        self._new: dict[str, str] = {}  # not yet in the cache

    def of(self, blobs: Mapping[str, str]) -> dict[str, Facts]:
        """The facts of each blob; the values are a file name of it. Raises KeyError when git does not have one."""
        keys = {oid: key_of(oid, name) for oid, name in blobs.items()}
        new = [oid for oid, key in keys.items() if key not in self._known]
        if new:
            self._recall([keys[oid] for oid in new])
            self._read([oid for oid in new if keys[oid] not in self._known], blobs, keys)
        return {oid: self._known[key] for oid, key in keys.items()}

    def of_text(self, text: str, name: str) -> Facts:
        return facts_of(text.encode("utf-8", "surrogateescape"), name)

    def _recall(self, keys: Sequence[str]) -> None:
        with _without_collector():
            for key, text in self._cache.kept("source", keys).items():
                facts = _facts_from(text)
                if facts is not None:
                    self._known[key] = facts

    def _read(self, oids: Sequence[str], blobs: Mapping[str, str], keys: Mapping[str, str]) -> None:
        with _without_collector():
            for start in range(0, len(oids), WAVE):
                for oid, content in self._objects.blobs(oids[start : start + WAVE]).items():
                    self._known[keys[oid]] = facts = facts_of(content, blobs[oid])
                    self._new[keys[oid]] = text_of(facts)
                if len(self._new) >= WAVE:
                    self.keep()

    def keep(self) -> None:
        """Write down what was told since the last time: a chain of imports comes one file at a time."""
        new, self._new = self._new, {}
        if new:
            self._cache.keep("source", new)


def key_of(oid: str, name: str) -> str:
    """Hex digits that change with the blob, the extractor, the Python that parses, and the language."""
    return f"{oid}{EXTRACTOR:04x}{sys.version_info[1]:02x}{LANGUAGES.index(language_of(name)):02x}"


def _facts_from(text: str) -> Facts | None:
    """None for what another version wrote."""
    try:
        return facts_from(text)
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


@contextmanager
def _without_collector() -> Iterator[None]:
    """Thousands of objects are made that stay or go all at once: looking for circles among them is a third of it."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
