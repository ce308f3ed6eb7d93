"""The morning of a person on call, on the sandbox: what each command says, and what it says when nobody answers."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploytool.emulator import client
from deploytool.emulator.lockfile import claim_in
from tests.stories.conftest import SOURCE, Project, Ran, Shop

NOW = json.loads((SOURCE / "tests" / "sandbox" / "expected.json").read_text())["now"]
PHASE3 = "nba-phase3-analytics-processors"
COUNTERS = """
[[services.nba-phase3-analytics-processors.checks]]
name = "completion accuracy"
command = [PYTHON, "counters.py"]
fix = [PYTHON, "counters.py", "--fix"]

[[services.nba-phase3-analytics-processors.checks]]
name = "duplicates"
query = "SELECT player_lookup, COUNT(*) c FROM nba_analytics.player_game_summary GROUP BY 1 HAVING c > 1"
max_rows = 0
required = false
"""
SCRIPT = """
import pathlib, sys
good = pathlib.Path(__file__).with_name("counters.good")
if "--fix" in sys.argv and not pathlib.Path(__file__).with_name("broken").exists():
    good.touch()
sys.exit(0 if good.exists() else 1)
"""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[Project]:
    project = Project(tmp_path_factory.mktemp("platform"), shop, {"DEPLOYTOOL_NOW": NOW})
    text = (SOURCE / "services.toml").read_text()
    (project.folder / "services.toml").write_text(text + COUNTERS.replace("PYTHON", json.dumps(sys.executable)))
    (project.folder / "counters.py").write_text(SCRIPT)
    assert project.program("status").code == 0
    yield project
    claim = claim_in(project.folder / ".deploytool")
    if claim is not None:
        client.stop(claim.address)


def no_traceback(ran: Ran) -> None:
    assert "Traceback" not in ran.said
    assert ran.code != 70, ran.said


def test_is_everything_well(platform: Project) -> None:
    ran = platform.program("validate", "--format", "json")
    found = {section["phase"]: section["verdict"] for section in ran.json["sections"]}
    assert ran.code == 1
    assert (found["drift"], found["serving"], found["verify"]) == ("fail", "fail", "fail")
    assert [row["met"] for row in ran.json["targets"]] == [False]  # the lock of phase 3 logged nothing


def test_is_the_lock_active(platform: Project) -> None:
    ran = platform.program(
        "verify", PHASE3, "nba-phase4-precompute-processors", "--only", "lock lines", "--format", "json"
    )
    assert ran.code in (0, 1)
    said = [check["said"] for service in ran.json["services"] for check in service["checks"]]
    assert said == ["0 lines, at least 1 expected"] * 2


def test_what_does_not_run_what_git_says(platform: Project) -> None:
    ran = platform.program("drift", "--verbose")
    assert ran.code == 1
    assert "signal_calculator.py" in ran.out


def test_what_services_complain_of(platform: Project) -> None:
    ran = platform.program("errors", "--since", "24h")
    no_traceback(ran)
    assert ran.code in (0, 1, 3)


def test_duplicates_that_nobody_could_count_are_not_none(platform: Project) -> None:
    ran = platform.program("verify", PHASE3, "--only", "duplicates", "--format", "json")
    (service,) = ran.json["services"]
    assert [check["answer"] for check in service["checks"]] == ["could-not-tell"]


def test_counters_are_fixed_only_when_they_agree_afterwards(platform: Project) -> None:
    assert platform.program("verify", PHASE3, "--only", "completion accuracy").code == 1
    broken = platform.folder / "broken"
    broken.touch()
    failed = platform.program("reconcile", PHASE3, "--days", "3", "--fix", "--yes")
    assert failed.code == 1, failed.said
    assert "completion accuracy" in failed.out
    broken.unlink()
    platform.program("reconcile", PHASE3, "--days", "3", "--fix", "--yes")
    assert platform.program("verify", PHASE3, "--only", "completion accuracy").code == 0


def test_the_figures_of_a_week_and_what_to_tell_who_comes_next(platform: Project) -> None:
    week = platform.program("report", "--week")
    assert (week.code, "no data" in week.out) == (0, True), week.said
    page = platform.program("handoff")
    assert "| Service | Revision | Commit | Deployed |" in page.out
    checked = platform.program("handoff", "--check", "-", stdin=page.out.encode())
    assert checked.code == 3  # of phase 2 nobody can tell which commit it is
    assert "1 could not be told, 7 true" in checked.out


ASKING = (
    ("drift",), ("status",), ("verify",), ("errors",), ("validate",), ("handoff",), ("logs", PHASE3),
    ("reconcile", "--days", "3"), ("where", "shared"),
)  # fmt: skip


@pytest.mark.parametrize("command", ASKING, ids=lambda command: command[0])
def test_when_nobody_answers_nothing_is_fine(platform: Project, command: tuple[str, ...]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    ran = platform.program(*command, CLOUD_RUN_EMULATOR_HOST=host)
    no_traceback(ran)
    assert ran.code in (1, 3), ran.said
    if command[0] not in ("validate", "verify", "reconcile"):  # which also find what is wrong without Cloud Run
        assert ran.code == 3, ran.said


def test_files_of_the_story_are_where_they_were(platform: Project) -> None:
    assert {path.name for path in Path(platform.folder).glob("*.py")} == {"counters.py"}
