"""Who holds a lease, and when it is certain that a holder is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploytool.adapters import whoami
from deploytool.adapters.whoami import ci_link, holder_now, is_gone

ON_LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes tell when they began on Linux")
ME = holder_now(release="r1", reason="deploy 7c406c20", commit="7c406c20", environ={})


def test_this_process_is_a_holder() -> None:
    assert (ME.process, ME.release, ME.reason, ME.commit, ME.link) == (
        os.getpid(),
        "r1",
        "deploy 7c406c20",
        "7c406c20",
        "",
    )
    assert ME.user
    assert ME.host
    assert not is_gone(ME)


@ON_LINUX
def test_a_process_that_ended_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    other = replace(ME, process=child.pid, started=whoami._started(child.pid))
    assert not is_gone(other)
    child.communicate(b"\n")
    assert is_gone(other)


@ON_LINUX
def test_another_process_with_the_same_id_is_another_process() -> None:
    assert is_gone(replace(ME, started=ME.started.rpartition(" ")[0] + " 1"))


@ON_LINUX
@pytest.mark.parametrize(
    "unknown",
    [
        {"host": "elsewhere"},
        {"started": ""},
        {"started": "another-start pid:[1] 1"},
        {"started": ME.started.replace("pid:[", "pid:[9")},
    ],
)
def test_what_cannot_be_known_is_not_gone(unknown: dict[str, str]) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert is_gone(replace(ME, process=gone.pid))
    assert not is_gone(replace(ME, process=gone.pid, **unknown))  # type: ignore[arg-type]


def test_where_processes_do_not_tell_nobody_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whoami, "_started", lambda process: "")
    assert not is_gone(replace(ME, process=2**22 - 1))


@pytest.mark.parametrize(
    ("environ", "link"),
    [
        ({}, ""),
        ({"GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"}, "https://github.com/a/b/actions/runs/7"),
        (
            {"GITHUB_SERVER_URL": "https://ghe.test", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"},
            "https://ghe.test/a/b/actions/runs/7",
        ),
        ({"CI_JOB_URL": "https://gitlab.test/a/-/jobs/7"}, "https://gitlab.test/a/-/jobs/7"),
        ({"BUILD_URL": "https://jenkins.test/job/7/", "BUILD_ID": "7"}, "https://jenkins.test/job/7/"),
        (
            {"PROJECT_ID": "p", "BUILD_ID": "1-2"},
            "https://console.cloud.google.com/cloud-build/builds/1-2?project=p",
        ),
        ({"BUILD_ID": "7"}, ""),
        ({"CI_JOB_URL": "https://me:secret@gitlab.test/x"}, ""),
        ({"CI_JOB_URL": "javascript:alert(1)"}, ""),
        ({"CI_JOB_URL": "https://[x"}, ""),
    ],
)
def test_the_page_of_the_run(environ: dict[str, str], link: str) -> None:
    assert ci_link(environ) == link


def test_in_ci_the_person_is_who_started_the_run() -> None:
    assert holder_now(release="r", reason="x", environ={"GITHUB_ACTOR": "ann"}).user == "ann"
