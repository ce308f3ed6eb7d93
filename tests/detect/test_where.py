"""Which services serve it: by ancestry, under another id, or honestly unknown."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.asking import Ended, Shop
from tests.repositories import Builder, blobless_clone, run_git, shallow_clone

LINES = b"".join(b"line %d\n" % number for number in range(40))


class Story:
    """`release` left `main` early and got one picked commit; `squashed` has `topic` as one commit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with Builder(path) as builder:
            self.root = builder.commit({"api/x.py": LINES, "docs/a.md": b"0"}, subject="Begin")
            self.fix = builder.commit({"api/x.py": LINES + b"fix\n"}, subject="Fix the frobnicator")
            self.part = builder.commit({"api/y.py": b"1\n"}, [self.fix], "One part", branch="topic")
            self.whole = builder.commit({"api/z.py": b"2\n"}, subject="Other part", branch="topic")
            self.merge = builder.commit({"api/y.py": b"1\n", "api/z.py": b"2\n"}, [self.fix, self.whole], "Merge topic")
            self.docs = builder.commit({"docs/a.md": b"1"}, subject="docs: say more")
            files = {"api/x.py": b"head\n" + LINES}
            self.early = builder.commit(files, [self.root], "Only here", branch="release")
            fixed = {"api/x.py": b"head\n" + LINES + b"fix\n"}
            self.picked = builder.commit(fixed, subject="Fix the frobnicator (picked)", branch="release")
            both = {"api/y.py": b"1\n", "api/z.py": b"2\n"}
            self.squash = builder.commit(both, [self.fix], "Topic, squashed", branch="squashed")
        self.tip = self.docs


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path / "origin")


def rows(ended: Ended) -> dict[str, Any]:
    (answer,) = ended.report["answers"]
    return {row["name"]: (row["contains"], row["by"]) for row in answer["services"]}


def where(shop: Shop, question: str) -> Ended:
    return shop.ask("where", "--format", "json", "--", question)


@pytest.fixture
def shop(tmp_path: Path, story: Story) -> Shop:
    found = Shop(tmp_path / "shop", story.path)
    found.environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    found.service("old", story.root, paths=["api"])
    found.service("new", story.tip, paths=["api"])
    found.service("release", story.picked, paths=["api"])
    return found


def test_a_commit_that_was_picked(shop: Shop, story: Story) -> None:
    ended = where(shop, story.fix)
    assert ended.code == 1
    assert rows(ended) == {"old": ("no", None), "new": ("yes", None), "release": ("equivalent", story.picked)}


def test_a_branch_that_was_squashed(shop: Shop, story: Story) -> None:
    shop.service("squashed", story.squash, paths=["api"])
    assert rows(where(shop, story.whole))["squashed"] == ("equivalent", story.squash)
    assert rows(where(shop, story.whole))["release"] == ("no", None)


def test_a_part_of_a_squashed_branch_is_not_found_by_itself(shop: Shop, story: Story) -> None:
    shop.service("squashed", story.squash, paths=["api"])
    assert rows(where(shop, story.part))["squashed"] == ("no", None)


def test_a_merge_and_a_commit_on_no_branch(shop: Shop, story: Story) -> None:
    assert rows(where(shop, story.merge))["new"] == ("yes", None)
    run_git(story.path, "update-ref", "-d", "refs/heads/release")
    assert rows(where(shop, story.early)) == {"old": ("no", None), "new": ("no", None), "release": ("yes", None)}


def test_the_last_change_of_a_path(shop: Shop, story: Story, tmp_path: Path) -> None:
    ended = where(shop, "docs/a.md")
    assert (ended.report["asked_as"], ended.report["answers"][0]["sha"]) == ("path", story.docs)
    assert rows(ended) == {"old": ("no", None), "new": ("yes", None), "release": ("no", None)}
    run_git(story.path, "checkout", "-q", "main")
    shop.repository = story.path / "docs"
    assert rows(where(shop, "docs/a.md")) == rows(ended)


def test_words_of_a_message(shop: Shop, story: Story) -> None:
    ended = where(shop, "FROBNICATOR")
    assert (ended.report["asked_as"], ended.report["answers"][0]["sha"]) == ("text", story.fix)


@pytest.mark.parametrize(
    "question", ["", " ", "nobody said this", "..", "../..", "/etc/passwd", "--output=x", "a\nb", "f" * 40]
)
def test_what_is_nowhere_is_said(question: str, shop: Shop) -> None:
    ended = where(shop, question)
    assert (ended.code, ended.stdout) == (2, "")
    assert "hint: " in ended.stderr


def test_a_beginning_that_several_commits_share(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "origin")
    root = builder.commit({"api/x.py": b"0"})
    tree = builder.git("rev-parse", f"{root}^{{tree}}")
    seen: dict[str, bytes] = {}
    for number in range(200_000):
        person = f"Somebody <somebody@example.com> {1_750_000_000 + number} +0000"
        body = f"tree {tree}\nparent {root}\nauthor {person}\ncommitter {person}\n\nTwin\n".encode()
        short = hashlib.sha1(b"commit %d\0" % len(body) + body).hexdigest()[:7]
        if short in seen:
            break
        seen[short] = body
    for twin in (seen[short], body):
        builder.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=twin)
    shop = Shop(tmp_path / "shop", builder.path)
    shop.service("api", short, paths=["api"])
    ended = where(shop, short)
    assert ended.code == 2
    assert f"2 commits begin with {short}" in ended.stderr
    assert "2 commits begin like that" in shop.drift().services["api"]["reason"]


def test_contents_that_are_not_here_are_unknown_and_do_not_end_it(shop: Shop, story: Story, tmp_path: Path) -> None:
    shop.repository = blobless_clone(story.path, tmp_path / "clone")
    run_git(shop.repository, "branch", "release", "origin/release")
    ended = where(shop, story.fix)
    assert rows(ended) == {"old": ("no", None), "new": ("yes", None), "release": ("unknown", None)}
    assert "not in this clone" in ended.stdout
    assert rows(where(shop, story.docs))["release"] == ("no", None)  # nothing there touches the same file


def test_in_a_shallow_clone_what_cannot_be_seen_is_unknown(shop: Shop, story: Story, tmp_path: Path) -> None:
    shop.repository = shallow_clone(story.path, tmp_path / "clone", 2)
    run_git(shop.repository, "fetch", "-q", "--depth=1", "origin", story.root)
    ended = where(shop, story.root)
    assert rows(ended)["old"] == ("yes", None)
    assert rows(ended)["new"] == ("unknown", None)
    ended = where(shop, "api/x.py")
    assert ended.code == 3
    assert "git fetch --unshallow" in ended.stderr
