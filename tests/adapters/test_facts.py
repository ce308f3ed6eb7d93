"""Facts are told once for each blob, shared by processes, and told again when what was kept is damaged."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from deploytool.adapters import facts as adapter
from deploytool.adapters.facts import CachedFacts, key_of
from deploytool.adapters.git import Repository
from deploytool.adapters.git.cache import FactCache
from deploytool.domain.imports.facts import Facts
from deploytool.domain.imports.source.extract import facts_of
from deploytool.domain.imports.source.facts_json import facts_from, text_of
from deploytool.domain.tree import Objects
from tests.domain.memory_tree import MemoryObjects
from tests.repositories import Builder

RICH = b"""
import a, sys, os
from b.c import d as e
from . import *
__all__ = [n for n in x]
sys.path.insert(0, os.path.dirname(__file__))
sys.path.append(x)
try:
    __import__("p.%s" % y)
except ImportError:
    exec(y)
if __name__ == "__main__":
    os.listdir("data/" + "t\xc3\xa9l\xc3\xa9.csv")
"""


class Counted(MemoryObjects):
    def __init__(self) -> None:
        super().__init__()
        self.waves: list[int] = []

    def blobs(self, oids: Sequence[str]) -> Mapping[str, bytes]:
        self.waves.append(len(oids))
        return super().blobs(oids)


@pytest.fixture
def objects() -> Counted:
    return Counted()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path) -> Iterator[FactCache]:
    opened = FactCache(folder)
    yield opened
    opened.close()


def many(objects: Counted, count: int) -> dict[str, str]:
    return {objects.add_blob(b"import m%d" % number): f"m{number}.py" for number in range(count)}


@pytest.mark.parametrize(
    "facts",
    [
        Facts(),
        facts_of(RICH),
        facts_of(b"("),
        facts_of(b"#!/bin/sh\na/b.sh", "x"),
        facts_of(b"'a\\ud800/b'\nx='\\ud800/'"),
    ],
)
def test_facts_survive_being_written_down(facts: Facts) -> None:
    text = text_of(facts)
    assert facts_from(text) == facts and text.isascii() and "\n" not in text


def test_what_is_written_is_smaller_than_the_source() -> None:
    source = Path(adapter.__file__).read_bytes()
    assert len(text_of(facts_of(source))) < len(source) / 3


def asked(objects: Objects, cache: FactCache, blobs: Mapping[str, str]) -> dict[str, Facts]:
    """What a process is told, and leaves in the cache."""
    facts = CachedFacts(objects, cache)
    told = facts.of(blobs)
    facts.keep()
    return told


def test_all_blobs_are_read_in_one_wave_and_only_once(objects: Counted, folder: Path, cache: FactCache) -> None:
    blobs = many(objects, 50)
    first = CachedFacts(objects, cache)
    told = first.of(blobs)
    assert [each.imports[0].module for each in told.values()] == [f"m{number}" for number in range(50)]
    assert first.of(blobs) == told and objects.waves == [50]
    first.keep()
    assert asked(objects, FactCache(folder), blobs) == told and objects.waves == [50]
    more = {**blobs, objects.add_blob(b"import z"): "z.py"}
    assert len(first.of(more)) == 51 and objects.waves == [50, 1]


def test_many_blobs_are_not_all_in_memory_at_once(
    objects: Counted, cache: FactCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "WAVE", 20)
    assert len(asked(objects, cache, many(objects, 50))) == 50
    assert objects.waves == [20, 20, 10]


def test_it_works_without_a_cache(objects: Counted) -> None:
    assert len(asked(objects, FactCache(None), many(objects, 3))) == 3


def test_the_language_is_part_of_the_question(objects: Counted, cache: FactCache) -> None:
    oid = objects.add_blob(b"import a.b")
    asked = CachedFacts(objects, cache)
    assert asked.of({oid: "x.py"})[oid].imports
    assert asked.of({oid: "x.txt"})[oid] == Facts()
    assert asked.of({oid: "x.sh"})[oid].strings == ("a.b",)
    assert len({key_of(oid, name) for name in ("x.py", "y.py", "x.sh", "x")}) == 3


def test_another_extractor_asks_anew(objects: Counted, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = many(objects, 3)
    asked(objects, FactCache(folder), blobs)
    monkeypatch.setattr(adapter, "EXTRACTOR", adapter.EXTRACTOR + 1)
    asked(objects, FactCache(folder), blobs)
    assert objects.waves == [3, 3]


def test_a_flipped_bit_anywhere_is_noticed_and_mended(objects: Counted, folder: Path) -> None:
    oid = objects.add_blob(RICH)
    name = {oid: "x.py"}
    wanted = asked(objects, FactCache(folder), name)
    db = sqlite3.connect(next(folder.glob("*.sqlite")))
    (good,) = db.execute("SELECT value FROM source").fetchone()
    flipped = [good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :] for at in range(len(good))]
    shortened = [good[:at] for at in range(0, len(good), 7)]
    cache = FactCache(folder)
    for count, bad in enumerate([*flipped, *shortened, good + b" "], start=2):
        db.execute("UPDATE source SET value = ?", (bad,))
        db.commit()
        assert asked(objects, cache, name) == wanted
        assert len(objects.waves) == count, "the damaged entry was believed"
        assert db.execute("SELECT value FROM source").fetchone() == (good,)


def test_an_entry_under_another_key_is_not_believed(objects: Counted, folder: Path) -> None:
    one, other = objects.add_blob(b"import one"), objects.add_blob(b"import other")
    asked(objects, FactCache(folder), {one: "x.py"})
    db = sqlite3.connect(next(folder.glob("*.sqlite")))
    db.execute("UPDATE source SET oid = ?", (bytes.fromhex(key_of(other, "x.py")),))
    db.commit()
    told = asked(objects, FactCache(folder), {other: "x.py"})[other]
    assert told.imports[0].module == "other"


def test_what_git_does_not_have_is_a_key_error(objects: Counted, cache: FactCache) -> None:
    with pytest.raises(KeyError):
        asked(objects, cache, {"0" * 40: "x.py"})


def _ask(folder: Path) -> int:
    objects = Counted()
    blobs = many(objects, 300)
    told = asked(objects, FactCache(folder), blobs)
    return sum(told[oid].imports[0].module == name[:-3] for oid, name in blobs.items())


def test_processes_share_it(folder: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(_ask, [folder] * 6) == [300] * 6
    objects = Counted()
    asked(objects, FactCache(folder), many(objects, 300))
    assert objects.waves == []


def test_text_that_is_not_in_git(objects: Counted, cache: FactCache) -> None:
    told = CachedFacts(objects, cache).of_text("import a\n", "x.py")
    assert told.imports[0].module == "a" and objects.waves == []


def test_a_real_repository(tmp_path: Path, folder: Path) -> None:
    with Builder(tmp_path / "repository") as built:
        sources = {f"m{number}.py": b"import a%d\n" % number + b"#" * 40 * number for number in range(1000)}
        commit = built.commit({**sources, "empty.py": b""})
    repository = Repository(tmp_path / "repository", cache=folder)
    tree = repository.trees([commit])[commit]
    blobs = {entry.oid: path for path, entry in tree.walk()}
    told = asked(repository.objects, repository.cache, blobs)
    assert {path: [each.module for each in told[oid].imports] for oid, path in blobs.items()} == {
        **{f"m{number}.py": [f"a{number}"] for number in range(1000)},
        "empty.py": [],
    }
    with pytest.raises(KeyError):
        repository.objects.blobs(["0" * 40])
    with pytest.raises(KeyError):
        repository.objects.blobs([tree.oid])
    repository.close()
    assert asked(Counted(), FactCache(folder), blobs) == told
