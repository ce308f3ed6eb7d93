"""The first minutes of a new user: the shipped services.toml, nothing else, and every command agrees."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator

from deploytool.emulator import client
from deploytool.emulator.errors import EmulatorError
from deploytool.emulator.lockfile import claim_in
from tests.stories.conftest import SOURCE, Project, Ran, Shop

EXPECTED = json.loads((SOURCE / "tests" / "sandbox" / "expected.json").read_text())
REACHING = ("imported", "build-input", "data", "cannot-prove")
DRIFT = ("drift", "--format", "json", "--precision", "image")


def processes_of(folder: Path) -> set[int]:
    """Living processes that name the folder: its server, and the programs that run inside it."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "cmdline").read_bytes() + os.fsencode(os.readlink(process / "cwd"))
        except OSError:
            continue
        if os.fsencode(folder) in said and int(process.name) != os.getpid():
            found.add(int(process.name))
    return found


def wait_until_none(folder: Path, seconds: float = 8.0) -> set[int]:
    deadline = time.monotonic() + seconds
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[Project, list[Ran]]]:
    """Four people type the first command at the same moment."""
    project = Project(tmp_path_factory.mktemp("platform"), shop, {"DEPLOYTOOL_NOW": EXPECTED["now"]})
    shutil.copy(SOURCE / "services.toml", project.folder)
    command = [sys.executable, "-P", "-m", "deploytool", *DRIFT]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": project.folder}
    running = [subprocess.Popen(command, env=project.environment(), **pipes) for _ in range(4)]
    try:
        ended = [(one.communicate(timeout=60), one.returncode) for one in running]
        yield project, [Ran(code, out.decode(), err.decode()) for (out, err), code in ended]
    finally:
        claim = claim_in(project.folder / ".deploytool")
        if claim is not None:
            client.stop(claim.address)
        assert wait_until_none(project.folder) == set()


@pytest.fixture
def platform(first: tuple[Project, list[Ran]]) -> Project:
    return first[0]


def address_of(platform: Project) -> client.Address:
    claim = claim_in(platform.folder / ".deploytool")
    assert claim is not None
    return claim.address


def assert_the_story(ran: Ran) -> None:
    assert ran.code == 1, ran.said
    assert ran.json["target"] == {"ref": "main", "commit": EXPECTED["target"]}
    found = {entry["name"]: entry for entry in ran.json["services"]}
    assert found.keys() == EXPECTED["services"].keys()
    for name, told in EXPECTED["services"].items():
        entry = found[name]
        for axis in ("verdict", "code", "serving", "provenance", "behind"):
            assert entry[axis] == told[axis], (name, axis)
        assert entry["precision"] == "image"
        assert [file["path"] for file in entry["files"]] == told["files"], name
        assert [row["commit"] for row in entry["revisions"]] == [told["commit"]], name
        assert all(row["percent"] == 100 and row["deployed_at"] for row in entry["revisions"])


def test_four_first_commands_tell_one_story(first: tuple[Project, list[Ran]]) -> None:
    for ran in first[1]:
        assert_the_story(ran)
    assert len({ran.out for ran in first[1]}) == 1


def test_one_server_serves_them_all_and_the_next(first: tuple[Project, list[Ran]]) -> None:
    project, ran = first
    server = client.health(address_of(project))["pid"]
    again = project.program(*DRIFT)
    assert again.out == ran[0].out
    assert again.err == ""  # what is there already is not announced again
    assert client.health(address_of(project))["pid"] == server
    servers = [pid for pid in processes_of(project.folder) if b"deploytool.emulator" in cmdline(pid)]
    assert servers == [server]


