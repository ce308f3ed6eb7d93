"""The hooks for pre-commit: what they promise, and their commands in a fresh repository, where nothing else is."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from deploytool.cli import door
from tests.branches import SHOP, content
from tests.repositories import ENVIRONMENT, Builder, run_git

ROOT = Path(__file__).parents[1]
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
}
STAGES = {"pre-commit", "pre-merge-commit", "pre-push", "manual"}
IMPORT = "import shared.names\nimport lib.prices\n"


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS.keys())
def test_a_hook_is_whole(hook: dict[str, Any]) -> None:
    program, command, *options = shlex.split(hook["entry"])
    assert program in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    known = {name for one in typer.main.get_command(door).commands[command].params for name in one.opts}  # type: ignore[attr-defined]
    assert {*options} <= known
    assert hook["language"] == "python"
    assert hook["name"]
    assert hook["description"]
    assert {*hook["stages"]} <= STAGES
    assert hook["minimum_pre_commit_version"] == "3.2.0"  # which has these names of stages
    assert hook["always_run"] is True  # a commit that only deletes names no file
    assert hook["pass_filenames"] is False
    assert hook["require_serial"] is True


class Shop:
    """A fresh repository of somebody's, with our command as git's own hook."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "shop"
        with Builder(self.place) as builder:
            builder.commit(content({**SHOP, "lib/__init__.py": "", "lib/prices.py": ""}), subject="The shop")
        builder.checkout()
        self.environ = {**ENVIRONMENT, "HOME": str(folder), "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}

    def hook(self, name: str, hook: str) -> None:
        words = shlex.split(HOOKS[hook]["entry"])
        command = shlex.join([sys.executable, "-m", *words])
        file = self.place / ".git" / "hooks" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\nexec {command}\n")
        file.chmod(0o755)

    def write(self, path: str, text: str) -> None:
        (self.place / path).write_text(text)

    def git(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *words],
            cwd=self.place,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def command(self, hook: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """The hook's command by itself."""
        words = [sys.executable, "-m", *shlex.split(HOOKS[hook]["entry"])]
        environ = {**self.environ, **environ}
        return subprocess.run(words, cwd=self.place, env=environ, capture_output=True, text=True, check=False)

    @property
    def head(self) -> bytes:
        return run_git(self.place, "rev-parse", "HEAD")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.hook("pre-commit", "deploytool-check")
    return shop


def refused(done: subprocess.CompletedProcess[str]) -> bool:
    said = done.stdout + done.stderr
    assert ("DT201" in said) == (done.returncode == 1), said
    return done.returncode == 1


def test_a_commit_that_breaks_an_image_is_refused(shop: Shop) -> None:
    before = shop.head
    shop.write("api/main.py", IMPORT)
    shop.git("add", ".")
    assert refused(shop.git("commit", "--quiet", "-m", "Prices"))
    assert shop.head == before
    shop.write("api/Dockerfile", SHOP["api/Dockerfile"].replace("COPY shared/", "COPY lib/ /app/lib/\nCOPY shared/"))
    shop.git("add", ".")
    done = shop.git("commit", "--quiet", "-m", "Prices")
    assert done.returncode == 0, done.stderr
    assert shop.head != before


def test_what_is_staged_is_judged_and_nothing_else(shop: Shop) -> None:
    shop.write("api/main.py", IMPORT)
    shop.write("README.md", "A shop, with prices some day.\n")
    shop.git("add", "README.md")
    done = shop.git("commit", "--quiet", "-m", "Words")
    assert done.returncode == 0, done.stderr  # the broken file is not in it
    shop.git("add", "api/main.py")
    shop.write("api/main.py", "import shared.names\n")
    assert refused(shop.git("commit", "--quiet", "-m", "Prices"))  # the mended one neither


def test_the_index_that_git_made_for_the_commit_is_the_one(shop: Shop) -> None:
    """`git commit -a` and `git commit FILE` stage in a file of their own and name it to the hook."""
    shop.write("api/main.py", IMPORT)
    assert refused(shop.git("commit", "--quiet", "-am", "Prices"))
    assert refused(shop.git("commit", "--quiet", "-m", "Prices", "api/main.py"))
    shop.git("add", "api/main.py")
    shop.write("README.md", "Words.\n")
    done = shop.git("commit", "--quiet", "-m", "Words", "README.md")
    assert done.returncode == 0, done.stderr  # what is staged beside it is not committed by it


def test_a_commit_that_only_deletes_is_looked_at(shop: Shop) -> None:
    shop.git("rm", "--quiet", "-r", "shared")
    done = shop.git("commit", "--quiet", "-m", "Tidy")
    assert done.returncode == 1
    assert "DT204" in done.stdout + done.stderr


def test_nothing_is_written_but_the_commit(shop: Shop) -> None:
    shop.git("add", ".")
    shop.write("README.md", "A shop.\n\nOpen.\n")
    shop.git("add", "README.md")
    before = run_git(shop.place, "ls-files", "--stage"), run_git(shop.place, "status", "--porcelain")
    assert shop.command("deploytool-check").returncode == 0
    assert (run_git(shop.place, "ls-files", "--stage"), run_git(shop.place, "status", "--porcelain")) == before


@pytest.mark.parametrize("broken", [False, True])
def test_where_nothing_is_staged_ci_has_the_branch_judged(shop: Shop, broken: bool) -> None:
    """`pre-commit run --all-files` on a pull request, and `--from-ref main --to-ref HEAD` anywhere."""
    shop.git("switch", "--quiet", "-c", "work")
    shop.write("api/main.py", IMPORT if broken else "import shared.names\nimport os\n")
    shop.git("commit", "--quiet", "--no-verify", "-am", "Prices")
    pull = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main"}
    for ci in (pull, {"PRE_COMMIT_FROM_REF": "main", "PRE_COMMIT_TO_REF": "HEAD"}):
        done = shop.command("deploytool-check", **ci)
        assert done.returncode == int(broken), done.stdout + done.stderr
        assert "The merge makes stale: api" in done.stdout


@pytest.mark.parametrize("broken", [False, True])
def test_what_is_pushed_is_judged(tmp_path: Path, broken: bool) -> None:
    shop = Shop(tmp_path)
    run_git(tmp_path, "init", "--quiet", "--bare", "origin")
    shop.git("remote", "add", "origin", str(tmp_path / "origin"))
    shop.git("push", "--quiet", "origin", "main")
    shop.git("switch", "--quiet", "-c", "work")
    shop.write("api/main.py", IMPORT if broken else "import shared.names\nimport os\n")
    shop.git("commit", "--quiet", "-am", "Prices")
    shop.hook("pre-push", "deploytool-check-push")
    sides = {"PRE_COMMIT_FROM_REF": "main", "PRE_COMMIT_TO_REF": shop.head.decode().strip()}  # as pre-commit says it
    done = shop.git("push", "--quiet", "origin", "work", **sides)
    assert done.returncode == int(broken), done.stderr
    assert ("DT201" in done.stdout + done.stderr) == broken
