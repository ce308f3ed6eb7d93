"""`drift --fetch`: the missing commits come from the user's remote, and the user's clone stays as it was."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.asking import Ended, Shop
from tests.repositories import Builder, Link, blobless_clone, run_git, shallow_clone, treeless_clone

DOCKERFILE = b"FROM python:3.12\nCOPY web /app\n"


class Story:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "origin"
        with Builder(self.path) as builder:
            files = {"api/x.py": b"0", "web/main.py": b"0", "web/Dockerfile": DOCKERFILE, "web/l": Link("main.py")}
            self.commits = [builder.commit(files)]
            for number in range(1, 9):
                changed = {
                    "web/Dockerfile": DOCKERFILE + b"# %d\n" % number,
                    "web/l": Link(f"./main.py{'/.' * number}"),
                }
                self.commits.append(builder.commit({"api/x.py": b"%d" % number, **changed}))
            self.pick = builder.commit({"api/x.py": b"hot"}, [self.commits[4]], branch="hotfix")
            builder.git("update-ref", "refs/pull/1/merge", self.pick)
            builder.git("branch", "-q", "-D", "hotfix")
        self.tip = self.commits[-1]


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    found = Shop(tmp_path / "shop", tmp_path / "clone")
    found.environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    return found


def state_of(clone: Path) -> dict[str, object]:
    """Everything of a clone that a fetch could change."""
    git_dir = clone / ".git"
    files = {
        str(file.relative_to(git_dir)): (file.read_bytes(), file.stat().st_mtime_ns)
        for file in sorted(git_dir.rglob("*"))
        if file.is_file()
    }
    return {
        "files": files,
        "folders": sorted(map(str, git_dir.rglob("*"))),
        "config": run_git(clone, "config", "-l", "--local"),
    }


def fetched(shop: Shop, *argv: str) -> Ended:
    before = state_of(shop.repository)
    ended = shop.drift("--fetch", *argv)
    assert state_of(shop.repository) == before
    return ended


def exact(ended: Ended, behind: int, web: int) -> None:
    found = ended.services
    assert [(found["api"][key]) for key in ("verdict", "code", "behind", "ahead")] == ["stale", "behind", behind, 0]
    assert [(found["web"][key]) for key in ("verdict", "code", "behind", "ahead")] == ["stale", "behind", web, 0]


CLONES: dict[str, Callable[[Path, Path], object]] = {
    "shallow": shallow_clone,
    "blobless": blobless_clone,
    "treeless": treeless_clone,
    "shallow and blobless": lambda source, path: run_git(
        source, "clone", "-q", "-n", "--depth=2", "--filter=blob:none", f"file://{source}", str(path)
    ),
    "shallow and treeless": lambda source, path: run_git(
        source, "clone", "-q", "-n", "--depth=2", "--filter=tree:0", f"file://{source}", str(path)
    ),
    "whole": lambda source, path: run_git(source, "clone", "-q", f"file://{source}", str(path)),
    "of a plain path": lambda source, path: run_git(source, "clone", "-q", str(source), str(path)),
}


@pytest.mark.parametrize("kind", CLONES)
@pytest.mark.parametrize("length", [40, 8])
def test_after_fetching_the_counts_are_exact(kind: str, length: int, story: Story, shop: Shop) -> None:
    CLONES[kind](story.path, shop.repository)
    shop.service("api", story.commits[2][:length], paths=["api"])
    shop.service("web", story.commits[5][:length], dockerfile="web/Dockerfile")
    exact(fetched(shop), 6, 3)


@pytest.mark.parametrize("kind", CLONES)
def test_the_second_time_the_store_serves_alone(kind: str, story: Story, shop: Shop, tmp_path: Path) -> None:
    CLONES[kind](story.path, shop.repository)
    shop.service("api", story.commits[2], paths=["api"])
    shop.service("web", story.commits[5], dockerfile="web/Dockerfile")
    exact(fetched(shop), 6, 3)
    if "treeless" not in kind:
        story.path.rename(tmp_path / "away")
    exact(fetched(shop), 6, 3)


def test_a_clone_that_moved_on_between_two_fetches(story: Story, shop: Shop) -> None:
    """Its edge moves, so what the store remembers of the edge is old."""
    shallow_clone(story.path, shop.repository)
    shop.service("api", story.commits[2], paths=["api"])
    shop.service("web", story.commits[5], dockerfile="web/Dockerfile")
    exact(fetched(shop), 6, 3)
    with Builder(story.path) as builder:
        builder.tips["main"] = story.tip
        builder.commit({"api/x.py": b"new"})
        builder.commit({"api/x.py": b"newer"})
    run_git(shop.repository, "fetch", "-q", "--depth=1", "origin", "main")
    run_git(shop.repository, "update-ref", "refs/heads/main", "FETCH_HEAD")
    exact(fetched(shop), 8, 3)


def test_a_commit_on_no_branch_is_fetched_by_its_id(story: Story, shop: Shop) -> None:
    CLONES["whole"](story.path, shop.repository)
    shop.service("api", story.pick, paths=["api"])
    shop.service("nobody", "0" * 39 + "1", paths=["api"])
    assert shop.drift().services["api"]["verdict"] == "unknown"
    found = fetched(shop).services
    assert [found["api"][key] for key in ("verdict", "code", "behind", "ahead")] == ["stale", "diverged", 4, 1]
    assert found["nobody"]["verdict"] == "unknown"
    assert "not a commit in this repository" in found["nobody"]["reason"]


def test_a_remote_that_gives_out_branches_only(story: Story, shop: Shop, tmp_path: Path) -> None:
    run_git(story.path, "config", "uploadpack.allowAnySHA1InWant", "false")
    run_git(story.path, "config", "uploadpack.allowFilter", "false")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.gitconfig").write_text("[protocol]\n\tversion = 0\n")
    shop.environment["HOME"] = str(tmp_path / "home")
    shallow_clone(story.path, shop.repository)
    shop.service("api", story.commits[2], paths=["api"])
    shop.service("web", story.commits[5], dockerfile="web/Dockerfile")
    exact(fetched(shop), 6, 3)


def test_a_relative_address_is_relative_to_the_repository(story: Story, shop: Shop) -> None:
    shallow_clone(story.path, shop.repository)
    run_git(shop.repository, "remote", "set-url", "origin", "../origin")
    shop.service("api", story.commits[2], paths=["api"])
    shop.service("web", story.commits[5], dockerfile="web/Dockerfile")
    exact(fetched(shop), 6, 3)
    shop.repository = shop.repository / "api"
    shop.repository.mkdir()
    exact(shop.drift("--fetch"), 6, 3)


def test_a_local_target_that_was_never_pushed(story: Story, shop: Shop) -> None:
    treeless_clone(story.path, shop.repository)
    run_git(shop.repository, "checkout", "-q", "main")
    (shop.repository / "api/x.py").write_text("local")
    run_git(shop.repository, "commit", "-q", "-a", "-m", "Not pushed")
    shop.service("api", story.commits[2], paths=["api"])
    shop.service("web", story.commits[5], dockerfile="web/Dockerfile")
    exact(fetched(shop), 7, 3)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ext::sh -c touch% MARK", "only https, ssh and file"),
        ("--upload-pack=touch MARK", "failed"),
        ("-oProxyCommand=touch MARK:x", "failed"),
        ("ssh://-oProxyCommand=touch MARK/x", "failed"),
        ("git://127.0.0.1:1/x", "only https, ssh and file"),
        ("http://127.0.0.1:1/x", "only https, ssh and file"),
        ("https://me:s3cret@127.0.0.1:1/x", "failed"),
        ("/nonexistent/place", "failed"),
        ("trap::x", "only https, ssh and file"),
    ],
)
def test_a_remote_that_is_refused_or_cannot_be_reached(
    url: str, words: str, story: Story, shop: Shop, tmp_path: Path
) -> None:
    shallow_clone(story.path, shop.repository)
    mark = tmp_path / "mark"
    run_git(shop.repository, "config", "remote.origin.url", url.replace("MARK", str(mark)))
    shop.service("api", story.commits[2], paths=["api"])
    ended = fetched(shop)
    assert (ended.code, ended.stdout) == (3, "")
    assert words in ended.stderr
    assert "hint: " in ended.stderr
    assert "s3cret" not in ended.stderr
    assert not mark.exists()


def test_without_a_remote(story: Story, shop: Shop) -> None:
    shallow_clone(story.path, shop.repository)
    run_git(shop.repository, "remote", "remove", "origin")
    shop.service("api", story.commits[2], paths=["api"])
    ended = fetched(shop)
    assert ended.code == 3
    assert "git remote add origin URL" in ended.stderr


def test_nothing_is_fetched_unless_asked(story: Story, shop: Shop, tmp_path: Path) -> None:
    shallow_clone(story.path, shop.repository)
    shop.service("api", story.commits[2], paths=["api"])
    shop.drift()
    assert not (tmp_path / "cache/deploytool/fetched").exists()


def test_nothing_secret_is_written_down(story: Story, shop: Shop, tmp_path: Path) -> None:
    shallow_clone(story.path, shop.repository)
    run_git(shop.repository, "config", "http.https://example.com/.extraheader", "AUTHORIZATION: basic c2VjcmV0")
    run_git(shop.repository, "config", "remote.origin.url", "https://me:s3cret@127.0.0.1:1/x")
    shop.service("api", story.commits[2], paths=["api"])
    fetched(shop)
    run_git(shop.repository, "config", "remote.origin.url", f"file://{story.path}")
    fetched(shop)
    for file in (tmp_path / "cache").rglob("*"):
        if file.is_file():
            assert b"s3cret" not in file.read_bytes()
            assert b"c2VjcmV0" not in file.read_bytes()


def test_a_damaged_store_is_said(story: Story, shop: Shop, tmp_path: Path) -> None:
    shallow_clone(story.path, shop.repository)
    shop.service("api", story.commits[2], paths=["api"])
    shop.service("web", story.commits[5], dockerfile="web/Dockerfile")
    fetched(shop)
    (store,) = [path for path in (tmp_path / "cache/deploytool/fetched").iterdir() if path.is_dir()]
    shutil.rmtree(store / "objects/pack")
    os.mkdir(store / "objects/pack")
    ended = fetched(shop)
    assert ended.code in (1, 3)
    assert ended.stdout or "hint: " in ended.stderr