def cmdline(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_the_answer_follows_its_schema(first: tuple[Project, list[Ran]]) -> None:
    schema = json.loads((SOURCE / "deploytool" / "schemas" / "drift.json").read_text())
    Draft202012Validator(schema).validate(first[1][0].json)


def test_what_cannot_be_imported_does_not_make_it_stale(platform: Project) -> None:
    """The shipped services.toml as it is typed: every word as Python itself would load the files."""
    ran = platform.program("drift", "--format", "json")
    assert ran.code == 1, ran.said
    for entry in ran.json["services"]:
        told = EXPECTED["services"][entry["name"]]
        reaching = [file["path"] for file in entry["files"] if file["relevance"] in REACHING]
        assert reaching == told["reaching_files"], entry["name"]
        assert [file["path"] for file in entry["files"]] == told["files"], entry["name"]
        if told["commit"]:
            assert entry["precision"] == "import"
            assert entry["verdict"] == ("stale" if reaching else "current")
            scopes = {entry["scope"], *(row["scope"] for row in entry["revisions"])}
            assert len(scopes) == (2 if reaching else 1)


def test_a_module_that_was_left_behind_is_named(platform: Project) -> None:
    told = EXPECTED["services"]["nba-grading-service"]["missing_modules"]
    ran = platform.program("explain", "nba-grading-service", "--format", "json")
    missing = ran.json["services"][0]["missing_modules"]
    assert [(one["name"], one["level"]) for one in missing] == [(name, "error") for name in told]


def test_status_and_where_tell_the_same_story(platform: Project) -> None:
    status = platform.program("status", "--format", "json")
    assert status.code == 0, status.said
    commits = {row["service"]: row["revision"]["commit"] for row in status.json["rows"]}
    assert commits == {name: told["commit"] for name, told in EXPECTED["services"].items()}
    read = platform.program(*DRIFT, "--fleet", "-", stdin=status.out.encode())
    assert_the_story(read)
    where = platform.program("where", EXPECTED["services"]["nba-grading-service"]["commit"], "--format", "json")
    contains = {row["name"]: row["contains"] for row in where.json["answers"][0]["services"]}
    assert where.code == 1
    assert contains["nba-grading-service"] == "yes"
    assert contains["nba-phase2-raw-processors"] == "unknown"
    assert contains["nba-phase1-scrapers"] == "no"


def test_every_program_that_is_in_git_answers_with_its_name_and_commit(platform: Project) -> None:
    address = address_of(platform)
    services = client.export_fleet(address)["services"]
    status = platform.program("status", "--format", "json")
    uris = {one["name"].rpartition("/")[2]: one["uri"] for one in status.json["fleet"]["services"]}
    assert len(services) == len(uris) == len(EXPECTED["services"])
    for name, told in EXPECTED["services"].items():
        if told["commit"] is None:
            continue  # built from a commit that nobody has: there is nothing to run
        url = urlsplit(uris[name])
        connection = HTTPConnection("127.0.0.1", url.port, timeout=20)
        connection.request("GET", f"{url.path}/health")
        answer = connection.getresponse()
        said = json.loads(answer.read())
        connection.close()
        assert (answer.status, said["service"]) == (200, name)
        assert told["commit"].startswith(said["commit"])


def test_a_killed_server_is_followed_by_another_with_the_same_world(platform: Project) -> None:
    os.kill(client.health(address_of(platform))["pid"], signal.SIGKILL)
    assert_the_story(platform.program(*DRIFT))


def test_reset_begins_the_story_anew(platform: Project) -> None:
    client.import_fleet(
        address_of(platform), {"services": [{"name": "projects/nba-props-platform/locations/us-west2/services/stray"}]}
    )
    ran = platform.program(*DRIFT)
    assert [one["name"] for one in ran.json["unmanaged"]] == ["stray"]
    assert platform.program("emulator", "reset").code == 0
    again = platform.program(*DRIFT)
    assert_the_story(again)
    assert again.json["unmanaged"] == []


def test_the_state_folder_is_beside_services_toml_and_nowhere_else(platform: Project) -> None:
    assert {entry.name for entry in platform.folder.iterdir()} <= {"services.toml", ".deploytool", "home"}


def test_a_server_whose_client_is_gone_ends_by_itself(tmp_path: Path, shop: Shop) -> None:
    """Started as a command starts it, with a shorter patience: nothing may be left running on anybody's machine."""
    from deploytool.emulator.daemon import join_or_start

    address = join_or_start(tmp_path / ".deploytool", idle=0.3)
    assert processes_of(tmp_path)
    assert wait_until_none(tmp_path) == set()
    with pytest.raises(EmulatorError):
        client.health(address)
