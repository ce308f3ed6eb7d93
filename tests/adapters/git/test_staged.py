"""What is staged is what `git write-tree` would write; and nothing in the repository moves while it is told."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploytool.adapters.git import Repository
from deploytool.adapters.git.staged import staged_tree
from deploytool.domain.tree import EMPTY_TREE, Entry
from deploytool.errors import RepositoryError
from tests.adapters.git.test_hostile import INHERITED, VECTORS, Trap
from tests.histories import history
from tests.repositories import Builder, Executable, Link, Submodule, run_git

FILES = {
    "a.py": b"0", "dir/b.py": b"1", "dir/deep/c.py": b"2", "dir-x/d.py": b"3", "dir.py": b"4", "link": Link("a.py"),
    "run.sh": Executable(b"#!/bin/sh\n"), "sub": Submodule("1" * 40), "odd/caf\udce9 \n:x": b"5",
}  # fmt: skip


@pytest.fixture
def work(tmp_path: Path) -> Path:
    with Builder(tmp_path / "work") as builder:
        builder.commit(FILES)
    builder.checkout()
    return builder.path


def staged(path: Path, index: str | None = None) -> tuple[str, dict[str, Entry]]:
    """The id and every file of it, all of which git must be able to read."""
    repository = Repository(path)
    try:
        before = snapshot(path)
        tree = staged_tree(repository, index)
        files = dict(tree.walk())
        assert snapshot(path) == before
        repository.objects.blobs([entry.oid for entry in files.values() if entry.mode != 0o160000])
        return tree.oid, files
    finally:
        repository.close()


def snapshot(path: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file; a pack's time is of no account, git moves it for a sparse index."""
    found = {str(file): file.lstat() for file in path.rglob("*") if not file.is_dir()}
    return {name: (stat.st_size, 0 if name.endswith(".pack") else stat.st_mtime_ns) for name, stat in found.items()}


def written(path: Path, index: str | None = None) -> str:
    """What git itself makes of it, in a copy."""
    copy = path.with_name(f"{path.name}-copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(path, copy, symlinks=True)
    if index is not None:
        shutil.copy(path / index, copy / ".git/index")
    return run_git(copy, "write-tree").decode().strip()


def add(path: Path, files: Mapping[str, bytes | None]) -> None:
    for name, content in files.items():
        if content is None:
            (path / name).unlink()
            continue
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    run_git(path, "add", "--all")


def test_nothing_staged_is_head(work: Path) -> None:
    (work / "a.py").write_bytes(b"not staged")
    assert staged(work)[0] == run_git(work, "rev-parse", "HEAD^{tree}").decode().strip() == written(work)


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": b"new"}, {"dir/deep/c.py": None}, {"dir/deep/c.py": None, "dir/b.py": None}, {"n/e/w/x.py": b""},
        {"dir/b.py": None, "dir/deep/c.py": None, "dir": b"a file now"}, {"a.py": None, "a.py/x.py": b"a folder now"},
        {"dir/deep/c.py": None, "dir/deep": b"", "dir-x/d.py": b"1", "dir0": b"", "dir!": b""},
    ],
)  # fmt: skip
def test_what_is_added_changed_and_removed(files: dict[str, bytes | None], work: Path) -> None:
    for name, content in files.items():
        if content is None:
            (work / name).unlink()
            for folder in (work / name).relative_to(work).parents:
                if str(folder) != "." and not any((work / folder).iterdir()):
                    (work / folder).rmdir()
    add(work, {name: content for name, content in files.items() if content is not None})
    assert staged(work)[0] == written(work)


def test_everything_removed_modes_links_and_submodules(work: Path) -> None:
    run_git(work, "update-index", "--chmod=+x", "a.py")
    run_git(work, "update-index", "--cacheinfo", f"160000,{'2' * 40},sub")
    run_git(work, "update-index", "--add", "--cacheinfo", f"160000,{'3' * 40},dir/sub2")
    (work / "link").unlink()
    (work / "link").symlink_to("dir")
    run_git(work, "add", "link")
    tree, files = staged(work)
    assert tree == written(work)
    assert files["sub"] == Entry(0o160000, "2" * 40)
    assert files["a.py"].mode == 0o100755
    run_git(work, "rm", "-r", "-f", "-q", "--cached", ".")
    assert staged(work)[0] == EMPTY_TREE[40] == written(work)


