"""`deploytool check` as it is typed: on a branch, in CI, on what is staged, with a fleet, with a branch that lies."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.fake_cloudrun import FakeCloudRun
from tests.adapters.shapes import v2_service
from tests.branches import API, SHOP, TOML, built, content
from tests.repositories import Builder, Value, run_git
from tests.stories.conftest import Project, Ran, Shop

BREAKS = {"api/main.py": "import shared.names, lib.tool\n", "lib/__init__.py": "", "lib/tool.py": ""}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "cache").mkdir()
    return Project(tmp_path / "shop", Shop(tmp_path / "shop", {}), {"XDG_CACHE_HOME": str(tmp_path / "cache")})


def on_branch(
    project: Project, changes: Mapping[str, str | Value | None], base: Mapping[str, str | Value] = SHOP
) -> tuple[str, str]:
    _, old, new = built(project.folder, changes, base)
    return old, new


def check(project: Project, *argv: str, **environ: str) -> Ran:
    return project.run("check", "--format", "json", *argv, **environ)


def rules(ran: Ran) -> list[str]:
    """Rules that the branch breaks, notes about staleness aside."""
    found = ran.json["findings"]
    return [one["rule"] for one in found if not one["existing"] and one["rule"] not in ("DT401", "DT402")]


# a branch, as a person has it


def test_a_branch_that_breaks_an_image_fails(project: Project) -> None:
    old, new = on_branch(project, BREAKS)
    ran = check(project, "--base", "main")
    assert (ran.code, rules(ran)) == (1, ["DT201"])
    assert (ran.json["base"]["commit"], ran.json["head"]["commit"]) == (old, new)
    table = project.run("check", "--base", "main")
    assert (table.code, "DT201" in table.out, "hint: Add to api/Dockerfile: COPY lib/ /app/lib/" in table.out) == (
        1, True, True,
    )  # fmt: skip


def test_a_branch_that_touches_nothing_passes_at_once(project: Project) -> None:
    on_branch(project, {})
    check(project, "--base", "main")
    started = time.perf_counter()
    ran = check(project, "--base", "main")
    assert (ran.code, ran.json["verdict"], ran.json["forecast"]) == (0, "pass", {"stale": []})
    assert time.perf_counter() - started < 10


def test_what_is_fine_and_reaches_a_service_passes_and_is_foreseen(project: Project) -> None:
    on_branch(project, {"shared/names.py": "NAME = 'shop'\n"})
    ran = check(project, "--base", "main")
    assert (ran.code, ran.json["forecast"]["stale"]) == (0, ["api"])


def test_services_toml_with_mistakes_on_the_branch_is_a_finding_and_not_a_usage_error(project: Project) -> None:
    on_branch(project, {"services.toml": SHOP["services.toml"] + "pathz = 1\n"})
    ran = check(project, "--base", "main")
    assert (ran.code, rules(ran)) == (1, ["DT101"])
    assert ran.json["findings"][0]["line"] == 9


def test_exit_zero_and_fail_on_and_ignore(project: Project) -> None:
    on_branch(project, {"jobs/Dockerfile": "FROM scratch\n"})
    assert check(project, "--base", "main").code == 0
    assert check(project, "--base", "main", "--fail-on", "DT3,DT403").code == 1
    assert check(project, "--base", "main", "--fail-on", "DT302", "--exit-zero").code == 0
    ran = check(project, "--base", "main", "--fail-on", "DT302", "--ignore", "DT302:jobs/**")
    assert (ran.code, rules(ran), [one["rule"] for one in ran.json["accepted"]]) == (0, [], ["DT302"])


@pytest.mark.parametrize(
    "options",
    [("--fail-on", "DT9"), ("--fail-on", "X"), ("--ignore", "DT302"), ("--ignore", "DT3:x"), ("--ignore", "DT302:[")],
)
def test_what_cannot_be_meant_is_a_usage_error(project: Project, options: tuple[str, ...]) -> None:
    on_branch(project, {})
    ran = check(project, "--base", "main", *options)
    assert (ran.code, ran.out) == (2, "")
    assert "hint:" in ran.err


def test_several_answers_at_once(project: Project) -> None:
    on_branch(project, BREAKS)
    ran = project.run(
        "check", "--base", "main", "--format", "json", "--format", "sarif:a.sarif", "--format", "html:a.html",
        "--format", "junit:a.xml", "--format", "gitlab:a.json", "--format", "markdown:a.md",
    )  # fmt: skip
    assert ran.code == 1
    assert ran.json["verdict"] == "fail"
    written = {path.name for path in project.folder.glob("a.*")}
    assert written == {"a.sarif", "a.html", "a.xml", "a.json", "a.md"}
    assert json.loads((project.folder / "a.sarif").read_text())["runs"][0]["results"][0]["ruleId"] == "DT201"


# in CI


def test_a_pull_request_on_github(project: Project, tmp_path: Path) -> None:
    old, new = on_branch(project, BREAKS)
    run_git(project.folder, "checkout", "--quiet", "--detach", old)
    merge = run_git(project.folder, "commit-tree", f"{new}^{{tree}}", "-p", old, "-p", new, "-m", "Merge").decode()
    run_git(project.folder, "checkout", "--quiet", merge.strip())
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    environ = {
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main",
        "GITHUB_REF": "refs/pull/7/merge", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs),
    }  # fmt: skip
    ran = project.run("check", "--format", "github", **environ)
    assert ran.code == 1, ran.err
    assert ran.out.startswith("::error file=api/main.py,line=1,")
    assert "lib.tool" in summary.read_text()
    assert "verdict" in outputs.read_text()


def shallow(project: Project, folder: Path) -> Project:
    url = project.folder.as_uri()
    run_git(folder.parent, "clone", "--quiet", "--depth=1", "--branch=work", url, str(folder))
    return Project(folder, Shop(folder, {}), project.environ)


def test_a_base_that_a_shallow_clone_does_not_have_names_the_fetch(project: Project, tmp_path: Path) -> None:
    old, _ = on_branch(project, BREAKS)
    clone = shallow(project, tmp_path / "clone")
    for base in (old, "origin/main", "main"):
        ran = check(clone, "--base", base)
        assert (ran.code, ran.out) == (3, ""), (base, ran.err)
        assert "git fetch" in ran.err
    run_git(clone.folder, "fetch", "--quiet", "--depth=1", "origin", old)
    run_git(clone.folder, "fetch", "--quiet", "--depth=2", "origin", "work")
    ran = check(clone, "--base", old)
    assert (ran.code, rules(ran)) == (1, ["DT201"]), ran.err


# what is staged


def stage(project: Project, changes: Mapping[str, str]) -> None:
    for path, text in changes.items():
        (project.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / path).write_text(text)
        run_git(project.folder, "add", path)


def test_what_is_staged_is_judged_against_head(project: Project) -> None:
    on_branch(project, {"jobs/Dockerfile": "FROM scratch\n"})
    assert check(project, "--staged").code == 0
    stage(project, BREAKS)
    (project.folder / "api/main.py").write_text("not staged, and not Python(\n")
    ran = check(project, "--staged")
    assert (ran.code, rules(ran)) == (1, ["DT201"])
    assert run_git(project.folder, "rev-parse", "HEAD") == run_git(project.folder, "rev-parse", "work")
    for option in ("--head", "--base"):
        assert check(project, "--staged", option, "work").code == 2


def test_what_is_staged_before_the_first_commit(project: Project) -> None:
    with Builder(project.folder):
        pass
    stage(project, {**SHOP, **BREAKS})  # type: ignore[dict-item]
    ran = check(project, "--staged")
    assert ran.code == 1, ran.err
    assert "DT201" in rules(ran)


# with a fleet


def fleet_of(project: Project, *services: dict[str, Any]) -> str:
    return project.file("fleet.json", {"services": services})


def serving(name: str, commit: str, **env: str) -> dict[str, Any]:
    rows = [{"name": key, "value": value} for key, value in env.items()]
    template = {"labels": {"commit-sha": commit}, "containers": [{"image": "i:1", "env": rows}]}
    return v2_service(name, project="shop-1", template=template)


def test_with_a_fleet_it_says_what_waits_already(project: Project) -> None:
    with Builder(project.folder) as made:
        first = made.commit(content(SHOP))
        made.commit({"shared/names.py": b"NAME = 2\n"}, author="Ada <ada@example.com>")
        base = made.commit({"shared/names.py": b"NAME = 3\n"}, author="Ben <ben@example.com>")
        made.commit({"shared/names.py": b"NAME = 4\n"}, [base], branch="work")
    made.checkout("work")
    fleet = fleet_of(project, serving("api", first))
    ran = check(project, "--base", "main", "--fleet", fleet)
    (found,) = [one for one in ran.json["findings"] if one["rule"] == "DT402"]
    assert ran.code == 0
    assert "2 commits of 2 people" in found["message"]
    assert (found["detail"]["people"], found["detail"]["count"], found["severity"]) == (2, 2, "note")


def test_a_hotfix_that_serves_already_does_not_become_stale_by_its_merge(project: Project) -> None:
    _, new = on_branch(project, {"shared/names.py": "NAME = 4\n"})
    assert check(project, "--base", "main").json["forecast"]["stale"] == ["api"]
    ran = check(project, "--base", "main", "--fleet", fleet_of(project, serving("api", new)))
    assert ran.json["forecast"]["stale"] == []


def test_a_service_that_leaves_services_toml_and_serves_fails(project: Project) -> None:
    web = '[services.web]\npaths = ["shared"]\n'
    old, _ = on_branch(project, {"services.toml": TOML + API}, {**SHOP, "services.toml": TOML + API + web})
    api = serving("api", old)
    assert rules(check(project, "--base", "main", "--fleet", fleet_of(project, api))) == []
    ran = check(project, "--base", "main", "--fleet", fleet_of(project, api, serving("web", old)))
    assert (ran.code, rules(ran)) == (1, ["DT104"])


@pytest.mark.parametrize(
    ("old", "new"),
    [("europe-west1", "us-east1"), ("shop-1", "shop-2"), ('"google"', '"local"')],
    ids=["another region", "another project", "another cloud"],
)
def test_a_place_that_leaves_services_toml_and_is_served_in_fails(project: Project, old: str, new: str) -> None:
    base, _ = on_branch(project, {"services.toml": (TOML + API).replace(old, new)})
    ran = check(project, "--base", "main")
    assert (ran.code, rules(ran)) == (0, ["DT104"])
    assert "europe-west1 of shop-1" in ran.json["findings"][0]["message"]
    ran = check(project, "--base", "main", "--fleet", fleet_of(project, serving("api", base)))
    assert (ran.code, rules(ran)) == (1, ["DT104"])
    assert rules(check(project, "--base", "main", "--fleet", fleet_of(project, serving("web", base)))) == []
    gone = {"project": "shop-1", "region": "europe-west1", "message": "permission denied"}
    ran = check(project, "--base", "main", "--fleet", project.file("fleet.json", {"unreachable": [gone]}))
    assert (ran.code, rules(ran)) == (3, ["DT104"])


def test_from_a_rehearsal_to_the_real_cloud_nothing_is_left_behind(project: Project) -> None:
    on_branch(
        project, {"services.toml": TOML + API}, {**SHOP, "services.toml": (TOML + API).replace('"google"', '"local"')}
    )
    assert rules(check(project, "--base", "main")) == []


def test_a_region_more_is_fine(project: Project) -> None:
    on_branch(project, {"services.toml": TOML + API + 'regions = ["europe-west1", "us-east1"]\n'})
    assert rules(check(project, "--base", "main")) == []


def test_variables_are_looked_for_in_what_serves(project: Project) -> None:
    old, _ = on_branch(project, {"api/main.py": "import os, shared.names\nos.environ['A'], os.environ['B']\n"})
    ran = check(project, "--base", "main", "--fleet", fleet_of(project, serving("api", old, A="secret-value")))
    assert [one["detail"]["name"] for one in ran.json["findings"] if one["rule"] == "DT403"] == ["B"]
    assert "secret-value" not in ran.said


def test_a_region_that_could_not_be_looked_at_is_never_a_pass(project: Project) -> None:
    on_branch(project, {})
    gone = {"project": "shop-1", "region": "europe-west1", "message": "permission denied"}
    fleet = project.file("fleet.json", {"services": [], "unreachable": [gone]})
    ran = check(project, "--base", "main", "--fleet", fleet)
    assert (ran.code, ran.json["verdict"]) == (3, "unknown")


# a branch that lies (T17)


LIE = (TOML + API).replace("shop-1", "evil-1").replace("europe-west1", "us-east1")


def test_the_base_decides_who_is_asked(project: Project) -> None:
    on_branch(project, {"services.toml": LIE})
    with FakeCloudRun() as server:
        host = server.endpoint.removeprefix("http://")
        ran = check(project, "--base", "main", "--live", CLOUD_RUN_EMULATOR_HOST=host)
        asked = set(server.paths())
    assert asked
    assert all("/projects/shop-1/locations/europe-west1/" in f"/{path}" for path in asked), asked
    assert "evil-1" not in ran.said


def test_without_a_services_toml_at_the_base_nobody_is_asked(project: Project) -> None:
    on_branch(project, {"services.toml": LIE}, {path: text for path, text in SHOP.items() if path != "services.toml"})
    ran = check(project, "--base", "main", "--live")
    assert (ran.code, ran.out) == (2, "")
    assert check(project, "--base", "main").code == 0


def test_a_branch_cannot_point_the_check_at_another_repository(project: Project, tmp_path: Path) -> None:
    with Builder(tmp_path / "fine") as made:
        made.commit(content(SHOP))
    lie = SHOP["services.toml"].replace("[project]", f'[project]\nrepository = "{tmp_path / "fine"}"')
    on_branch(project, {**BREAKS, "services.toml": lie})
    ran = check(project, "--base", "main")
    assert (ran.code, rules(ran)) == (1, ["DT201"])


def test_a_services_toml_outside_the_repository_serves_both_sides(project: Project, tmp_path: Path) -> None:
    on_branch(project, {**BREAKS, "services.toml": "not TOML at all ["})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "services.toml").write_text(
        SHOP["services.toml"].replace("[project]", '[project]\nrepository = "../shop"')
    )
    other = Project(outside, project.shop, project.environ)
    ran = check(other, "--base", "main")
    assert (ran.code, rules(ran)) == (1, ["DT201"])
    options = ("--config", str(outside / "services.toml"), "--repository", str(project.folder), "--base", "main")
    assert rules(check(project, *options)) == ["DT201"]


def test_nothing_of_the_branch_runs(project: Project, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    evil = f"import os\nos.system('touch {witness}')\n"
    on_branch(project, {"api/main.py": evil, "shared/__init__.py": evil, "setup.py": evil, "conftest.py": evil})
    stage(project, {"sitecustomize.py": evil})
    config = project.folder / ".git/config"
    config.write_text(config.read_text() + f'[core]\n\tfsmonitor = "touch {witness}"\n\thooksPath = "{tmp_path}"\n')
    for options in (("--base", "main"), ("--staged",)):
        assert check(project, *options).code in (0, 1)
    assert not witness.exists()


# a large branch


def test_five_thousand_files_are_aggregated(project: Project, tmp_path: Path) -> None:
    imports = "".join(f"import lib.m{number}\n" for number in range(5000))
    files = {f"lib/m{number}.py": "" for number in range(5000)}
    on_branch(project, {"api/main.py": imports, "lib/__init__.py": "", **files})
    summary = tmp_path / "summary.md"
    started = time.perf_counter()
    ran = project.run("check", "--base", "main", "--format", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert ran.code == 1
    assert time.perf_counter() - started < 60
    assert sum(line.startswith("::error") for line in ran.out.splitlines()) <= 10
    assert summary.stat().st_size <= 1024 * 1024
    table = project.run("check", "--base", "main")
    assert len(table.out.splitlines()) < 200


def test_the_program_itself(project: Project) -> None:
    """In a process of its own, as it is installed: nothing is needed but git."""
    on_branch(project, BREAKS)
    ran = project.program("check", "--base", "main")
    assert ran.code == 1, ran.err
    assert "DT201" in ran.out
