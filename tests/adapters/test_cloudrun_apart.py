"""Cloud Run asked from a process of its own: it answers, it says what was refused, and it outlives nobody.

Each test forks in an interpreter of its own, where there is only one thread.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.adapters.fake_cloudrun import FakeCloudRun
from tests.adapters.shapes import P, R, v2_service

ROOT = Path(__file__).parents[2]
BEGIN = """
import os, signal, sys, time
from deploytool.adapters.cloudrun_apart import Apart, CloudRunApart
from deploytool.errors import CouldNotLook
apart = Apart()
"""


def ran(code: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", BEGIN + code]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_it_answers_more_than_one_question() -> None:
    with FakeCloudRun() as fake:
        fake.lists[f"projects/{P}/locations/{R}/services"] = [{"services": [v2_service("api")]}]
        done = ran(f"""
reader = CloudRunApart(apart, {P!r}, ({R!r},), {fake.endpoint!r})
for _ in range(2):
    print([found.place.name for found in reader.fleet().services])
""")
    assert done.stdout == "['api']\n['api']\n", done.stderr


def test_a_region_out_of_reach_is_told_as_such() -> None:
    done = ran("""
fleet = CloudRunApart(apart, "example-project", ("us-west2",), "http://127.0.0.1:9").fleet()
print(len(fleet.services), {gone.region for gone in fleet.unreachable})
""")
    assert done.stdout == "0 {'us-west2'}\n", done.stderr


def test_a_process_that_has_gone_is_doubt() -> None:
    done = ran("""
os.kill(apart.pid, signal.SIGKILL)
os.waitpid(apart.pid, 0)
try:
    CloudRunApart(apart, "example-project", ("us-west2",), "http://127.0.0.1:9").fleet()
except CouldNotLook as refused:
    print(refused.message)
""")
    assert done.stdout == "The process that asks Cloud Run has gone.\n", done.stderr


def test_a_bug_over_there_is_a_bug_here() -> None:
    done = ran("""
apart.ask((("example-project", ("us-west2",), None), "no_such_question", {}))
""")
    assert "in the process that asks Cloud Run" in done.stderr
    assert "AttributeError" in done.stderr


def test_a_client_that_cannot_be_loaded_is_said(tmp_path: Path) -> None:
    (tmp_path / "google").mkdir()
    (tmp_path / "google" / "__init__.py").write_text("raise ImportError('half an installation')")
    argv = [sys.executable, "-c", BEGIN + 'CloudRunApart(apart, "p", ("us-west2",), None).fleet()']
    environ = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run(argv, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert "half an installation" in done.stderr


@pytest.mark.parametrize("ending", ["os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)", "sys.exit(3)"])
def test_it_ends_with_its_parent(ending: str) -> None:
    done = ran(f"print(apart.pid, flush=True)\n{ending}\n")
    pid = int(done.stdout)
    for _ in range(200):
        if not _runs(pid):
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} is still there")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(") ")[2][0] != "Z"
