"""Clones that hold less than everything: the verdict where content is here, and never a wrong number."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.asking import Shop
from tests.repositories import Builder, Link, blobless_clone, run_git, shallow_clone, treeless_clone

DOCKERFILE = b'FROM python:3.12\nCOPY web /app\nCMD ["python", "/app/main.py"]\n'


class Story:
    """Ten commits to `api`, one to `web` and one to both `web`'s Dockerfile and a link."""

    def __init__(self, path: Path) -> None:
        with Builder(path) as builder:
            files = {"api/x.py": b"0", "web/main.py": b"0", "web/Dockerfile": DOCKERFILE, "web/l": Link("main.py")}
            self.commits = [builder.commit({**files, "docs/a.md": b"0"})]
            self.commits += [builder.commit({"api/x.py": str(number).encode()}) for number in range(1, 11)]
            self.commits.append(builder.commit({"docs/a.md": b"1"}))
        self.path = path
        self.tip = self.commits[-1]


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path / "origin")


def shop(tmp_path: Path, clone: Path, story: Story, api: str, web: str | None = None) -> Shop:
    found = Shop(tmp_path / "shop", clone)
    found.environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    found.service("api", api, paths=["api"])
    found.service("web", web or story.tip, dockerfile="web/Dockerfile")
    return found


def test_a_commit_outside_a_shallow_clone_is_unknown_and_says_what_helps(tmp_path: Path, story: Story) -> None:
    clone = shallow_clone(story.path, tmp_path / "clone")
    ended = shop(tmp_path, clone, story, story.commits[3]).drift()
    api, web = ended.services["api"], ended.services["web"]
    assert (ended.code, api["verdict"], api["code"], api["behind"], api["ahead"]) == (
        3,
        "unknown",
        "unknown",
        None,
        None,
    )
    assert "shallow" in api["reason"]
    assert "git fetch --unshallow" in ended.stdout + ended.stderr
    assert web["verdict"] == "current"


@pytest.mark.parametrize("depth", [4, 5, 8, 11, 12, 30])
def test_counts_are_given_only_when_the_range_is_whole(tmp_path: Path, story: Story, depth: int) -> None:
    """The deployed commit lies 4 commits before the target, so at depth 5 it is the edge itself."""
    clone = shallow_clone(story.path, tmp_path / "clone", depth)
    api = shop(tmp_path, clone, story, story.commits[-5]).drift().services["api"]
    if depth < 5:
        assert (api["verdict"], api["behind"]) == ("unknown", None)
    else:
        assert (api["verdict"], api["code"], api["behind"], api["ahead"]) == ("stale", "behind", 3, 0)


def test_with_both_sides_at_depth_one_the_content_decides_and_history_is_unknown(tmp_path: Path, story: Story) -> None:
    clone = shallow_clone(story.path, tmp_path / "clone")
    run_git(clone, "fetch", "--quiet", "--depth=1", "origin", story.commits[2])
    ended = shop(tmp_path, clone, story, story.commits[2], story.commits[2]).drift()
    api, web = ended.services["api"], ended.services["web"]
    assert (ended.code, api["verdict"], api["code"], api["behind"], api["ahead"]) == (1, "stale", "unknown", None, None)
    assert [file["path"] for file in api["files"]] == ["api/x.py"]
    assert (web["verdict"], web["code"]) == ("current", "current")


def test_a_hidden_ancestor_is_not_counted_as_missing(tmp_path: Path) -> None:
    """A topic that began long ago is merged late: the edge hides that the deployed commit knows where it began."""
    with Builder(tmp_path / "origin") as builder:
        root = builder.commit({"api/x.py": b"0"})
        early = builder.commit({"api/early.py": b"1"})
        line = [builder.commit({"api/x.py": str(number).encode()}) for number in range(10)]
        builder.commit({"api/topic.py": b"1"}, [early], branch="topic")
        builder.commit({}, [line[-1], builder.tips["topic"]])
    clone = shallow_clone(builder.path, tmp_path / "clone", 5)
    assert root in run_git(clone, "rev-list", "HEAD").decode()
    ask = Shop(tmp_path / "shop", clone)
    ask.service("api", line[-2], paths=["api"])
    api = ask.drift().services["api"]
    assert (api["verdict"], api["code"], api["behind"], api["ahead"]) == ("stale", "unknown", None, None)
    ask.repository = builder.path
    api = ask.drift().services["api"]
    assert (api["verdict"], api["code"], api["behind"], api["ahead"]) == ("stale", "behind", 2, 0)


