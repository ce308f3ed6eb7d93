"""The cache may be damaged, foreign, shared or missing: the answers stay the same, and nothing falls over."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploytool.adapters.git import Repository
from deploytool.adapters.git.cache import FORMAT, KINDS, FactCache, Kind
from deploytool.config.models import ServiceTable
from deploytool.detect.impact import Impacts
from deploytool.detect.sources import Seen, Sources
from deploytool.domain.report import Precision
from tests.asking import ROOT, Shop
from tests.repositories import Builder, Link

FILES = {
    "Dockerfile": b"FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD python main.py\n",
    "main.py": b"import a, pkg.b\nimport importlib\nimportlib.import_module('pkg.' + 'c')\n",
    "a.py": b"import os, sys\nsys.path.append('pkg')\n",
    "pkg/__init__.py": b"",
    "pkg/b.py": b"from . import c\n",
    "pkg/c.py": b"X = 'notes.md'\n",
    "unused.py": b"def f(:\n",
    "notes.md": b"",
    "l": Link("pkg"),
}
TABLE = ServiceTable.model_validate({"dockerfile": "Dockerfile"})


class Story:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "r"
        with Builder(self.path) as made:
            self.commits = [made.commit(dict(FILES)), made.commit({"unused.py": b"\n", "a.py": b"import os\n"})]
            self.commits.append(made.commit({"a.py": b"import os  # once\n"}))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("story"))


def answers(story: Story, cache: Path | None) -> list[object]:
    """Everything that the four kinds of entries have a part in."""
    repository = Repository(story.path, cache=cache)
    try:
        impacts, sources = Impacts(repository), Sources(repository.cache)
        trees = repository.trees(story.commits)
        seen = [Seen(trees[each], sources.made_of(TABLE, trees[each], Precision.IMPORT)) for each in story.commits]
        found: list[object] = [impacts.of(TABLE, each) for each in seen]
        found += [impacts.scope(TABLE, each) for each in seen]
        oids = [entry.oid for each in seen for entry in (each.tree.entry("a.py"),) if entry is not None]
        found += [impacts.studies.facts.of({oid: "a.py"}) for oid in oids]
        found += [impacts.contents.same_program(one, other) for one in oids for other in oids]
        return [*found, repository.touched(story.commits)]
    finally:
        repository.close()


@pytest.fixture(scope="module")
def right(story: Story) -> list[object]:
    return answers(story, None)


@pytest.fixture(scope="module")
def warm(story: Story, right: list[object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a warm cache."""
    folder = tmp_path_factory.mktemp("warm")
    assert answers(story, folder) == answers(story, folder) == right
    (file,) = folder.glob("*.sqlite*")
    return file


def damaged(warm: Path, folder: Path, change: Callable[[bytearray], object]) -> Path:
    content = bytearray(warm.read_bytes())
    change(content)
    folder.mkdir()
    (folder / warm.name).write_bytes(content)
    return folder


