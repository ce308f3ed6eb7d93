"""Checkouts made by somebody who wants a program of theirs to run: none does, and the answer is right."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.asking import Shop
from tests.repositories import Builder, run_git, treeless_clone


class Trap:
    """A checked-out repository with two commits, and a program that leaves a mark when it runs."""

    def __init__(self, folder: Path) -> None:
        self.marks = folder / "marks"
        self.marks.mkdir()
        self.program = folder / "trap"
        self.program.write_text(f'#!/bin/sh\necho "$0 $*" >> {self.marks}/ran\nexit 1\n')
        self.program.chmod(0o755)
        self.origin = folder / "origin"
        with Builder(self.origin) as builder:
            files = {"api/x.py": b"0", "api/l.bin": b"0", ".gitattributes": b"* diff=trap filter=trap merge=trap\n"}
            self.before = builder.commit(files)
            self.after = builder.commit({"api/x.py": b"1"})
        self.path = folder / "clone"
        run_git(self.origin, "clone", "--quiet", str(self.origin), str(self.path))
        self.folder = folder

    @property
    def git_dir(self) -> Path:
        return self.path / ".git"

    def set(self, *rows: str) -> None:
        with (self.git_dir / "config").open("a") as file:
            file.write("\n".join([*rows, ""]))

    def hooks(self, folder: Path) -> None:
        names = ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc", "fsmonitor-watchman")
        folder.mkdir(exist_ok=True)
        for name in names:
            shutil.copy(self.program, folder / name)

    def ran(self) -> str:
        return (self.marks / "ran").read_text() if (self.marks / "ran").exists() else ""


def setting(*rows: str) -> Callable[[Trap], None]:
    return lambda trap: trap.set(*(row.replace("TRAP", str(trap.program)) for row in rows))


def hooks_path(trap: Trap) -> None:
    trap.hooks(trap.folder / "hooks")
    trap.set("[core]", f"hooksPath = {trap.folder / 'hooks'}")


def included(trap: Trap) -> None:
    more = trap.folder / "more"
    more.write_text(
        f"[core]\nfsmonitor = {trap.program}\nsshCommand = {trap.program}\n[diff]\nexternal = {trap.program}\n"
    )
    trap.set("[include]", f"path = {more}", '[includeIf "gitdir:/"]', f"path = {more}")


def promisor(trap: Trap) -> None:
    """Commits are here, trees are not; who asks for one starts whatever the remote's address names."""
    shutil.rmtree(trap.path)
    treeless_clone(trap.origin, trap.path)
    run_git(trap.path, "config", "protocol.ext.allow", "always")
    run_git(trap.path, "config", "remote.origin.url", f"ext::{trap.program} %S")


def submodule(trap: Trap) -> None:
    (trap.path / ".gitmodules").write_text(
        f'[submodule "s"]\npath = api/s\nurl = ext::{trap.program}\nupdate = !{trap.program}\n'
    )
    trap.set('[submodule "s"]', "active = true", f"update = !{trap.program}", f"url = ext::{trap.program}")


def attributes(trap: Trap) -> None:
    (trap.git_dir / "info").mkdir(exist_ok=True)
    (trap.git_dir / "info/attributes").write_text("* diff=trap filter=trap\n")
    trap.set("[core]", f"attributesFile = {trap.git_dir}/info/attributes")
    setting('[diff "trap"]', "textconv = TRAP", "command = TRAP", '[filter "trap"]', "process = TRAP")(trap)


def per_worktree(trap: Trap) -> None:
    trap.set("[core]", "repositoryFormatVersion = 1", "[extensions]", "worktreeConfig = true")
    (trap.git_dir / "config.worktree").write_text(
        f"[core]\nfsmonitor = {trap.program}\n[diff]\nexternal = {trap.program}\n"
    )


def worktree_elsewhere(trap: Trap) -> None:
    trap.set("[core]", f"worktree = {trap.folder}")


def alternates(trap: Trap) -> None:
    borrowed = trap.folder / "borrowed"
    run_git(trap.origin, "clone", "--quiet", "--bare", str(trap.origin), str(borrowed))
    (borrowed / "config").open("a").write(
        f"[core]\nalternateRefsCommand = {trap.program}\nfsmonitor = {trap.program}\n"
    )
    (trap.git_dir / "objects/info").mkdir(exist_ok=True)
    (trap.git_dir / "objects/info/alternates").write_text(f"{borrowed}/objects\n")