def test_before_the_first_commit(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", str(tmp_path / "new"))
    assert staged(tmp_path / "new") == (EMPTY_TREE[40], {})
    add(tmp_path / "new", {"x/y.py": b"1", "z": b"2"})
    assert staged(tmp_path / "new")[0] == written(tmp_path / "new")


def test_a_file_that_is_only_meant_to_be_added_is_not_staged(work: Path) -> None:
    (work / "later.py").write_bytes(b"1")
    (work / "dir/later.py").write_bytes(b"1")
    run_git(work, "add", "--intent-to-add", "later.py", "dir/later.py")
    run_git(work, "rm", "-q", "--cached", "a.py")
    run_git(work, "add", "--intent-to-add", "a.py")
    add_only = staged(work)
    assert add_only[0] == written(work)
    assert not {"later.py", "dir/later.py", "a.py"} & add_only[1].keys()


@pytest.mark.parametrize("mark", ["--skip-worktree", "--assume-unchanged"])
def test_files_that_are_not_to_be_looked_at_are_staged_as_they_are(mark: str, work: Path) -> None:
    run_git(work, "update-index", mark, "dir/b.py", "a.py")
    (work / "dir/b.py").unlink()
    add(work, {"new.py": b"1"})
    tree, files = staged(work)
    assert tree == written(work)
    assert "dir/b.py" in files


@pytest.mark.parametrize("options", [["--cone"], ["--cone", "--sparse-index"], ["--no-cone"]])
def test_sparse_checkouts(options: list[str], work: Path) -> None:
    run_git(work, "sparse-checkout", "set", *options, "dir-x")
    assert not (work / "dir").exists()
    add(work, {"dir-x/new.py": b"1"})
    tree, files = staged(work)
    assert tree == written(work)
    assert {"dir/deep/c.py", "dir-x/new.py"} <= files.keys()


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_versions_of_the_index_and_a_split_one(version: str, work: Path) -> None:
    run_git(work, "update-index", "--index-version", version)
    add(work, {"one.py": b"1"})
    assert staged(work)[0] == written(work)
    run_git(work, "update-index", "--split-index")
    halves = list((work / ".git").glob("sharedindex.*"))
    assert halves
    os.utime(halves[0], (1, 1))
    (work / ".git/sharedindex.nothex").write_bytes(b"")
    add(work, {"two.py": b"2", "dir/b.py": b"changed"})
    os.utime(halves[0], (1, 1))
    assert staged(work)[0] == written(work)


def test_an_unfinished_merge_says_so(work: Path) -> None:
    for branch, content in (("one", b"ours"), ("two", b"theirs")):
        run_git(work, "checkout", "-q", "-b", branch, "main")
        add(work, {"a.py": content, "dir/b.py": content})
        run_git(work, "commit", "-q", "-m", branch)
    run_git(work, "merge", "-q", "one", check=False)
    with pytest.raises(RepositoryError, match=r"merge is not finished.*and 1 more has conflicts"):
        staged(work)
    add(work, {"a.py": b"settled", "dir/b.py": b"settled"})
    assert staged(work)[0] == written(work)


def test_a_hook_sees_the_index_that_is_being_committed(work: Path, tmp_path: Path) -> None:
    """`git commit -a` and `git commit FILE` make one of their own; what is staged beside it is not in the commit."""
    hook = work / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    told = tmp_path / "told"
    hook.write_text(
        f'#!/bin/sh\nprintf %s "$GIT_INDEX_FILE" > {told}\ncp "$GIT_INDEX_FILE" {tmp_path}/handed\npwd > {told}.in\n'
    )
    hook.chmod(0o755)
    (work / "dir/b.py").write_bytes(b"by name")
    add(work, {"staged.py": b"1"})
    run_git(work / "dir", "commit", "-q", "-m", "part", "b.py")
    handed = told.read_text()
    assert (handed != ".git/index", (tmp_path / "told.in").read_text().strip()) == (True, str(work))
    shutil.copy(tmp_path / "handed", work / handed)
    committed = run_git(work, "rev-parse", "HEAD^{tree}").decode().strip()
    assert staged(work, handed)[0] == committed != staged(work)[0]
    (work / handed).unlink()
    with pytest.raises(RepositoryError, match="GIT_INDEX_FILE"):
        staged(work, handed)


def test_the_index_of_another_repository_is_not_taken_for_this_one(work: Path, tmp_path: Path) -> None:
    with Builder(tmp_path / "outer") as outer:
        outer.commit({"o.py": b"1"})
    outer.checkout()
    add(work, {"new.py": b"1"})
    assert staged(work, str(outer.path / ".git/index"))[0] == written(work)
    shutil.copy(work / ".git/index", tmp_path / "mine")
    run_git(work, "reset", "-q", "--hard")
    assert "new.py" in staged(work, str(tmp_path / "mine"))[1]


def test_bare_damaged_and_other_places(work: Path, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", "--bare", str(work), str(tmp_path / "bare"))
    with pytest.raises(RepositoryError, match="bare"):
        staged(tmp_path / "bare")
    run_git(work, "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    (tmp_path / "linked/only.py").write_bytes(b"1")
    run_git(tmp_path / "linked", "add", "only.py")
    assert "only.py" in staged(tmp_path / "linked")[1]
    assert "only.py" not in staged(work)[1]
    (work / ".git/index").write_bytes(b"DIRC\0\0\0\2" + b"\xff" * 100)
    with pytest.raises(RepositoryError, match="What is staged cannot be read"):
        staged(work)


def test_ids_of_sha256(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "--object-format=sha256", str(tmp_path / "new"))
    add(tmp_path / "new", {"x/y.py": b"1"})
    run_git(tmp_path / "new", "commit", "-q", "-m", "1")
    add(tmp_path / "new", {"x/z.py": b"2"})
    assert staged(tmp_path / "new")[0] == written(tmp_path / "new")


@pytest.mark.parametrize("seed", range(400, 410))
def test_any_commit_staged_over_any_other(seed: int, tmp_path: Path) -> None:
    told = history(seed, tmp_path / "repository")
    repository = Repository(told.path)
    for head, wanted in told.pairs(8):
        run_git(told.path, "update-ref", "--no-deref", "HEAD", head)
        run_git(told.path, "symbolic-ref", "HEAD", "refs/heads/here")
        run_git(told.path, "update-ref", "refs/heads/here", head)
        run_git(told.path, "read-tree", wanted)
        fresh = Repository(told.path)
        tree = staged_tree(fresh)
        assert tree.oid == run_git(told.path, "rev-parse", f"{wanted}^{{tree}}").decode().strip()
        assert dict(tree.walk()) == dict(repository.trees([wanted])[wanted].walk())
        fresh.close()
    repository.close()


@pytest.mark.parametrize("vector", [name for name in VECTORS if name != "promisor"])
def test_no_program_of_the_repository_runs(vector: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = Trap(tmp_path)
    (trap.path / "api/new.py").write_bytes(b"1")
    run_git(trap.path, "-c", "filter.trap.clean=cat", "add", "api/new.py")
    VECTORS[vector](trap)
    words = {"TRAP": str(trap.program), "TRAPS": str(tmp_path), "MARK": str(trap.marks / "ran")}
    for name, value in INHERITED.items():
        monkeypatch.setenv(name, words.get(value, value.replace("TRAP", str(trap.program))))
    assert "api/new.py" in staged(trap.path)[1]
    assert trap.ran() == ""


def test_five_thousand_files_in_a_moment(tmp_path: Path) -> None:
    with Builder(tmp_path / "big") as builder:
        builder.commit({f"s{number % 50}/p{number % 7}/f{number}.py": b"%d" % number for number in range(5000)})
    builder.checkout()
    add(builder.path, {f"s{number}/p1/f{number}.py": b"changed" for number in range(20)})
    repository = Repository(builder.path)
    repository.named("HEAD")
    began = time.perf_counter()
    tree = staged_tree(repository)
    took = time.perf_counter() - began
    assert tree.oid == written(builder.path)
    assert took < 0.5, took  # 0.02 where nobody else computes
    repository.close()
