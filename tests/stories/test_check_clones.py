"""`deploytool check` in a clone that lacks content: never a pass, nor the branch's fault, and the fetch that helps."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.branches import API, SHOP, TOML, built
from tests.repositories import run_git
from tests.stories.conftest import Project, Ran, Shop

OLD_ERROR = {"api/main.py": "import shared.gone\n"}


def cloned(tmp_path: Path, changes: Mapping[str, str | None], base: Mapping[str, str], *options: str) -> Project:
    (tmp_path / "cache").mkdir()
    shop, _, _ = built(tmp_path / "shop", changes, base)
    run_git(shop, "checkout", "--quiet", "main")
    clone = tmp_path / "clone"
    run_git(tmp_path, "clone", "--quiet", *options, "--branch=work", shop.as_uri(), str(clone))
    return Project(clone, Shop(clone, {}), {"XDG_CACHE_HOME": str(tmp_path / "cache")})


def check(project: Project) -> Ran:
    return project.run("check", "--base", "origin/main", "--format", "json")


def fetch_as_told(project: Project, ran: Ran) -> None:
    told = re.search(r"Fetch (?:it|them): git (fetch [^\n\"]*)", ran.said)
    assert told, ran.said
    run_git(project.folder, *shlex.split(told[1]))


@pytest.mark.parametrize(
    "changes", [{"api/main.py": "import shared.gone  # still\n"}, {"services.toml": TOML + API + "\n"}]
)
@pytest.mark.parametrize("left_out", ["blob:none", "tree:0"])
def test_what_was_there_before_is_not_blamed_on_the_branch_where_the_base_cannot_be_read(
    tmp_path: Path, changes: Mapping[str, str], left_out: str
) -> None:
    project = cloned(tmp_path, changes, {**SHOP, **OLD_ERROR}, f"--filter={left_out}")
    ran = check(project)
    assert ran.code == 3, ran.said
    fetch_as_told(project, ran)
    ran = check(project)
    assert (ran.code, ran.json["verdict"]) == (0, "pass"), ran.said
    assert [one["existing"] for one in ran.json["findings"] if one["rule"] == "DT201"] == [True]


def test_an_object_that_is_damaged_is_no_pass(tmp_path: Path) -> None:
    project = cloned(tmp_path, {"shared/names.py": "NAME = 1\n"}, SHOP)
    (pack,) = (project.folder / ".git/objects/pack").glob("*.pack")
    content = pack.read_bytes()
    for file in pack.parent.iterdir():
        file.unlink()
    run_git(project.folder, "unpack-objects", "-q", stdin=content)
    oid = run_git(project.folder, "rev-parse", "work:shared/names.py").decode().strip()
    damaged = project.folder / ".git/objects" / oid[:2] / oid[2:]
    damaged.chmod(0o644)
    damaged.write_bytes(b"no longer an object")
    ran = check(project)
    assert (ran.code, ran.json["verdict"]) == (3, "unknown")
