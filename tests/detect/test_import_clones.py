"""Imports in clones that hold less than everything: followed where the sources are, else judged by the image."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.asking import Ended, Shop
from tests.repositories import Builder, Submodule, blobless_clone, run_git, shallow_clone, treeless_clone

DOCKERFILE = b"""FROM python:3.12
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD gunicorn --log-config-json log.json main:app
"""
FILES = {
    "api/Dockerfile": DOCKERFILE,
    "api/main.py": b"import used\napp = 1\n",
    "api/used.py": b"Y = 1\n",
    "api/unused.py": b"X = 1\n",
    "api/log.json": b"{}\n",
    "api/requirements.txt": b"gunicorn\n",
}
CONTEXT = 'dockerfile = "api/Dockerfile"\ncontext = "api"'


class Story:
    """Two commits: the first is what serves `api`; the second changes a file that it does not import."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "origin"
        with Builder(self.path) as builder:
            self.first = builder.commit({**FILES})
            self.tip = builder.commit({"api/unused.py": b"X = 2\n"})


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


@pytest.fixture
def shop(tmp_path: Path, story: Story) -> Shop:
    found = Shop(tmp_path / "shop", tmp_path / "clone")
    found.environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    found.service("api", story.first, dockerfile="api/Dockerfile")
    found.tables["api"] = f"[services.api]\n{CONTEXT}"
    return found


def said(ended: Ended) -> tuple[str, str, dict[str, str]]:
    api = ended.services["api"]
    return api["verdict"], api["precision"], {file["path"]: file["relevance"] for file in api["files"]}


EXACT = ("current", "import", {"api/unused.py": "not-imported"})
COARSE = ("stale", "image", {"api/unused.py": "cannot-prove"})


def remarks_of(ended: Ended) -> list[Any]:
    return [each for each in ended.report["remarks"] if "could not be followed" in each["message"]]


def lose(repository: Path, *names: str) -> None:
    """Take objects away for good: every object into a file of its own, and these removed."""
    packs = repository / ".git/objects/pack"
    for pack in list(packs.glob("*.pack")):
        moved = repository / ".git" / pack.name
        pack.rename(moved)
        for other in packs.glob(f"{pack.stem}.*"):
            other.unlink()
        run_git(repository, "unpack-objects", "-q", stdin=moved.read_bytes())
        moved.unlink()
    for name in names:
        oid = run_git(repository, "rev-parse", name).decode().strip()
        (repository / ".git/objects" / oid[:2] / oid[2:]).unlink()


def bringing(source: Path, path: Path, *commits: str) -> None:
    """A clone without blobs that has checked these commits out: it has their files."""
    blobless_clone(source, path)
    for commit in commits:
        run_git(path, "checkout", "-q", "--force", commit)


def at_depth_one(source: Path, path: Path, first: str) -> None:
    """As a build machine has it, and the deployed commit without its files."""
    shallow_clone(source, path)
    run_git(path, "checkout", "-q", "--force", "main")
    run_git(path, "fetch", "-q", "--depth=1", "--filter=blob:none", "origin", first)


HALVES: dict[str, Callable[[Story, Path], object]] = {
    "with the target's files": lambda story, path: bringing(story.path, path, "main"),
    "with the deployed files": lambda story, path: bringing(story.path, path, story.first),
}


@pytest.mark.parametrize("half", HALVES)
def test_a_change_is_judged_by_the_image_where_one_sides_sources_are_missing(
    half: str, story: Story, shop: Shop
) -> None:
    """Both sides share all files but one, so what is imported can still be told when that one is not asked for."""
    HALVES[half](story, shop.repository)
    assert said(shop.drift()) == EXACT


LOST = {
    "a source of both": ("main:api/used.py",),
    "the deployed start": ("FIRST:api/main.py",),
    "what names classes": ("main:api/log.json",),
}


@pytest.mark.parametrize("lost", LOST)
def test_without_a_source_the_image_decides_and_a_remark_says_so(lost: str, story: Story, shop: Shop) -> None:
    run_git(story.path, "clone", "-q", f"file://{story.path}", str(shop.repository))
    lose(shop.repository, *(name.replace("FIRST", story.first) for name in LOST[lost]))
    ended = shop.drift()
    assert (ended.code, said(ended)) == (1, COARSE)
    (remark,) = remarks_of(ended)
    path = LOST[lost][0].partition(":")[2]
    assert path in remark["message"]
    assert remark["hint"] == "deploytool drift --fetch"
    assert ended.services["api"]["scope"] is None
    assert "could not be followed" in shop.ask("drift").stderr + shop.ask("drift").stdout


