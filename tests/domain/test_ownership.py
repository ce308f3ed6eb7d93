"""What services.toml says of the repository, against trees made of dictionaries."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from deploytool.domain.ownership import (
    Claim,
    is_dockerfile,
    named_paths_of,
    nearest_path,
    resolve,
    unowned_dockerfiles,
)
from deploytool.domain.tree import FOLDER, LINK, SUBMODULE, Entry, Tree


class Memory:
    """Objects of trees that were given as {path: text}; "-> target" is a link, "@" a submodule."""

    def __init__(self) -> None:
        self.trees: dict[str, dict[str, Entry]] = {}
        self.blobs: dict[str, bytes] = {}

    def listing(self, tree: str) -> Mapping[str, Entry]:
        return self.trees[tree]

    def blob(self, oid: str) -> bytes:
        return self.blobs[oid]

    def folder(self, files: dict[str, str], here: str) -> Entry:
        self.trees[here] = {}
        for name in {path.partition("/")[0] for path in files}:
            below = {path.partition("/")[2]: text for path, text in files.items() if path.startswith(f"{name}/")}
            self.trees[here][name] = self.folder(below, f"{here}/{name}") if below else self.file(files[name])
        return Entry(FOLDER, here)

    def file(self, text: str) -> Entry:
        mode = LINK if text.startswith("-> ") else SUBMODULE if text == "@" else 0o100644
        self.blobs[text] = text.removeprefix("-> ").encode()
        return Entry(mode, text)


def tree(*paths: str, **links: str) -> Tree:
    memory = Memory()
    files = {**dict.fromkeys(paths, "text"), **{name: f"-> {to}" for name, to in links.items()}}
    return Tree(memory, memory.folder(files, "root").oid)


TREE = tree(
    "predictions/worker/worker.py",
    "predictions/worker/Dockerfile",
    "predictions/coordinator/Dockerfile",
    "shared/x.py",
    "tools/api.Dockerfile",
    "tools/Dockerfile.dockerignore",
    "Dockerfile.prod",
    link="predictions",
    up="predictions/../shared",
    out="../elsewhere",
    absolute="/etc",
    loop="loop",
    dangling="nowhere",
)


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("", ""),
        ("shared", "shared"),
        ("link/worker", "predictions/worker"),
        ("up/x.py", "shared/x.py"),
        ("out", None),
        ("absolute/passwd", None),
        ("loop", None),
        ("dangling", None),
        ("shared/x.py/y", None),
        ("Shared", None),
    ],
)
def test_links_are_followed_inside_the_repository(path: str, real: str | None) -> None:
    assert resolve(TREE, path) == real


def test_what_exists_is_not_spoken_of() -> None:
    claim = Claim("worker", ("link/worker", "shared"), "predictions/worker/Dockerfile", "", "shared/x.py")
    assert named_paths_of(claim, TREE, (TREE,)) == ((), ())


def test_a_path_that_exists_nowhere_is_a_mistake_with_the_nearest_one() -> None:
    claim = Claim("worker", ("shared", "predictions/wroker"), "worker/Dockerfile", "sharde", "x.py")
    mistakes, differences = named_paths_of(claim, TREE, (tree("shared/x.py/z"),))
    assert differences == ()
    assert [(mistake.key, mistake.nearest) for mistake in mistakes] == [
        ("paths[1]", "predictions/worker"),
        ("dockerfile", "predictions/worker/Dockerfile"),
        ("context", "shared"),
        ("entrypoint", "shared/x.py"),
    ]
    assert "nor at the commit that serves" in mistakes[0].message
    assert 'did you mean "predictions/worker"?' in mistakes[0].message


@pytest.mark.parametrize(
    ("path", "serving", "says"),
    [
        ("gone", (tree("gone"),), "no longer at the target"),
        ("shared", (tree("a"), TREE), "not at every commit"),
        ("gone", (tree("gone"), tree("a")), "no longer at the target"),
    ],
)
def test_a_path_on_one_side_only_is_a_difference(path: str, serving: tuple[Tree, ...], says: str) -> None:
    mistakes, differences = named_paths_of(Claim("worker", (path,)), TREE, serving)
    assert mistakes == ()
    assert [difference.path for difference in differences] == [path]
    assert says in differences[0].remark.message
    assert "services.worker.paths[0]" in differences[0].remark.hint


def test_a_commit_that_git_lacks_is_neither_yes_nor_no() -> None:
    lacking = Tree(Memory(), "absent")
    assert named_paths_of(Claim("worker", ("shared",)), TREE, (lacking,)) == ((), ())
    mistakes, differences = named_paths_of(Claim("worker", ("gone",)), TREE, (lacking,))
    assert mistakes == ()
    assert "could not be looked at" in differences[0].message
    with pytest.raises(KeyError):
        named_paths_of(Claim("worker", ("gone",)), lacking)


def test_dockerfiles_that_nobody_owns_are_listed() -> None:
    claims = [Claim("worker", ("link/worker",)), Claim("api", dockerfile="tools/api.Dockerfile")]
    found = unowned_dockerfiles(claims, TREE)
    assert [one.dockerfile for one in found] == ["Dockerfile.prod", "predictions/coordinator/Dockerfile"]
    assert "predictions/coordinator has a Dockerfile" in found[1].remark.message
    assert unowned_dockerfiles([Claim("all", ("",))], TREE) == ()
    assert len(unowned_dockerfiles([], TREE)) == 4


def test_a_source_folder_owns_what_lies_in_it() -> None:
    claims = [Claim("worker", source="predictions"), Claim("api", ("tools",))]
    assert [one.dockerfile for one in unowned_dockerfiles(claims, TREE)] == ["Dockerfile.prod"]


def test_a_name_that_only_begins_alike_owns_nothing() -> None:
    claims = [Claim("worker", ("predictions/work", "tool"), dockerfile="Dockerfile")]
    assert len(unowned_dockerfiles(claims, TREE)) == 4


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("Dockerfile", True),
        ("a/Dockerfile.prod", True),
        ("a/api.Dockerfile", True),
        ("Dockerfile.dockerignore", False),
        ("api.Dockerfile.dockerignore", False),
        ("Dockerfiles", False),
        ("MyDockerfile", False),
        ("Dockerfile/x", False),
    ],
)
def test_names_of_dockerfiles(name: str, is_one: bool) -> None:
    assert is_dockerfile(name) is is_one


def test_no_near_path_is_no_guess() -> None:
    assert nearest_path(TREE, "zzz/qqq") is None
    assert nearest_path(TREE, "predictions/coordinatr/Dockerfle") == "predictions/coordinator/Dockerfile"