def test_a_damaged_file_that_may_not_be_removed(
    story: Story, right: list[object], warm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".sqlite":
            raise PermissionError(path)
        path.exists() and os.unlink(path)

    folder = damaged(warm, tmp_path / "kept", lambda content: content.__setitem__(slice(0, 50), b"x" * 50))
    monkeypatch.setattr(Path, "unlink", refuse)
    assert answers(story, folder) == right


def flips(size: int) -> Iterator[Callable[[bytearray], object]]:
    chance = random.Random(7)
    for number in range(150):
        places = [chance.randrange(100 if number % 5 == 0 else size) for _ in range(1 + number % 3 * 20)]
        values = [chance.randrange(1, 256) for _ in places]

        def change(content: bytearray, places: list[int] = places, values: list[int] = values) -> None:
            for place, value in zip(places, values, strict=True):
                content[place] ^= value

        yield change


def test_flipped_bytes_change_no_answer(story: Story, right: list[object], warm: Path, tmp_path: Path) -> None:
    for number, change in enumerate(flips(warm.stat().st_size)):
        folder = damaged(warm, tmp_path / str(number), change)
        assert answers(story, folder) == right, number
        assert answers(story, folder) == right, number
        shutil.rmtree(folder)


@pytest.mark.parametrize("left", [0, 1, 15, 16, 99, 100, 1024, 4096, 4097, 9000, -1, -100, -4096])
def test_a_file_that_is_cut_short_changes_no_answer(
    left: int, story: Story, right: list[object], warm: Path, tmp_path: Path
) -> None:
    folder = damaged(warm, tmp_path / "cut", lambda content: content.__delitem__(slice(left, None)))
    assert answers(story, folder) == right
    assert answers(story, folder) == right


GARBAGE = [
    "",
    "0",
    "5",
    "null",
    "true",
    '"x"',
    "[]",
    "{}",
    "[1]",
    "[[[1]]]",
    "[" * 100_000,
    "\0",
    "\udcff",
    '{"names": 5}',
    '{"names": [], "by": [[0, 0]], "silent": [], "rest": []}',
    '{"names": ["x"], "by": [], "silent": [], "rest": [], "proven": 1, "doubts": [["x", 1, "y", "?"]], "command": 0}',
    '{"names": null, "by": {}, "silent": {}, "rest": {}, "proven": 1, "doubts": {}, "command": 0, "texts": 1}',
    "9" * 5000,
]


@pytest.mark.parametrize("kind", ["source", "impact"])
def test_entries_of_another_version_are_not_believed(
    kind: Kind, story: Story, right: list[object], warm: Path, tmp_path: Path
) -> None:
    """They have a checksum that fits, and are no entries of ours all the same."""
    with sqlite3.connect(warm) as db:
        keys = [key.hex() for (key,) in db.execute(f"SELECT oid FROM {kind}")]
    for number, text in enumerate(GARBAGE):
        folder = damaged(warm, tmp_path / str(number), lambda content: None)
        cache = FactCache(folder)
        cache.keep(kind, dict.fromkeys(keys, text))
        cache.close()
        if (kind, text) != ("source", "[]"):  # that is the entry of an empty file
            assert answers(story, folder) == right, text[:50]


@pytest.mark.parametrize(
    "value", ["NULL", "7", "1.5", "'text'", "X''", "X'00'", "zeroblob(100000)", "CAST(X'ff' AS TEXT)"]
)
def test_values_of_other_types_are_not_entries(
    value: str, story: Story, right: list[object], warm: Path, tmp_path: Path
) -> None:
    folder = damaged(warm, tmp_path / "types", lambda content: None)
    with sqlite3.connect(folder / warm.name) as db:
        for table in ("touched", "links", *KINDS):
            db.execute(f"UPDATE {table} SET value = {value}")
    db.close()
    assert answers(story, folder) == right


SCHEMAS = [
    "CREATE TABLE source (x)",
    "CREATE VIEW source AS SELECT 1 AS oid, 2 AS value",
    "CREATE TABLE impact (oid, value CHECK (0))",
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_tables_of_another_shape(schema: str, story: Story, right: list[object], tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / f"git-facts-{FORMAT}.sqlite") as db:
        db.execute(schema)
    db.close()
    assert answers(story, tmp_path) == right


def test_a_full_disk_costs_only_the_memory(
    story: Story, right: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite is told that no further page fits."""
    opened = sqlite3.connect

    def full(*arguments: object, **named: object) -> sqlite3.Connection:
        db: sqlite3.Connection = opened(*arguments, **named)  # type: ignore[call-overload]
        db.execute("PRAGMA max_page_count=3")
        return db

    monkeypatch.setattr(sqlite3, "connect", full)
    assert answers(story, tmp_path) == right
    assert answers(story, tmp_path) == right


def test_places_where_no_cache_can_be(story: Story, right: list[object], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    (tmp_path / "taken" / f"git-facts-{FORMAT}.sqlite").mkdir(parents=True)
    (tmp_path / "link").symlink_to("link")
    for folder in (
        file,
        file / "below",
        tmp_path / "taken",
        tmp_path / "link",
        Path("/proc/nowhere"),
        Path("/dev/full"),
    ):
        assert answers(story, folder) == right, folder


@pytest.fixture
def shop(tmp_path: Path, story: Story) -> Shop:
    found = Shop(tmp_path / "shop", story.path)
    found.service("api", story.commits[0], dockerfile="Dockerfile")
    found.environment |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "DEPLOYTOOL_NOW": "2025-06-20T00:00:00Z"}
    return found


def test_eight_at_once_begin_with_an_empty_cache(shop: Shop) -> None:
    expected = shop.drift(environment={"XDG_CACHE_HOME": str(shop.folder / "own")})
    options = ["--config", "services.toml", "--repository", os.fspath(shop.repository), "--fleet", "fleet.json"]
    command = [sys.executable, "-m", "deploytool", "drift", *options, "--format", "json"]
    environment = {**os.environ, "PYTHONPATH": os.fspath(ROOT), **shop.environment}
    running = [
        subprocess.Popen(command, cwd=shop.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(8)
    ]
    ended = [(*one.communicate(timeout=120), one.returncode) for one in running]
    assert {(out.decode(), err.decode(), code) for out, err, code in ended} == {(expected.stdout, "", expected.code)}
    assert shop.drift().stdout == expected.stdout


@pytest.mark.parametrize("case", ["no home", "home is a file", "nowhere", "read only"])
def test_the_program_answers_without_a_cache_folder(case: str, shop: Shop, tmp_path: Path) -> None:
    expected = shop.drift()
    plain = {"PATH": os.environ["PATH"], "PYTHONPATH": os.fspath(ROOT)}
    plain["DEPLOYTOOL_NOW"] = shop.environment["DEPLOYTOOL_NOW"]
    (tmp_path / "file").write_text("")
    if case == "home is a file":
        plain["HOME"] = str(tmp_path / "file")
    elif case == "nowhere":
        plain |= {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/proc/nowhere"}
    elif case == "read only":
        shutil.copytree(tmp_path / "cache", tmp_path / "kept", symlinks=True)
        for path in sorted((tmp_path / "kept").rglob("*"), reverse=True):
            path.is_symlink() or path.chmod(0o500 if path.is_dir() else 0o400)
        plain |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "kept")}
    line = ["drift", "--config", "services.toml", "--repository", os.fspath(shop.repository), "--fleet", "fleet.json"]
    ended = subprocess.run(
        [sys.executable, "-m", "deploytool", *line, "--format", "json"],
        cwd=shop.folder,
        env=plain,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout.decode()) == (expected.code, expected.stdout)
    assert b"Traceback" not in ended.stderr
    assert json.loads(ended.stdout)["services"][0]["precision"] == "import"
