"""Joining and starting: one server per folder, whatever happened to the one before."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploytool.emulator import client
from deploytool.emulator.daemon import join_or_start
from deploytool.emulator.errors import EmulatorError
from deploytool.emulator.lockfile import lock_path
from deploytool.emulator.serve import serve as serve_folder

SOURCE = str(Path(__file__).resolve().parents[2])
SERVICE = {"name": "projects/demo-project/locations/us-west2/services/api", "generation": "1"}


def pid_of(address):
    return client.health(address)["pid"]


def gone(pid, seconds=5.0):
    """Has the process ended? A zombie has."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def state(tmp_path):
    """A state folder whose server, if any, ends with the test."""
    folder = tmp_path / ".deploytool"
    yield folder
    try:
        claim = json.loads(lock_path(folder).read_text())
        client.stop(client.Address("127.0.0.1", claim["port"], claim["token"]))
    except (OSError, ValueError, EmulatorError):
        pass


def test_the_first_starts_and_the_second_joins(state):
    first = join_or_start(state, idle=20)
    assert join_or_start(state) == first
    client.import_fleet(first, {"services": [SERVICE]})
    assert client.export_fleet(join_or_start(state))["services"] == [SERVICE]


def test_eight_that_start_at_once_get_one_server(state):
    code = (
        "import sys, pathlib; from deploytool.emulator.daemon import join_or_start; "
        "print(join_or_start(pathlib.Path(sys.argv[1]), idle=20).port)"
    )
    command = [sys.executable, "-c", code, str(state)]
    env = os.environ | {"PYTHONPATH": SOURCE}
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) for _ in range(8)]
    ports = [starter.communicate(timeout=30)[0].strip() for starter in starters]
    assert len(set(ports)) == 1, ports
    assert ports[0].isdigit()
    assert len(list(Path("/proc").glob("[0-9]*"))) > 0
    assert sum(str(state).encode() in cmdline(p) for p in Path("/proc").glob("[0-9]*")) == 1


def cmdline(folder):
    try:
        return (folder / "cmdline").read_bytes()
    except OSError:
        return b""


def test_threads_of_one_process_join_too(state):
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: join_or_start(state, idle=20), range(4)))) == 1


def test_a_killed_server_is_replaced_and_its_world_is_there(state):
    first = join_or_start(state, idle=20)
    client.import_fleet(first, {"services": [SERVICE]})
    os.kill(pid_of(first), signal.SIGKILL)
    second = join_or_start(state, idle=20)
    assert second.token != first.token
    assert client.export_fleet(second)["services"] == [SERVICE]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1, "port": 1, "token": "t"}'])
def test_a_stale_lock_file_is_taken_over(state, text):
    state.mkdir()
    lock_path(state).write_text(text)
    assert pid_of(join_or_start(state, idle=20)) > 1


def test_a_server_of_another_folder_is_not_believed(state, tmp_path):
    other = join_or_start(tmp_path / "other", idle=20)
    state.mkdir()
    lock_path(state).write_text(json.dumps({"pid": pid_of(other), "port": other.port, "token": other.token}))
    assert join_or_start(state, idle=20).port != other.port
    client.stop(other)


def test_it_ends_when_nobody_comes(state):
    pid = pid_of(join_or_start(state, idle=0.3))
    assert gone(pid)
    assert lock_path(state).read_text() == ""


def test_it_ends_with_its_folder(state):
    pid = pid_of(join_or_start(state, idle=20))
    shutil.rmtree(state)
    assert gone(pid)


def test_it_has_a_session_of_its_own(state):
    pid = pid_of(join_or_start(state, idle=20))
    assert os.getsid(pid) == pid != os.getsid(0)


def test_a_term_signal_ends_it_cleanly(state):
    pid = pid_of(join_or_start(state, idle=20))
    os.kill(pid, signal.SIGTERM)
    assert gone(pid)
    assert lock_path(state).read_text() == ""


def test_a_second_foreground_server_says_where_the_first_is(state):
    first = join_or_start(state, idle=20)
    with pytest.raises(EmulatorError, match=f"already serves .*:{first.port}") as refused:
        serve_folder(0, state)
    assert f"CLOUD_RUN_EMULATOR_HOST=127.0.0.1:{first.port}" in refused.value.hint


def test_a_folder_that_cannot_be_used_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EmulatorError, match="cannot be used") as refused:
        join_or_start(tmp_path / "file" / "state")
    assert refused.value.hint


def test_state_that_cannot_be_read_is_said_with_the_reason(state):
    state.mkdir()
    (state / "cloudrun.sqlite").write_text("this is no database, and long enough to be looked at " * 40)
    with pytest.raises(EmulatorError, match="not a database"):
        join_or_start(state)


def test_a_wrong_token_opens_nothing(state):
    address = join_or_start(state, idle=20)
    stranger = client.Address(address.host, address.port, "guess")
    for ask in (client.health, client.export_fleet, client.reset, client.stop):
        with pytest.raises(EmulatorError, match="token"):
            ask(stranger)
    assert address.token not in repr(address)


def test_nobody_there_is_said():
    with pytest.raises(EmulatorError, match="No embedded Cloud Run answers"):
        client.health(client.Address("127.0.0.1", 1))
