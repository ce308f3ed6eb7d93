"""A script keys on the exit code and a person on the sentence: each ending has both, and they agree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.adapters.shapes import v2_service
from tests.repositories import Builder, run_git
from tests.stories.conftest import SERVICES, SOURCE, Cloud, Project, R, Shop, labelled


def fleet_of(project: Project, **commits: str | None) -> str:
    """A fleet file: service name to the name of its commit, None for an unknown one."""
    known = project.shop.commits
    services = [
        v2_service(name, template=labelled(known[commit] if commit else "0" * 40)) for name, commit in commits.items()
    ]
    return project.file("fleet.json", {"services": services})


@pytest.mark.parametrize(
    ("commits", "code", "verdict"),
    [
        ({"api": "main", "web": "main"}, 0, "current"),
        ({"api": "first", "web": "main"}, 1, "stale"),
        ({"api": "main", "web": None}, 3, "unknown"),
        ({"api": "first", "web": None}, 1, "unknown"),
        ({"api": None}, 1, "unknown"),
        ({"api": "main"}, 1, "missing"),
    ],
)
def test_findings_beat_doubt_and_doubt_beats_clean(
    project: Project, commits: dict[str, str | None], code: int, verdict: str
) -> None:
    file = fleet_of(project, **commits)
    ran = project.drift("--fleet", file)
    assert (ran.code, ran.json["verdict"]) == (code, verdict)
    assert project.run("drift", "--fleet", file).code == code
    assert project.run("drift", "--fleet", file, "--format", "markdown").code == code
    assert project.drift("--fleet", file, "--exit-zero").code == (0 if code == 1 else code)


def test_json_follows_its_schema(project: Project) -> None:
    schemas = SOURCE / "deploytool" / "schemas"
    file = fleet_of(project, api="first", web=None, blog="main")
    for command in (["drift"], ["drift", "--verbose"], ["status"], ["where", project.shop.commits["api"]]):
        ran = project.run(*command, "--format", "json", "--fleet", file)
        schema = json.loads((schemas / f"{command[0]}.json").read_text())
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(ran.json)
        assert ran.json["schema"] == f"deploytool/{command[0]}/1"
        assert ran.err == ""


def test_where_and_status_have_their_codes(project: Project, shop: Shop) -> None:
    file = fleet_of(project, api="first", web="main")
    assert project.run("status", "--fleet", file).code == 0
    assert project.run("where", shop.commits["first"], "--fleet", file).code == 0
    assert project.run("where", shop.commits["api"], "--fleet", file).code == 1
    assert project.run("where", shop.commits["api"], "--fleet", file, "--exit-zero").code == 0
    assert project.run("where", "Count to two", "--fleet", file).code == 1
    assert project.run("where", "no such words anywhere", "--fleet", file).code == 2
    assert project.run("where", shop.commits["first"], "--fleet", fleet_of(project, api="main", web=None)).code == 3


def test_an_unknown_service_gets_the_nearest_names(project: Project) -> None:
    ran = project.drift("apo", "--fleet", fleet_of(project, api="main"))
    assert ran.code == 2
    assert ran.out == ""
    assert "apo" in ran.err
    assert "api" in ran.err.split("hint:")[1]
    assert project.run("status", "wbe", "--fleet", fleet_of(project)).code == 2


@pytest.mark.parametrize(
    "argv", [["drift", "--config", "nowhere.toml"], ["config", "check", "--config", "nowhere.toml"]]
)
def test_a_configuration_that_is_not_there_is_2(project: Project, argv: list[str]) -> None:
    ran = project.run(*argv)
    assert ran.code == 2
    assert "nowhere.toml" in ran.err
    assert "hint: " in ran.err


def test_no_configuration_at_all_is_2(project: Project) -> None:
    (project.folder / "services.toml").unlink()
    ran = project.run("drift")
    assert ran.code == 2
    assert "services.toml" in ran.err


def test_every_mistake_is_listed_with_its_line(project: Project) -> None:
    text = SERVICES.replace("regions =", "reginos =").replace('"api/Dockerfile"', "7") + "\n[services.Bad_Name]\n"
    project.services(text)
    for argv in (["drift"], ["config", "check"], ["status"], ["where", "x"]):
        ran = project.run(*argv)
        assert ran.code == 2
        for number, word in ((5, "reginos"), (10, "dockerfile"), (15, "Bad_Name")):
            assert any(f"services.toml:{number}:" in line and word in line for line in ran.err.splitlines()), ran.err
        assert "regions" in ran.err


@pytest.mark.parametrize(("key", "value"), [("dockerfile", "apo/Dockerfile"), ("paths", "apii")])
def test_a_path_that_exists_nowhere_is_2(project: Project, key: str, value: str) -> None:
    written = f'"{value}"' if key == "dockerfile" else f'["api", "{value}"]'
    old = 'dockerfile = "api/Dockerfile"'
    project.services(SERVICES.replace(old, f"{key} = {written}"))
    file = fleet_of(project, api="main", web="main")
    for argv in (["drift", "--fleet", file], ["config", "check"], ["drift", "api", "--fleet", file]):
        ran = project.run(*argv)
        assert ran.code == 2, ran.said
        assert "services.toml:10:" in ran.err
        assert value in ran.err
        assert 'did you mean "api' in ran.err


def test_a_path_that_exists_nowhere_is_no_error_while_a_commit_is_unknown(project: Project) -> None:
    """It may exist there: a remark, and the verdict stays unknown."""
    project.services(SERVICES.replace('"api/Dockerfile"', '"apo/Dockerfile"'))
    ran = project.drift("api", "--fleet", fleet_of(project, api=None))
    assert (ran.code, ran.entry("api")["verdict"]) == (3, "unknown")
    assert "apo/Dockerfile" in ran.json["remarks"][0]["message"]


def test_a_mistake_of_a_service_that_nobody_asked_about_does_not_stand_in_the_way(project: Project) -> None:
    project.services(SERVICES.replace('"web/Dockerfile"', '"wob/Dockerfile"'))
    assert project.drift("api", "--fleet", fleet_of(project, api="main")).code == 0


def test_a_path_on_one_side_only_is_stale_with_a_remark(project: Project, tmp_path: Path) -> None:
    dockerfile = b"FROM scratch\nCOPY . /app/\n"
    with Builder(tmp_path / "moved") as made:
        first = made.commit({"old/Dockerfile": dockerfile, "old/a.py": b"1\n", "web/Dockerfile": dockerfile})
        made.commit({"old/Dockerfile": None, "old/a.py": None, "new/Dockerfile": dockerfile, "new/a.py": b"1\n"})
    for folder in ("old", "new"):
        text = SERVICES.replace("api/Dockerfile", f"{folder}/Dockerfile").replace(
            "[services.web]", f'context = "{folder}"\n[services.web]'
        )
        project.services(text, tmp_path / "moved")
        fleet = {"services": [v2_service("api", template=labelled(first))]}
        ran = project.drift("api", "--fleet", project.file("fleet.json", fleet))
        assert (ran.code, ran.entry("api")["verdict"]) == (1, "stale"), ran.said
        assert any(folder in remark["message"] for remark in ran.json["remarks"])


def test_config_check_and_schema(project: Project) -> None:
    ran = project.run("config", "check")
    assert ran.code == 0
    assert "no mistakes" in ran.out
    schema = project.run("config", "schema")
    assert schema.code == 0
    assert schema.json["$schema"].endswith("2020-12/schema")


# repositories that cannot answer


def _nothing(path: Path, shop: Shop) -> None:
    path.mkdir()


def _unborn(path: Path, shop: Shop) -> None:
    path.mkdir()
    run_git(path, "init", "-q", "--initial-branch=main")


def _damaged(path: Path, shop: Shop) -> None:
    run_git(shop.repository, "clone", "-q", "--no-local", str(shop.repository), str(path))
    (path / ".git" / "HEAD").write_text("nonsense\n")


@pytest.mark.parametrize("made", [_nothing, _unborn, _damaged, lambda path, shop: None])
def test_a_repository_that_cannot_answer_is_said(
    project: Project, shop: Shop, tmp_path: Path, made: Callable[[Path, Shop], Any]
) -> None:
    made(tmp_path / "sources", shop)
    project.services(repository=tmp_path / "sources")
    ran = project.drift("--fleet", fleet_of(project, api="main"))
    assert ran.code in (2, 3), ran.said
    assert ran.out == ""
    assert ran.err.startswith("error: ")
    assert "hint: " in ran.err


def test_a_bare_and_a_detached_repository_answer(project: Project, shop: Shop, tmp_path: Path) -> None:
    bare, detached = tmp_path / "bare", tmp_path / "detached"
    run_git(shop.repository, "clone", "-q", "--bare", "--no-local", str(shop.repository), str(bare))
    run_git(shop.repository, "clone", "-q", "--no-local", str(shop.repository), str(detached))
    run_git(detached, "checkout", "-q", "--detach", "HEAD~1")
    for clone in (bare, detached):
        project.services(repository=clone)
        assert project.drift("api", "--fleet", fleet_of(project, api="first")).code == 1


def test_a_target_that_is_not_there_is_said(project: Project) -> None:
    project.services(SERVICES.replace('target = "main"', 'target = "mian"'))
    ran = project.drift("--fleet", fleet_of(project, api="main"))
    assert ran.code in (2, 3)
    assert "mian" in ran.err


# the clock


def test_ages_are_against_the_clock_that_was_given(project: Project) -> None:
    file = fleet_of(project, api="first", web="main")
    ran = project.drift("--fleet", file, DEPLOYTOOL_NOW="2025-06-17T15:08:40Z")
    assert ran.json["generated_at"] == "2025-06-17T15:08:40Z"
    assert "2d" in ran.entry("api")["reason"]
    assert ran.entry("api")["stale_since"] == "2025-06-15T15:08:40Z"
    wrong = project.drift("--fleet", file, DEPLOYTOOL_NOW="yesterday")
    assert wrong.code == 2
    assert "DEPLOYTOOL_NOW" in wrong.err


# round trip


def test_an_exported_fleet_gives_the_same_report(project: Project, cloud: Cloud, shop: Shop) -> None:
    project.services(SERVICES + '\n[services.nightly]\nkind = "job"\npaths = ["nightly"]\n')
    services = [v2_service("api", template=labelled(shop.commits["first"])), v2_service("blog")]
    services.append(v2_service("web", template=labelled(None, labels={"commit-sha": "not-hex"})))
    cloud.holds({"services": services})
    here = {"CLOUD_RUN_EMULATOR_HOST": cloud.host}
    asked = project.drift(**here)
    status = project.program("status", "--format", "json", **here)
    assert status.code == 0, status.said
    read = project.program("drift", "--format", "json", "--fleet", "-", stdin=status.out.encode())
    assert (read.code, read.json) == (asked.code, asked.json)
    assert asked.verdicts() == {f"api@{R}": "stale", f"web@{R}": "unknown", f"nightly@{R}": "missing"}
    twice = project.run("status", "--format", "json", "--fleet", "-", stdin=status.out.encode())
    assert twice.json == status.json


def test_a_server_that_is_not_there_is_3(project: Project) -> None:
    ran = project.drift(CLOUD_RUN_EMULATOR_HOST="127.0.0.1:9")
    assert (ran.code, set(ran.verdicts().values())) == (3, {"unknown"})
    assert "refused" in ran.entry("api")["reason"]
