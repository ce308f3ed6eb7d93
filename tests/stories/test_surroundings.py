"""The machine is never as one thinks: no home, a full cache, a wrong address, a signal in the middle."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.adapters.fake_cloudrun import FakeCloudRun
from tests.adapters.shapes import v2_service
from tests.stories.conftest import SERVICES, SOURCE, P, Project, R, labelled


@pytest.fixture
def fleet(project: Project) -> str:
    services = [v2_service(name, template=labelled(project.shop.commits["first"])) for name in ("api", "web")]
    return project.file("fleet.json", {"services": services})


ADDRESSES = ["127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999", "http://[", "://", " ", "\x1b[31m"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_wrong_address_of_cloud_run_is_doubt(project: Project, address: str) -> None:
    ran = project.drift(CLOUD_RUN_EMULATOR_HOST=address)
    assert ran.code in (2, 3), ran.said
    assert "hint" in ran.said
    assert "\x1b" not in ran.said


@pytest.mark.parametrize("answer", [b"", b"[]", b"null", b"<html>", b"{", b'{"services": 7}', b'{"services": [7]}'])
def test_an_answer_that_is_none_is_doubt(project: Project, answer: bytes) -> None:
    with FakeCloudRun() as server:
        server.fail(f"projects/{P}/locations/{R}/services", [(200, {}, answer)])
        ran = project.drift(CLOUD_RUN_EMULATOR_HOST=server.endpoint[7:])
    assert ran.code == 3, ran.said
    assert set(ran.verdicts().values()) == {"unknown"}


def test_a_cache_that_cannot_be_written_changes_nothing(project: Project, fleet: str) -> None:
    plain = project.drift("--fleet", fleet)
    file = project.file("a-file", "")
    for cache in (file, "/proc/nowhere", "/dev/null"):
        ran = project.program("drift", "--format", "json", "--fleet", fleet, XDG_CACHE_HOME=cache)
        assert (ran.code, ran.json) == (plain.code, plain.json), ran.err


def test_a_damaged_cache_changes_nothing(project: Project, fleet: str) -> None:
    here = {"XDG_CACHE_HOME": str(project.folder / "cache")}
    command = ("drift", "--format", "json", "--verbose", "--fleet", fleet)
    first = project.program(*command, **here)
    assert any((project.folder / "cache").rglob("*.*"))
    for damage in (b"", b"x" * 5_000):
        for path in (project.folder / "cache").rglob("*"):
            if path.is_file():
                path.write_bytes(damage)
        again = project.program(*command, **here)
        assert (again.code, again.json) == (first.code, first.json), again.err


def test_a_home_that_is_not_there_changes_nothing(project: Project, fleet: str) -> None:
    environ = project.environment(HOME="/nonexistent")
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        del environ[name]
    command = [sys.executable, "-P", "-m", "deploytool", "drift", "--fleet", fleet]
    ran = subprocess.run(command, cwd=project.folder, env=environ, capture_output=True, check=False)
    assert ran.returncode == 1, ran.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_middle_ends_it_soon_with_its_code(project: Project, number: int, code: int) -> None:
    with FakeCloudRun() as server:
        server.fail(f"projects/{P}/locations/{R}/services", [("hang", {}, 20)])
        command = [sys.executable, "-P", "-m", "deploytool", "drift"]
        environ = project.environment(CLOUD_RUN_EMULATOR_HOST=server.endpoint[7:])
        with subprocess.Popen(
            command, cwd=project.folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as ran:
            deadline = time.monotonic() + 15
            while not server.asked and time.monotonic() < deadline:
                time.sleep(0.01)
            began = time.monotonic()
            ran.send_signal(number)
            out, err = ran.communicate(timeout=15)
    assert ran.returncode == code, err
    assert time.monotonic() - began < 3
    assert out == b""
    assert b"Traceback" not in err


def test_the_sandbox_where_nothing_can_be_written_is_said(project: Project) -> None:
    shutil.copy(SOURCE / "services.toml", project.folder)
    project.file(".deploytool", "")
    for command in (["drift"], ["status"], ["emulator", "export"]):
        ran = project.run(*command)
        assert ran.code in (2, 3), ran.said
        assert "hint: " in ran.err


def test_a_port_that_is_taken_is_said(project: Project, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = project.run(
            "emulator", "serve", "--port", str(taken.getsockname()[1]), "--state", str(tmp_path / "state")
        )
    assert ran.code in (2, 3), ran.said
    assert "hint: " in ran.err


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "7", '{"services": 7}', '{"services": [{"name": "x"}]}', "[" * 90_000]
)
def test_a_file_that_is_no_world_is_not_imported(project: Project, tmp_path: Path, content: str) -> None:
    from deploytool.emulator import client
    from deploytool.emulator.lockfile import claim_in

    state = tmp_path / "state"
    try:
        ran = project.run("emulator", "import", project.file("world.json", content), "--state", str(state))
        assert ran.code in (2, 3), ran.said
        assert "hint: " in ran.err
        exported = project.run("emulator", "export", "--state", str(state))
        assert json.loads(exported.out)["services"] == []
    finally:
        claim = claim_in(state)
        if claim is not None:
            client.stop(claim.address)


def test_services_toml_that_is_a_folder_is_said(project: Project) -> None:
    (project.folder / "services.toml").unlink()
    (project.folder / "services.toml").mkdir()
    for argv in (["drift"], ["drift", "--config", "services.toml"]):
        ran = project.run(*argv)
        assert ran.code == 2
        assert "services.toml" in ran.err


def test_a_file_without_services_is_never_in_sync(project: Project, fleet: str) -> None:
    project.services(SERVICES.partition("[services.api]")[0])
    ran = project.drift("--fleet", fleet)
    assert ran.code in (2, 3), ran.said


def test_a_name_said_twice_is_judged_once(project: Project, fleet: str) -> None:
    assert list(project.drift("api", "api", "--fleet", fleet).verdicts()) == [f"api@{R}"]
