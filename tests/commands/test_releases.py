"""`deploytool releases` from the door: the list, one release, the proof, and every way to ask wrongly."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploytool.__main__ import run
from deploytool.adapters import whoami
from deploytool.adapters.ledger import SqliteLedger
from deploytool.app import App
from deploytool.domain.release import EventKind
from tests.render.releases import PLAN

SERVICES = """
[project]
cloud = "google"
project = "nba-props-platform"
regions = ["us-west2"]

[services.prediction-worker]
paths = ["worker"]

[services.web]
paths = ["web"]
"""
SCHEMA = Path(__file__).parents[2] / "deploytool" / "schemas" / "releases.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which nothing was released yet."""
    (tmp_path / "services.toml").write_text(SERVICES)
    (tmp_path / ".git").mkdir()  # the top of a repository: nobody looks further up
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ledger(folder: Path) -> SqliteLedger:
    """Three releases: r1 ended, r2 waits, r3 of a service that left services.toml has no end."""
    ledger = SqliteLedger(folder / ".deploytool" / "ledger.sqlite")
    plan = PLAN.record()
    ledger.append("r1", EventKind.BEGUN, "", plan, fence=1)
    ledger.append("r1", EventKind.INTENT, "build", {}, fence=1)
    ledger.append("r1", EventKind.OBSERVED, "build", {"digest": "sha256:abc"}, fence=1)
    ledger.append("r1", EventKind.ENDED, "", {"outcome": "succeeded", "reason": ""}, fence=1)
    ledger.append("r2", EventKind.BEGUN, "", plan, fence=2)
    ledger.append("r2", EventKind.NOTED, "", {"waiting": "at the verified candidate"}, fence=2)
    ledger.append("r3", EventKind.BEGUN, "", {**plan, "service": "gone"}, fence=1)
    return ledger


def asked(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = run(["releases", *argv])
    said = capsys.readouterr()
    return code, said.out, said.err


def ids(said: str) -> list[str]:
    return [line.split()[1] for line in said.splitlines()[1:] if "deploy 7c406c20" in line]


def test_nothing_was_released_yet_and_nothing_is_made(folder: Path, capsys: Any) -> None:
    assert asked(capsys) == (0, "No release in the ledger.\n", "")
    assert asked(capsys, "web")[:2] == (0, "No release in the ledger.\n")
    assert asked(capsys, "--verify")[:2] == (0, "The chain of 0 events holds.\n")
    assert sorted(below.name for below in folder.iterdir()) == [".git", "services.toml"]


def test_the_list_is_short_and_the_newest_come_first(ledger: SqliteLedger, capsys: Any) -> None:
    code, said, _ = asked(capsys)
    assert (code, ids(said)) == (0, ["r3", "r2", "r1"])
    assert ids(asked(capsys, "prediction-worker")[1]) == ["r2", "r1"]
    assert ids(asked(capsys, "gone")[1]) == ["r3"]
    _, said, _ = asked(capsys, "--last", "1")
    assert ids(said) == ["r3"]
    assert "2 older releases not shown: --last 3" in said


def test_one_release_with_its_steps(ledger: SqliteLedger, capsys: Any) -> None:
    code, said, _ = asked(capsys, "show", "r1")
    assert code == 0
    assert "build: done in" in said
    assert "digest    sha256:abc" in said
    assert "next: deploytool rollback prediction-worker" in said
    assert "waiting at its candidate" in asked(capsys, "show", "r2")[1]


def test_whoever_runs_a_release_holds_its_lease(ledger: SqliteLedger, capsys: Any) -> None:
    assert "? left behind" in asked(capsys, "gone")[1]
    holder = whoami.holder_now(release="r3", reason="deploy", environ={})
    store = App().lease_store
    store.take("nba-props-platform/us-west2/gone", holder, 60)
    assert "? running" in asked(capsys, "gone")[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whoami, "is_gone", lambda holder: True)
        assert "? left behind" in asked(capsys, "gone")[1]
    [file] = [below for below in ledger.file.parent.iterdir() if below.name.startswith("lease")]
    file.write_bytes(b"torn" * 1000)
    code, said, told = asked(capsys, "gone")
    assert code == 0
    assert "? running or left behind" in said
    assert told.startswith("Whether they still run could not be told: ")


def test_json_keeps_its_schema(ledger: SqliteLedger, capsys: Any) -> None:
    check = Draft202012Validator(json.loads(SCHEMA.read_text()))
    for argv in ((), ("show", "r2"), ("--verify",)):
        code, said, _ = asked(capsys, *argv, "--format", "json")
        document = json.loads(said)
        check.validate(document)
        assert code == 0
        assert document["verified"] is (True if argv == ("--verify",) else None)
    [release] = json.loads(asked(capsys, "show", "r2", "--format", "json")[1])["releases"]
    assert release["outcome"] is None
    assert release["standing"] == "waiting at its candidate"
    assert [event["number"] for event in release["events"]] == [5, 6]
    assert release["events"][0]["hash"] == ledger.events("r2")[0].hash


def test_a_line_that_was_changed_is_found(ledger: SqliteLedger, capsys: Any) -> None:
    assert asked(capsys, "--verify")[:2] == (0, "The chain of 7 events holds.\n")
    with sqlite3.connect(ledger.file) as db:
        db.execute("DROP TRIGGER events_do_not_change")
        db.execute('UPDATE events SET data = \'{"outcome":"succeeded","reason":"x"}\' WHERE number = 4')
    code, said, _ = asked(capsys, "--verify")
    assert code == 1
    assert "- event 4 was changed after it was written" in said
    code, said, _ = asked(capsys, "--verify", "--format", "json")
    assert (code, json.loads(said)["verified"]) == (1, False)
    assert json.loads(said)["breaks"] == ["event 4 was changed after it was written"]


def test_what_cannot_be_read_is_3(ledger: SqliteLedger, capsys: Any) -> None:
    ledger.append("r4", EventKind.BEGUN, "", {"kind": "other"}, fence=1)
    code, said, told = asked(capsys)
    assert (code, said) == (3, "")
    assert "hint: See whether somebody changed it: deploytool releases --verify" in told
    ledger.file.write_bytes(b"torn" * 1000)
    for argv in ((), ("show", "r1"), ("--verify",)):
        code, said, told = asked(capsys, *argv)
        assert (code, said) == (3, "")
        assert told.startswith("error: The ledger ")
        assert "hint: " in told


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (["predction-worker"], "Did you mean prediction-worker? deploytool releases prediction-worker"),
        (["zzz"], "deploytool releases lists what there is."),
        (["show", "r9"], "Did you mean r3? deploytool releases show r3"),
        (["show"], "deploytool releases show ID"),
        (["show", "r1", "r2"], "deploytool releases show ID"),
        (["web", "prediction-worker"], "deploytool releases [SERVICE]"),
        (["--verify", "web"], "deploytool releases --verify"),
        (["--last", "0"], "deploytool releases --help"),
    ],
)
def test_asked_wrongly(ledger: SqliteLedger, capsys: Any, argv: list[str], hint: str) -> None:
    code, said, told = asked(capsys, *argv)
    assert (code, said) == (2, "")
    assert hint in told