VECTORS: dict[str, Callable[[Trap], None]] = {
    "fsmonitor": setting("[core]", "fsmonitor = TRAP", "untrackedCache = true"),
    "hooksPath": hooks_path,
    "hooks": lambda trap: trap.hooks(trap.git_dir / "hooks"),
    "diff.external": setting("[diff]", "external = TRAP"),
    "textconv": setting('[diff "trap"]', "textconv = TRAP", "cachetextconv = true", "command = TRAP"),
    "filter": setting('[filter "trap"]', "clean = TRAP", "smudge = TRAP", "process = TRAP", "required = true"),
    "merge driver": setting('[merge "trap"]', "driver = TRAP"),
    "sshCommand": setting("[core]", "sshCommand = TRAP", '[remote "origin"]', "url = ssh://127.0.0.1:1/x"),
    "pager": setting("[core]", "pager = TRAP", "[pager]", *(f"{name} = TRAP" for name in ("log", "diff", "config"))),
    "editor": setting("[core]", "editor = TRAP", "[sequence]", "editor = TRAP"),
    "credential.helper": setting("[credential]", "helper = !TRAP", '[remote "origin"]', "url = https://127.0.0.1:1/x"),
    "askpass": setting("[core]", "askPass = TRAP", '[remote "origin"]', "url = https://127.0.0.1:1/x"),
    "gpg.program": setting("[log]", "showSignature = true", "[gpg]", "program = TRAP", "[commit]", "gpgSign = true"),
    "alias": setting("[alias]", *(f"{name} = !TRAP" for name in ("rev-parse", "rev-list", "cat-file", "fetch"))),
    "include": included,
    "protocol.ext": setting('[protocol "ext"]', "allow = always", '[remote "origin"]', "url = ext::TRAP %S"),
    "insteadOf": setting('[protocol "ext"]', "allow = always", '[url "ext::TRAP "]', "insteadOf = /"),
    "vcs": setting('[remote "origin"]', "vcs = trap", "uploadpack = TRAP", "receivepack = TRAP"),
    "uploadpack": setting("[uploadpack]", "packObjectsHook = TRAP"),
    "gitProxy": setting("[core]", "gitProxy = TRAP", '[remote "origin"]', "url = git://127.0.0.1:1/x"),
    "promisor": promisor,
    "alternateRefsCommand": setting("[core]", "alternateRefsCommand = TRAP"),
    "alternates": alternates,
    "submodule": submodule,
    "attributesFile": attributes,
    "config.worktree": per_worktree,
    "worktree": worktree_elsewhere,
    "trace": setting("[trace2]", "eventTarget = /dev/stderr", "[core]", "logAllRefUpdates = always"),
}
COMMANDS = (["drift", "--verbose"], ["drift", "--fetch"], ["status"], ["where", "api/x.py"], ["config", "check"])


@pytest.mark.parametrize("vector", VECTORS)
def test_no_program_of_the_repository_runs(vector: str, tmp_path: Path) -> None:
    trap = Trap(tmp_path)
    VECTORS[vector](trap)
    shop = Shop(tmp_path / "shop", trap.path)
    shop.environment |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    (tmp_path / "git-remote-trap").symlink_to(trap.program)
    shop.service("api", trap.before, paths=["api"])
    shop.service("gone", "0" * 39 + "1", paths=["api"])  # so that --fetch has something to ask for
    for argv in COMMANDS:
        ended = shop.ask(*argv)
        assert trap.ran() == "", argv
        assert ended.code in (0, 1, 3), ended.stderr
        assert ended.stdout or "hint: " in ended.stderr
    if vector != "promisor":
        api = shop.drift().services["api"]
        assert (api["verdict"], api["code"], api["behind"], api["ahead"]) == ("stale", "behind", 1, 0)


def test_the_trap_works(tmp_path: Path) -> None:
    """Plain git walks into it; otherwise the tests above would prove nothing."""
    trap = Trap(tmp_path)
    VECTORS["fsmonitor"](trap)
    run_git(trap.path, "status", check=False)
    assert trap.ran()


