"""Lines of a service: found, in order, each once, also those that come late while somebody follows."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from jsonschema import Draft202012Validator

from tests.stories.conftest import SOURCE, Project, Ran
from tests.stories.log_world import AFTER, BEFORE, NEW, OLD, LogWorld, fleet, log_world, parsed

SCHEMA = json.loads((SOURCE / "deploytool" / "schemas" / "logs.json").read_text())
LINE = Draft202012Validator({**SCHEMA["$defs"]["line"], "$defs": SCHEMA["$defs"]})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogWorld]:
    with log_world(tmp_path_factory.mktemp("logs")) as made:
        yield made


@pytest.fixture
def shopping(project: Project, world: LogWorld) -> Project:
    world.holds(fleet())
    project.environ.update(world.environ)
    return project


def logs(project: Project, *argv: str) -> Ran:
    ran = project.run("logs", "api", "--format", "json", *argv)
    Draft202012Validator(SCHEMA).validate(ran.json)
    return ran


def texts(ran: Ran) -> list[str]:
    return [line["text"] for line in ran.json["lines"]]


def test_lines_come_in_the_order_of_time(shopping: Project, world: LogWorld) -> None:
    world.says("second", AFTER, severity="INFO")
    world.says("first", BEFORE, OLD, severity="DEFAULT")
    world.says({"message": "third", "n": 1}, "2025-06-19T23:59:59.123456Z", severity="WARNING")
    ran = logs(shopping)
    assert (ran.code, texts(ran)) == (0, ["first", "second", "third"])
    assert [line["revision"] for line in ran.json["lines"]] == [OLD, NEW, NEW]
    assert ran.json["complete"] is True
    shown = shopping.run("logs", "api").out.splitlines()
    assert shown[0] == "2025-06-19 10:00:00.000Z  DEFAULT    00006-old  first"
    assert shown[2] == "2025-06-19 23:59:59.123Z  WARNING    00007-abc  third"
    assert shown[-1] == "3 lines of api in europe-west1 since 2025-06-19 00:00Z"


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        (["--grep", "Lock"], ["lock taken", "lock lost"]),
        (["--grep", 'textPayload:"lost"'], ["lock lost"]),
        (["--grep", "jsonPayload.n>1"], ["structured"]),
        (["--severity", "warning"], ["lock lost", "structured"]),
        (["--revision", "00006-old"], ["lock taken"]),
        (["--revision", NEW], ["lock lost", "structured"]),
        (["--since", "deploy"], ["lock lost", "structured"]),
        (["--since", "11h"], ["lock lost", "structured"]),
        (["--until", "2025-06-19T12:00:00Z"], ["lock taken"]),
        (["--until", "11h"], ["lock taken"]),
        (["--limit", "1"], ["structured"]),
        (["--grep", "nothing says this"], []),
    ],
)
def test_what_is_asked_for_is_found(shopping: Project, world: LogWorld, argv: list[str], wanted: list[str]) -> None:
    world.says("lock taken", BEFORE, OLD, severity="INFO")
    world.says("lock lost", AFTER, severity="ERROR")
    world.says({"message": "structured", "n": 2}, "2025-06-19T14:00:00Z", severity="WARNING")
    ran = logs(shopping, *argv)
    assert (ran.code, texts(ran)) == (0, wanted)
    assert ran.json["complete"] is ("--limit" not in argv)


def test_no_lines_are_said(shopping: Project) -> None:
    ran = shopping.run("logs", "api")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "No lines of api in europe-west1 since 2025-06-19 00:00Z\n"


def test_a_line_of_several_lines_is_indented(shopping: Project, world: LogWorld) -> None:
    world.says("Traceback\n  File x\nOSError: \x1b[31mfull", AFTER)
    shown = shopping.run("logs", "api").out.splitlines()
    assert shown[:3] == [
        "2025-06-19 13:00:00.000Z  ERROR      00007-abc  Traceback",
        "      File x",
        "    OSError: \\x1b[31mfull",
    ]


@pytest.mark.parametrize(
    "argv",
    [
        ["--since", "soon"],
        ["--since", "1h", "--until", "2h"],
        ["--severity", "LOUD"],
        ["--grep", 'severity>=ERROR) OR ("a"'],
        ["--limit", "0"],
        ["--follow", "--until", "1h"],
        ["--follow", "--format", "markdown"],
    ],
)
def test_what_cannot_be_asked_is_said(shopping: Project, argv: list[str]) -> None:
    ran = shopping.run("logs", "api", *argv)
    assert (ran.code, ran.out) == (2, "")
    assert "hint:" in ran.err


def ago(**back: float) -> str:
    return (datetime.now(UTC) - timedelta(**back)).isoformat(timespec="microseconds").replace("+00:00", "Z")


@pytest.fixture
def following(shopping: Project) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`logs --follow` in a process of its own, at the real time."""
    begun: list[subprocess.Popen[str]] = []

    def start(*argv: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-P", "-m", "deploytool", "logs", "api", "--follow", "--since", "1h", *argv]
        env = {key: value for key, value in shopping.environment().items() if key != "DEPLOYTOOL_NOW"}
        pipe = subprocess.PIPE
        begun.append(subprocess.Popen(command, cwd=shopping.folder, env=env, stdout=pipe, stderr=pipe, text=True))
        return begun[-1]

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_who_follows_gets_each_line_once_until_a_signal(
    following: Callable[..., subprocess.Popen[str]], world: LogWorld, number: int, code: int
) -> None:
    world.says("before", ago(minutes=5))
    world.says("same time", at := ago(seconds=1))
    process = following("--format", "json")
    lines = [first_line(process), first_line(process)]
    world.says("same time", at)
    world.says("late", ago(seconds=30))
    world.says("now", ago())
    lines += [first_line(process) for _ in range(3)]
    time.sleep(5)  # two more questions
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    told = parsed("".join(lines) + out)
    for line in told:
        LINE.validate(line)
    assert [line["text"] for line in told[:2]] == ["before", "same time"]
    assert sorted(line["text"] for line in told[2:]) == ["late", "now", "same time"]
    assert process.returncode == code
    assert "Traceback" not in err


def test_a_fault_in_between_loses_no_line(following: Callable[..., subprocess.Popen[str]], world: LogWorld) -> None:
    world.says("first", ago(seconds=5))
    process = following("--format", "json")
    assert json.loads(first_line(process))["text"] == "first"
    world.fault("POST /v2/entries:list status=503 times=6")
    world.says("during", ago())
    assert json.loads(first_line(process))["text"] == "during"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert "answered 503" in err


def test_who_may_not_read_any_more_is_told(following: Callable[..., subprocess.Popen[str]], world: LogWorld) -> None:
    world.says("first", ago(seconds=5))
    process = following()
    assert "first" in first_line(process)
    world.fault("POST /v2/entries:list status=403 times=1000")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "answered 403" in err


def test_it_ends_when_nobody_reads(following: Callable[..., subprocess.Popen[str]], world: LogWorld) -> None:
    world.says("first", ago(seconds=5))
    process = following()
    first_line(process)
    assert process.stdout is not None
    process.stdout.close()
    world.says("second", ago())
    assert process.wait(30) == 0
