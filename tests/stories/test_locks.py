"""Fear: somebody is releasing, or was, and nobody can tell; or the lock of a dead process keeps everybody out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploytool.__main__ import run
from deploytool.adapters.leases import Leases
from deploytool.adapters.leases.sqlite import SqliteShelf
from tests.lease_backends import bucket, holder

KEY = "demo-project/us-west2/api"
SERVICES = (
    '[project]\ncloud = "{cloud}"\nproject = "demo-project"\nregions = ["us-west2"]\n[services.api]\npaths = ["a"]\n'
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "services.toml").write_text(SERVICES.format(cloud="local"))
    return tmp_path


def store(project: Path) -> Leases:
    return Leases(SqliteShelf(project / ".deploytool" / "leases.sqlite"))


def test_nobody_is_releasing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lock", "list", "--max-age", "1s"]) == 0
    assert capsys.readouterr().out == "Nobody is releasing; no release in the last week\n"
    assert not (project / ".deploytool").exists()


def test_who_is_releasing_is_shown_and_can_be_ended(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lease = store(project).take(KEY, holder(commit="7c406c20" * 5, link="https://ci.test/1"), 600, waited=70)
    assert run(["lock", "list"]) == 0
    said = capsys.readouterr().out
    for word in ("api", "ann@laptop", "7c406c20 ", "deploy 7c406c20", "https://ci.test/1", lease.id, "longest wait 1m"):
        assert word in said
    assert run(["lock", "list", "--max-age", "5m"]) == 0
    assert run(["lock", "break", lease.id, "--why", " "]) == 2
    assert run(["lock", "break", "nobody", "--why", "x"]) == 2
    assert run(["lock", "break", lease.id, "--why", "ann \x1b[31m went home"]) == 0
    assert "ann@laptop does not hold api in us-west2 any more" in capsys.readouterr().err
    assert run(["lock", "break", lease.id, "--why", "twice"]) == 2
    assert run(["lock", "list"]) == 0
    assert "1 hold" in capsys.readouterr().out
    assert store(project).records()[0].past[0].how == "broken: ann \x1b[31m went home"


def test_a_lease_that_is_held_for_too_long_is_a_finding(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = SqliteShelf(project / ".deploytool" / "leases.sqlite")
    read = shelf._clocks()
    shelf._clocks = lambda: type(read)("", read.since_boot, read.wall - 120)  # taken two minutes ago
    Leases(shelf).take(KEY, holder(), 600)
    monkeypatch.setenv("DEPLOYTOOL_NOW", "2020-01-01T00:00:00Z")  # the time of reports is not that of leases
    assert run(["lock", "list", "--max-age", "1m", "--format", "json"]) == 1
    [lease] = json.loads(capsys.readouterr().out)["leases"]
    assert lease["too_old"] is True
    assert 119 < lease["age_seconds"] < 140
    assert run(["lock", "list", "--max-age", "5m"]) == 0
    assert run(["lock", "list", "--max-age", "soon"]) == 2


def test_a_store_out_of_reach_is_no_free_lock(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / ".deploytool").mkdir()
    (project / ".deploytool" / "leases.sqlite").write_bytes(b"\x00\xff" * 3000)
    assert run(["lock", "list"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "damaged" in said.err
    assert run(["lock", "break", "x", "--why", "y"]) == 3


def test_leases_in_a_bucket_at_an_address_of_our_own(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "services.toml").write_text(
        SERVICES.format(cloud="google") + '[locks]\nbackend = "gcs"\nbucket = "locks"\n'
    )
    with bucket() as place:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", place.removeprefix("http://"))
        assert run(["lock", "list"]) == 0
    assert "Nobody is releasing" in capsys.readouterr().out


def test_a_rehearsal_never_asks_the_real_firestore(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = '[locks]\nbackend = "firestore"\ndatabase = "(default)"\ncollection = "leases"\n'
    (project / "services.toml").write_text(SERVICES.format(cloud="local") + where)
    assert run(["lock", "list"]) == 2
    assert "FIRESTORE_EMULATOR_HOST" in capsys.readouterr().err
