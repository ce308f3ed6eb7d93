"""A branch that changes services.toml decides neither what is read nor who is asked, nor what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.adapters.fake_cloudrun import FakeCloudRun
from tests.branches import API, SHOP, TOML, built, content
from tests.repositories import Builder, Link, Submodule, Value, run_git
from tests.stories.conftest import Project, Ran, Shop

BREAKS = {"api/main.py": "import shared.names, lib.tool\n", "lib/__init__.py": "", "lib/tool.py": ""}
WITHOUT = {path: text for path, text in SHOP.items() if path != "services.toml"}
EVIL = (TOML + API).replace("shop-1", "evil-1")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "cache").mkdir()
    with Builder(tmp_path / "fine") as made:  # another repository, in which all is well
        made.commit(content(SHOP), branch="main")
        made.commit({}, branch="nowhere-else")
    return Project(tmp_path / "shop", Shop(tmp_path / "shop", {}), {"XDG_CACHE_HOME": str(tmp_path / "cache")})


def check(project: Project, *argv: str, **environ: str) -> Ran:
    return project.run("check", "--format", "json", *argv, **environ)


def failing(ran: Ran) -> list[str]:
    found = ran.json["findings"]
    return [one["rule"] for one in found if not one["existing"] and one["severity"] == "error"]


def elsewhere(project: Project, text: str = EVIL) -> str:
    return text.replace("[project]", f'[project]\nrepository = "{project.folder.parent / "fine"}"')


# where the sources are


def test_a_services_toml_that_is_new_describes_the_repository_that_it_is_new_in(project: Project) -> None:
    built(project.folder, {**BREAKS, "services.toml": elsewhere(project)}, WITHOUT)
    ran = check(project, "--base", "main")
    assert (ran.code, failing(ran)) == (1, ["DT201"])


@pytest.mark.parametrize("how", ["a target", "an option"])
def test_a_base_that_only_another_repository_has_is_not_looked_for_there(project: Project, how: str) -> None:
    lie = elsewhere(project)
    if how == "a target":
        lie = lie.replace("[project]", '[project]\ntarget = "nowhere-else"')
    built(project.folder, {**BREAKS, "services.toml": lie})
    ran = check(project, *(("--base", "nowhere-else") if how == "an option" else ()))
    assert (ran.code, ran.out) == (3 if how == "a target" else 2, "")
    assert "--repository DIR" in ran.err


def test_a_shallow_clone_does_not_let_the_branch_choose_another_repository(project: Project, tmp_path: Path) -> None:
    _, _, head = built(project.folder, {**BREAKS, "services.toml": elsewhere(project)})
    clone = tmp_path / "clone"
    run_git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=work", project.folder.as_uri(), str(clone))
    ran = check(
        Project(clone, Shop(clone, {}), project.environ), GITHUB_ACTIONS="true", GITHUB_EVENT_NAME="pull_request",
        GITHUB_BASE_REF="main", GITHUB_REF="refs/pull/7/merge", GITHUB_SHA=head,
    )  # fmt: skip
    assert (ran.code, ran.out) == (3, "")
    assert "git fetch" in ran.err


def test_of_another_repository_the_base_says_which_and_whom_to_ask(project: Project, tmp_path: Path) -> None:
    """services.toml lies in a repository of its own, and a branch of that points elsewhere."""
    with Builder(tmp_path / "app") as made:
        old = made.commit(content(SHOP))
        made.commit(content(BREAKS), [old], branch="work")
    made.checkout("work")
    true = SHOP["services.toml"].replace("[project]", f'[project]\nrepository = "{tmp_path / "app"}"')
    built(project.folder, {"services.toml": elsewhere(project)}, {"services.toml": true})
    with FakeCloudRun() as server:
        ran = check(
            project, "--base", "main", "--live", CLOUD_RUN_EMULATOR_HOST=server.endpoint.removeprefix("http://")
        )
        asked = set(server.paths())
    assert (ran.code, failing(ran)) == (1, ["DT201"])
    assert asked
    assert all("/projects/shop-1/" in f"/{path}" for path in asked), asked


# who is asked


@pytest.mark.parametrize("form", ["elsewhere", "a link"])
def test_nobody_is_asked_whom_only_the_branch_names(project: Project, form: str) -> None:
    changes: dict[str, str | Value] = {**BREAKS, "services.toml": elsewhere(project)}
    if form == "a link":
        changes |= {"services.toml": Link(str(project.folder / "evil.toml")), "evil.toml": EVIL}
    built(project.folder, changes, WITHOUT)
    with FakeCloudRun() as server:
        ran = check(
            project, "--base", "main", "--live", CLOUD_RUN_EMULATOR_HOST=server.endpoint.removeprefix("http://")
        )
        assert server.paths() == []
    assert (ran.code, ran.out) == (2, "")
    assert check(project, "--base", "main").code == 1


# what it is compared with


def test_the_default_branch_says_what_the_target_is(project: Project, tmp_path: Path) -> None:
    lie = SHOP["services.toml"].replace("[project]", '[project]\ntarget = "work"')
    built(project.folder, {**BREAKS, "services.toml": lie})
    run_git(project.folder, "checkout", "--quiet", "main")
    clone = tmp_path / "clone"
    run_git(tmp_path, "clone", "--quiet", project.folder.as_uri(), str(clone))
    run_git(clone, "checkout", "--quiet", "work")
    ran = check(Project(clone, Shop(clone, {}), project.environ))
    assert (ran.code, failing(ran)) == (1, ["DT201"])


# the file itself


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({}, "is gone"),
        ({"services.toml/services.toml": EVIL}, "is a folder"),
        ({"services.toml": Link("/etc/hostname")}, "is a link that leads nowhere"),
        ({"services.toml": Link("nowhere.toml")}, "is a link that leads nowhere"),
        ({"services.toml": Submodule("1" * 40)}, "is a submodule"),
    ],
    ids=["gone", "a folder", "a link out of the repository", "a link to nothing", "a submodule"],
)
def test_a_services_toml_that_is_none_any_more_fails_wherever_it_is_looked_for(
    project: Project, there: Mapping[str, str | Value], said: str
) -> None:
    built(project.folder, {"services.toml": None, **there})
    (project.folder / "api/deep").mkdir(parents=True)
    for folder, argv in ((".", ()), ("api/deep", ()), (".", ("--config", "services.toml"))):
        place = Project(project.folder / folder, project.shop, project.environ)
        ran = check(place, "--base", "main", *argv)
        assert (ran.code, failing(ran)) == (1, ["DT101"]), ran.err
        assert said in ran.json["findings"][0]["message"]


def test_where_there_never_was_a_services_toml_that_is_said(project: Project) -> None:
    built(project.folder, {"README.md": "x"}, WITHOUT)
    for base in ("main", "no-such-branch"):
        ran = check(project, "--base", base)
        assert (ran.code, ran.out) == (2, "")
        assert "There is no services.toml" in ran.err


def test_the_default_branch_may_say_that_another_repository_is_meant(tmp_path: Path) -> None:
    """What only the other one has is looked for there: the sandbox's commits, in a clone of its services.toml."""
    with Builder(tmp_path / "other") as made:
        old = made.commit(content(SHOP))
        made.commit(content(BREAKS), [old], branch="work")
    text = SHOP["services.toml"].replace("[project]", f'[project]\nrepository = "{tmp_path / "other"}"')
    with Builder(tmp_path / "origin") as made:
        made.commit(content({"services.toml": text}))
    run_git(tmp_path, "clone", "--quiet", (tmp_path / "origin").as_uri(), "clone")
    clone = Project(tmp_path / "clone", Shop(tmp_path / "clone", {}), {"XDG_CACHE_HOME": str(tmp_path / "cache")})
    ran = clone.run("check", "--format", "json", "--base", old, "--head", "work")
    assert (ran.code, [one["rule"] for one in ran.json["findings"] if one["severity"] == "error"]) == (1, ["DT201"])