def test_what_could_not_be_told_is_not_remembered(story: Story, shop: Shop) -> None:
    """The cache is shared by all clones: nothing of the poorer one may be left in it."""
    run_git(story.path, "clone", "-q", f"file://{story.path}", str(shop.repository))
    lose(shop.repository, "main:api/used.py")
    assert said(shop.drift()) == COARSE
    whole = shop.drift(repository=story.path)
    shop.environment["XDG_CACHE_HOME"] += "-another"
    alone = shop.drift(repository=story.path)
    assert said(whole) == said(alone) == EXACT
    assert whole.services["api"]["scope"] == alone.services["api"]["scope"] is not None


def test_without_both_sides_nothing_is_claimed(story: Story, shop: Shop) -> None:
    blobless_clone(story.path, shop.repository)
    ended = shop.drift()
    api = ended.services["api"]
    assert (ended.code, api["verdict"]) == (3, "unknown")
    assert "not in this clone" in api["reason"]
    assert api["precision"] != "import"


KINDS: dict[str, Callable[[Story, Path], object]] = {
    "blobless": lambda story, path: blobless_clone(story.path, path),
    "blobless with the target's files": lambda story, path: bringing(story.path, path, "main"),
    "treeless": lambda story, path: treeless_clone(story.path, path),
    "shallow": lambda story, path: shallow_clone(story.path, path),
    "as a build machine has it": lambda story, path: at_depth_one(story.path, path, story.first),
}


@pytest.mark.parametrize("kind", KINDS)
def test_fetching_brings_all_that_imports_need(kind: str, story: Story, shop: Shop) -> None:
    KINDS[kind](story, shop.repository)
    ended = shop.drift("--fetch")
    assert said(ended) == EXACT, ended
    assert remarks_of(ended) == []
    assert ended.services["api"]["scope"]


def sha256(story: Story, path: Path) -> None:
    run_git(path.parent, "init", "-q", "--object-format=sha256", "--initial-branch=main", str(path))
    for commit in (story.first, story.tip):
        run_git(story.path, "checkout", "-q", "--force", commit)
        shutil.copytree(story.path / "api", path / "api", dirs_exist_ok=True)
        run_git(path, "add", ".")
        run_git(path, "commit", "-q", "-m", "again")


def beside(story: Story, path: Path) -> None:
    run_git(story.path, "worktree", "add", "-q", "--detach", str(path), story.tip)


WHOLE: dict[str, Callable[[Story, Path], object]] = {
    "bare": lambda story, path: run_git(story.path, "clone", "-q", "--bare", str(story.path), str(path)),
    "a worktree": beside,
    "of sha256": sha256,
}


@pytest.mark.parametrize("kind", WHOLE)
def test_imports_are_followed_wherever_the_objects_are(kind: str, story: Story, shop: Shop) -> None:
    WHOLE[kind](story, shop.repository)
    shop.labels["api"] = run_git(shop.repository, "rev-parse", "main~1").decode().strip()
    assert said(shop.drift()) == EXACT


def test_a_submodule_in_the_image_is_a_doubt(tmp_path: Path, shop: Shop) -> None:
    with Builder(shop.repository) as builder:
        first = builder.commit({**FILES, "api/vendor": Submodule("1" * 40)})
        builder.commit({"api/unused.py": b"X = 2\n"})
    shop.labels["api"] = first
    ended = shop.drift()
    assert said(ended) == COARSE
    assert "api/vendor: a submodule" in ended.services["api"]["files"][0]["note"]


def explained(shop: Shop, *words: str) -> Ended:
    return shop.ask("explain", "api", *words, "--format", "json")


@pytest.mark.parametrize("question", [(), ("api/unused.py",), ("main",), ("FIRST",)])
@pytest.mark.parametrize("kind", [*KINDS, "a source lost", "requirements lost", "an unused source lost"])
def test_explaining_says_what_it_could_not_read(kind: str, question: tuple[str, ...], story: Story, shop: Shop) -> None:
    if kind in KINDS:
        KINDS[kind](story, shop.repository)
    else:
        run_git(story.path, "clone", "-q", f"file://{story.path}", str(shop.repository))
        paths = {"a source lost": "used.py", "requirements lost": "requirements.txt"}
        lose(shop.repository, f"main:api/{paths.get(kind, 'unused.py')}")
    question = tuple(word.replace("FIRST", story.first) for word in question)
    ended = explained(shop, *question)
    if kind == "shallow" and question == (story.first,):
        assert "--fetch" in ended.stderr
        return
    assert ended.code in (0, 3), ended
    told = ended.stderr + "".join(each["message"] for each in ended.report["remarks"]) if ended.stdout else ended.stderr
    if ended.code == 0 and kind == "a source lost":
        assert "api/used.py is not in this clone" in told
        assert ended.report["services"][0]["precision"] == "image"
    if kind == "an unused source lost" and question == ("api/unused.py",):
        assert "not in this clone" in told
        assert "was not looked for" in shop.ask("explain", "api", *question).stdout
    if kind == "requirements lost" and not question:
        assert "api/requirements.txt is not in this clone" in told
        assert ended.report["services"][0]["missing_modules"] == []
    if ended.code == 3:
        assert "clone" in ended.stdout + ended.stderr