def test_the_edge_of_one_clone_is_not_remembered_in_another(tmp_path: Path, story: Story) -> None:
    """In a shallow clone its last commit seems to have made every file."""
    clone = shallow_clone(story.path, tmp_path / "clone", 3)
    run_git(clone, "fetch", "--quiet", "--depth=1", "origin", story.commits[2])
    ask = shop(tmp_path, clone, story, story.commits[2])
    assert ask.drift().services["api"]["behind"] is None
    ask.repository = story.path
    web = Shop(tmp_path / "shop", story.path)
    web.environment = ask.environment
    web.service("api", story.commits[2], paths=["api"])
    web.service("docs", story.commits[2], paths=["docs"])
    found = web.drift().services
    assert (found["api"]["behind"], found["docs"]["behind"]) == (8, 1)


def test_without_its_blobs_a_clone_answers_for_paths_and_is_unsure_of_images(tmp_path: Path, story: Story) -> None:
    clone = blobless_clone(story.path, tmp_path / "clone")
    ended = shop(tmp_path, clone, story, story.commits[2], story.commits[2]).drift()
    api, web = ended.services["api"], ended.services["web"]
    assert (ended.code, api["verdict"], api["code"], api["behind"]) == (1, "stale", "behind", 8)
    assert (web["verdict"], web["code"], web["behind"]) == ("unknown", "unknown", None)
    assert "not in this clone" in web["reason"]
    assert "deploytool drift --fetch" in ended.stdout + ended.stderr


def test_without_any_tree_everything_is_unknown(tmp_path: Path, story: Story) -> None:
    clone = treeless_clone(story.path, tmp_path / "clone")
    ended = shop(tmp_path, clone, story, story.commits[2]).drift()
    assert (ended.code, ended.stdout) == (3, "")
    assert "not in this clone" in ended.stderr
    assert "drift --fetch" in ended.stderr


def test_with_the_trees_of_one_commit_only_the_others_are_unknown(tmp_path: Path, story: Story) -> None:
    clone = treeless_clone(story.path, tmp_path / "clone")
    run_git(clone, "checkout", "--quiet", "main")  # brings what the target needs
    ended = shop(tmp_path, clone, story, story.commits[2], story.tip).drift("--verbose")
    api, web = ended.services["api"], ended.services["web"]
    assert (ended.code, api["verdict"], web["verdict"]) == (3, "unknown", "current")
    assert "not in this clone" in api["reason"]


def test_with_the_trees_of_both_ends_the_verdict_is_exact_and_the_counts_unknown(tmp_path: Path, story: Story) -> None:
    clone = treeless_clone(story.path, tmp_path / "clone")
    for commit in ("main", story.commits[2]):
        run_git(clone, "checkout", "--quiet", "--force", commit)
    api = shop(tmp_path, clone, story, story.commits[2]).drift().services["api"]
    assert (api["verdict"], api["code"], api["behind"], api["ahead"]) == ("stale", "behind", None, None)


def test_nothing_asks_the_remote_for_what_is_missing(tmp_path: Path, story: Story) -> None:
    clone = treeless_clone(story.path, tmp_path / "clone")
    run_git(clone, "checkout", "--quiet", "main")
    trace = tmp_path / "trace"
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[trace2]\n\teventTarget = {trace}\n")
    ask = shop(tmp_path, clone, story, story.commits[2])
    ask.environment |= {"HOME": str(home)}
    for argv in (["drift"], ["status"], ["where", story.commits[2]], ["config", "check"]):
        ask.ask(*argv)
    lines = trace.read_text().splitlines()
    assert any('"start"' in line for line in lines)
    assert not [line for line in lines if '"child_start"' in line or "upload-pack" in line or '"fetch"' in line]


def test_a_missing_object_takes_down_only_its_own_service(tmp_path: Path, story: Story) -> None:
    """Not a partial clone at all: somebody lost an object."""
    copy = tmp_path / "copy"
    shutil.copytree(story.path, copy)
    run_git(copy, "-c", "core.bigFileThreshold=1", "repack", "-q", "-a", "-d")
    (pack,) = (copy / ".git/objects/pack").glob("*.pack")
    moved = tmp_path / "moved.pack"
    pack.rename(moved)
    for other in (copy / ".git/objects/pack").iterdir():
        other.unlink()
    run_git(copy, "unpack-objects", "-q", stdin=moved.read_bytes())
    tree = run_git(copy, "rev-parse", f"{story.commits[2]}:api").decode().strip()
    (copy / ".git/objects" / tree[:2] / tree[2:]).unlink()
    ended = shop(tmp_path, copy, story, story.commits[2], story.commits[2]).drift()
    api, web = ended.services["api"], ended.services["web"]
    assert (ended.code, api["verdict"], api["code"], web["verdict"]) == (3, "unknown", "unknown", "current")
