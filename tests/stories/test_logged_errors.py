"""A deploy whose errors nobody saw, and an error list that was empty because nobody could look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.adapters.shapes import v2_service
from tests.stories.conftest import SOURCE, Project, Ran
from tests.stories.log_world import AFTER, BEFORE, NEW, OLD, LogWorld, fleet, log_world

SCHEMA = Draft202012Validator(json.loads((SOURCE / "deploytool" / "schemas" / "errors.json").read_text()))
HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202e::error::[/b]<img src=x onerror=1> | @channel `x` ##[group] \r\n::set-output"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogWorld]:
    with log_world(tmp_path_factory.mktemp("logs")) as made:
        yield made


@pytest.fixture
def shopping(project: Project, world: LogWorld) -> Project:
    """The shop, whose `api` was deployed half a day ago."""
    world.holds(fleet())
    project.environ.update(world.environ)
    return project


def errors(project: Project, *argv: str) -> Ran:
    ran = project.run("errors", "api", "--format", "json", *argv)
    SCHEMA.validate(ran.json)
    return ran


def states(ran: Ran) -> dict[str, tuple[str, int, int]]:
    (service,) = ran.json["services"]
    return {group["signature"]: (group["state"], group["count"], group["before"]) for group in service["groups"]}


def test_what_the_deploy_brought_is_new_and_the_rest_is_not(shopping: Project, world: LogWorld) -> None:
    for number in range(3):
        world.says(f"no row {number} of 2025-06-19", BEFORE, OLD)
        world.says(f"cannot reach 10.0.0.{number}:5432", BEFORE, OLD)
    world.says("no row 77 of 2025-06-19", AFTER)
    world.says({"message": "KeyError: 'points'", "severity": "x"}, AFTER)
    world.says({"message": "KeyError: 'rebounds'"}, "2025-06-19T14:00:00Z")
    world.says("all is well", AFTER, severity="INFO")
    ran = errors(shopping)
    assert states(ran) == {
        "KeyError: <text>": ("new", 2, 0),
        "no row <n> of <time>": ("same", 1, 3),
        "cannot reach <ip>": ("gone", 0, 3),
    }
    assert (ran.code, ran.json["verdict"]) == (1, "fail")
    (service,) = ran.json["services"]
    assert (service["revision"], service["deployed_at"]) == (NEW, "2025-06-19T12:00:00Z")
    assert service["compared"]["revision"] == OLD
    new = service["groups"][0]
    assert (new["first_seen"], new["last_seen"]) == ("2025-06-19T13:00:00Z", "2025-06-19T14:00:00Z")
    assert new["revisions"] == [{"name": NEW, "count": 2}]
    assert new["example"] == "KeyError: 'rebounds'"
    table = shopping.run("errors", "api")
    assert table.code == 1
    assert "1 new, 1 same, 1 gone in 1 service looked at" in table.out
    assert shopping.run("errors", "api", "--exit-zero").code == 0


def test_the_same_as_before_is_no_finding(shopping: Project, world: LogWorld) -> None:
    world.says("no row 1", BEFORE, OLD)
    world.says("no row 2", AFTER)
    ran = errors(shopping)
    assert (ran.code, ran.json["verdict"], states(ran)) == (0, "pass", {"no row <n>": ("same", 1, 1)})


def test_of_a_first_deploy_every_error_is_new(shopping: Project, world: LogWorld) -> None:
    world.holds(fleet(made={NEW: "2025-06-19T12:00:00Z"}))
    world.says("no row 2", AFTER)
    ran = errors(shopping)
    assert (ran.code, states(ran)) == (1, {"no row <n>": ("new", 1, 0)})
    assert ran.json["services"][0]["compared"]["how"] == "there was no revision before it"


def test_no_errors(shopping: Project) -> None:
    ran = shopping.run("errors", "api")
    assert (ran.code, ran.err) == (0, "")
    assert "No errors in 1 service looked at" in ran.out


def test_what_a_traceback_without_a_severity_says_is_an_error(shopping: Project, world: LogWorld) -> None:
    world.says(
        'Traceback (most recent call last):\n  File "/app/main.py", line 3, in go\nOSError: full', AFTER, NEW, "DEFAULT"
    )
    assert states(errors(shopping)) == {"OSError: full | main.py go": ("new", 1, 0)}  # fmt: skip


def test_a_traceback_that_came_line_by_line_is_one_error(shopping: Project, world: LogWorld) -> None:
    def dies(at: str, revision: str, *says: str) -> None:
        lines = ["Traceback (most recent call last):", '  File "/app/main.py", line 3, in go', "    go()", *says]
        for number, line in enumerate(lines):
            world.says(line, at.replace("00Z", f"{number:02}Z"), revision, "DEFAULT")

    dies(BEFORE, OLD, "KeyError: 'points'", "bye")
    dies(AFTER, NEW, "OSError: full")
    dies("2025-06-19T14:00:00Z", NEW, "KeyError: 'rebounds'", "bye")
    ran = errors(shopping)
    wanted = {"OSError: full | main.py go": ("new", 1, 0), "KeyError: <text> | main.py go": ("same", 1, 1)}
    assert (ran.code, states(ran)) == (1, wanted)
    dies("2025-06-19T15:00:00Z", NEW)  # and nothing says what it was
    dies("2025-06-19T16:00:00Z", NEW, "KeyError: 'assists'")
    ran = errors(shopping)
    assert "only the first line was found" in ran.json["services"][0]["read"]["now"]["why"]
    assert ran.json["services"][0]["read"]["now"]["complete"] is False


def test_a_revision_that_never_served_hides_no_new_error(shopping: Project, world: LogWorld) -> None:
    world.says("no row 1", AFTER, "api-00008-bad")
    world.says("cannot start", AFTER, "api-00008-bad")
    world.says("no row 1", AFTER)
    assert states(errors(shopping)) == {"no row <n>": ("new", 1, 0), "cannot start": ("aside", 0, 0)}


def test_what_served_too_long_ago_to_have_lines_is_not_compared_with(shopping: Project, world: LogWorld) -> None:
    world.holds(fleet(made={OLD: "2025-01-01T00:00:00Z", NEW: "2025-03-01T00:00:00Z"}))
    world.says("no row 1", AFTER)
    ran = errors(shopping)
    assert (ran.code, ran.json["verdict"], states(ran)) == (3, "unknown", {"no row <n>": ("unknown", 1, 0)})
    world.says("no row 1", "2025-06-17T00:00:00Z")
    ran = errors(shopping, "--since", "24h")  # with what it logged itself
    assert (ran.code, states(ran)) == (0, {"no row <n>": ("same", 1, 1)})


def test_secrets_are_masked_before_they_are_looked_at(shopping: Project, world: LogWorld) -> None:
    world.says("login failed: password=hunter22 at https://bob:pa55@db/x", AFTER)
    world.says({"message": "no", "stack_trace": "api_key: AIzaSyA0123456789012345678901234567890"}, AFTER)
    for format in ("json", "table", "markdown"):
        said = shopping.run("errors", "api", "--format", format).out
        assert "***" in said
        assert not [secret for secret in ("hunter22", "pa55", "AIzaSy") if secret in said]
    said = shopping.run("logs", "api", "--since", "deploy").out
    assert "***" in said
    assert "hunter22" not in said


@pytest.mark.parametrize("format", ["table", "markdown", "json"])
def test_hostile_lines_stand_there_and_do_nothing(shopping: Project, world: LogWorld, format: str) -> None:
    world.says(HOSTILE, AFTER)
    world.says({"message": f"x{HOSTILE}"}, AFTER, "api-00008-\x1b]")
    for command in ("errors", "logs"):
        ran = shopping.run(command, "api", "--format", format, "--color", "never", "--since", "deploy")
        assert ran.code == (1 if command == "errors" else 0), ran.err
        assert not [letter for letter in ran.out if (ord(letter) < 32 and letter != "\n") or letter in "\x7f\u202e"]
        assert not [line for line in ran.out.splitlines() if line.lstrip().startswith("::") or "##[" in line]


@pytest.mark.parametrize(
    "fault",
    ["status=503", "status=403", "status=429", "status=500", "status=404"],
)
@pytest.mark.parametrize("command", ["errors", "logs"])
def test_when_logging_does_not_answer_nothing_is_called_fine(
    shopping: Project, world: LogWorld, fault: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    world.fault(f"POST /v2/entries:list {fault} times=1000")
    ran = shopping.run(command, "api")
    assert ran.code == 3
    assert "No errors" not in ran.said
    assert "No lines" not in ran.said
    assert fault[-3:] in ran.said


def test_when_the_fleet_cannot_be_read_nothing_is_called_fine(shopping: Project, world: LogWorld) -> None:
    world.fault("GET /v2/** status=403 times=1000")
    ran = errors(shopping)
    assert (ran.code, ran.json["verdict"]) == (3, "unknown")
    assert ran.json["services"][0]["problem"]["message"]
    assert "No errors" not in shopping.run("errors", "api").said
    assert shopping.run("logs", "api", "--since", "deploy").code == 3


def test_a_service_that_is_not_there_is_not_fine(shopping: Project) -> None:
    ran = shopping.run("errors")
    assert ran.code == 3
    assert "There is no service of this name" in ran.out
    assert "1 service could not be told" in ran.out


def test_an_answer_that_is_a_part_says_so(shopping: Project, world: LogWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploytool.detect.erring.MOST", 3)
    for number in range(4):
        world.says(f"no row {number}", BEFORE, OLD)
    ran = errors(shopping)
    assert (ran.code, states(ran)) == (0, {"no row <n>": ("gone", 0, 3)})
    world.says("other", AFTER)
    ran = errors(shopping)  # what was there before was not read to its end
    assert (ran.code, states(ran)["other"]) == (3, ("unknown", 1, 0))
    for number in range(4):
        world.says(f"no row {number}", AFTER)
    ran = errors(shopping)
    assert (ran.code, ran.json["verdict"]) == (3, "unknown")
    assert "only the newest 3 lines were read" in shopping.run("errors", "api").out


def test_two_that_serve_are_compared_with_each_other(shopping: Project, world: LogWorld) -> None:
    rows: list[dict[str, Any]] = [
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": name, "percent": percent}
        for name, percent in ((OLD, 90), (NEW, 10))
    ]
    world.holds({**fleet(), "services": [v2_service("api", traffic=rows, trafficStatuses=rows)]})
    world.says("no row 1", AFTER, OLD)
    world.says("no row 2", AFTER)
    world.says("other", AFTER)
    ran = errors(shopping)
    assert (ran.code, states(ran)) == (1, {"other": ("new", 1, 0), "no row <n>": ("same", 1, 1)})


@pytest.mark.parametrize("argv", [["--since", "yesterday"], ["--severity", "BAD"], ["--format", "sarif"], ["nobody"]])
def test_what_cannot_be_asked_is_said(shopping: Project, argv: list[str]) -> None:
    ran = shopping.run("errors", *argv)
    assert ran.code == 2
    assert "hint:" in ran.err