INHERITED = {
    "GIT_DIR": "/nonexistent",
    "GIT_WORK_TREE": "/",
    "GIT_INDEX_FILE": "/nonexistent",
    "GIT_OBJECT_DIRECTORY": "/nonexistent",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.fsmonitor",
    "GIT_CONFIG_VALUE_0": "TRAP",
    "GIT_CONFIG_PARAMETERS": "'core.fsmonitor=TRAP' 'diff.external=TRAP'",
    "GIT_EXTERNAL_DIFF": "TRAP",
    "GIT_SSH_COMMAND": "TRAP",
    "GIT_SSH": "TRAP",
    "GIT_PROXY_COMMAND": "TRAP",
    "GIT_ASKPASS": "TRAP",
    "GIT_PAGER": "TRAP",
    "GIT_EDITOR": "TRAP",
    "GIT_EXEC_PATH": "TRAPS",
    "GIT_PYTHON_GIT_EXECUTABLE": "TRAP",
    "GIT_NAMESPACE": "elsewhere",
    "GIT_CEILING_DIRECTORIES": "TRAPS",
    "GIT_SHALLOW_FILE": "/nonexistent",
    "GIT_REPLACE_REF_BASE": "refs/heads/",
    "GIT_TRACE": "1",
    "GIT_TRACE2_EVENT": "MARK",
    "GIT_ICASE_PATHSPECS": "1",
    "GIT_DEFAULT_HASH": "sha256",
    "GIT_DIFF_OPTS": "--stat",
}


@pytest.mark.parametrize("fetch", [(), ("--fetch",)])
def test_what_the_caller_left_in_the_environment_has_no_effect(fetch: tuple[str, ...], tmp_path: Path) -> None:
    trap = Trap(tmp_path)
    shop = Shop(tmp_path / "shop", trap.path)
    shop.environment |= {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    shop.service("api", trap.before, paths=["api"])
    shop.service("gone", "0" * 39 + "1", paths=["api"])
    plain = shop.drift(*fetch)
    words = {"TRAP": str(trap.program), "TRAPS": str(tmp_path), "MARK": str(trap.marks / "ran")}
    told = {name: words.get(value, value.replace("TRAP", str(trap.program))) for name, value in INHERITED.items()}
    ended = shop.drift(*fetch, environment=told)
    assert (ended.code, trap.ran()) == (plain.code, "")
    if not fetch:
        assert ended.services == plain.services
        assert "trace" not in ended.stderr


def test_replaced_objects_and_grafts_change_nothing(tmp_path: Path) -> None:
    trap = Trap(tmp_path)
    shop = Shop(tmp_path / "shop", trap.path)
    shop.service("api", trap.before, paths=["api"])
    run_git(trap.path, "update-ref", f"refs/replace/{trap.after}", trap.before)
    (trap.git_dir / "info").mkdir(exist_ok=True)
    (trap.git_dir / "info/grafts").write_text(f"{trap.after}\n")
    api = shop.drift().services["api"]
    assert (api["verdict"], api["code"], api["behind"], api["ahead"]) == ("stale", "behind", 1, 0)


LABELS = [
    *("--output=LEAK", "--upload-pack=touch LEAK", "HEAD", "main", "@{-1}", "HEAD~1", "^main", ":/Change", "a1b2c3"),
    *("ABCDEF1", "A" * 40, "a" * 65, "abcdef1\0", "abcdef1\nmain", "abcdef1 main", "abcdef1..main", "-abcdef1", ""),
]


@pytest.mark.parametrize("label", LABELS)
def test_a_label_that_is_no_commit_id_never_reaches_git(label: str, tmp_path: Path) -> None:
    trap = Trap(tmp_path)
    run_git(trap.path, "branch", "abcdef1")
    shop = Shop(tmp_path / "shop", trap.path)
    leak = tmp_path / "leak"
    shop.service("api", label.replace("LEAK", str(leak)), paths=["api"])
    for argv in (
        ["drift", "--format", "json"],
        ["drift", "--fetch", "--format", "json"],
        ["status", "--format", "json"],
    ):
        ended = shop.ask(*argv)
        assert ended.code == (0 if argv[0] == "status" else 3)
        assert not leak.exists()
        assert not list(shop.folder.glob("*LEAK*"))
        if argv[0] == "drift":
            api = ended.services["api"]
            assert (api["verdict"], api["revisions"][0]["commit"]) == ("unknown", None)


def test_a_branch_named_like_a_short_id_is_not_that_commit(tmp_path: Path) -> None:
    trap = Trap(tmp_path)
    short = trap.before[:7]
    run_git(trap.path, "branch", short, trap.after)
    run_git(trap.path, "branch", "abcdef1", trap.after)
    shop = Shop(tmp_path / "shop", trap.path)
    shop.service("api", short, paths=["api"])
    shop.service("other", "abcdef1", paths=["api"])
    found = shop.drift().services
    assert found["api"]["revisions"][0]["commit"] == trap.before
    assert found["other"]["verdict"] == "unknown"
