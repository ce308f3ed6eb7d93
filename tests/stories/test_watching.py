"""`watch`, `report` and the figures for a monitor, as their users call them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.exposition import read, value
from tests.stories.conftest import SOURCE, Project, labelled

FLEET = {"services": [], "unreachable": [{"region": "europe-west1", "message": "403 Forbidden"}]}


def fleet(commit: str) -> dict[str, object]:
    names = [f"projects/shop-prod/locations/europe-west1/services/{name}" for name in ("api", "web")]
    latest = [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]
    services = [
        {
            "name": name, "generation": "1", "observedGeneration": "1", "template": labelled(commit), "traffic": latest,
            "trafficStatuses": latest, "terminalCondition": {"type": "Ready", "state": "CONDITION_SUCCEEDED"},
            "latestCreatedRevision": f"{name}/revisions/{name.rpartition('/')[2]}-00001-abc",
            "latestReadyRevision": f"{name}/revisions/{name.rpartition('/')[2]}-00001-abc",
        }
        for name in names
    ]  # fmt: skip
    return {"services": services}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_watch_ends_at_once_and_leaves_nobody_behind(project: Project, number: int, code: int) -> None:
    file = project.file("fleet.json", fleet(project.shop.commits["main"]))
    command = [sys.executable, "-P", "-m", "deploytool", "watch", "--every", "1s", "--heartbeat", "beat", "--", "drift"]
    watching = subprocess.Popen(
        [*command, "--fleet", file],
        cwd=project.folder, env=project.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watching.stderr
    lines = [watching.stderr.readline() for _ in range(2)]
    time.sleep(0.2)
    began = time.monotonic()
    watching.send_signal(number)
    out, err = watching.communicate(timeout=20)
    assert watching.returncode == code
    assert time.monotonic() - began < 5
    assert ["look 1" in lines[0], "look 2" in lines[1]] == [True, True], lines
    assert "exit 0 (clean)" in lines[0], err
    assert "2 current of 2" in out
    assert (project.folder / "beat").read_text().endswith("Z\n")


def test_a_look_that_hangs_is_ended(project: Project) -> None:
    os.mkfifo(project.folder / "never.json")
    words = [
        "watch",
        "--every",
        "5s",
        "--deadline",
        "1s",
        "--heartbeat",
        "beat",
        "--",
        "drift",
        "--fleet",
        "never.json",
    ]
    watching = subprocess.Popen(
        [sys.executable, "-P", "-m", "deploytool", *words],
        cwd=project.folder, env=project.environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watching.stderr
    line = next(line for line in watching.stderr if "look 1" in line)
    watching.terminate()
    watching.communicate(timeout=20)
    assert "no answer within 1.0s" in line
    assert not (project.folder / "beat").exists()


def test_what_a_watch_does_not_run(project: Project) -> None:
    ran = project.run("watch", "--every", "5m", "--", "deploy", "--stale", "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert "changes nothing" in ran.err


def test_metrics_of_drift(project: Project) -> None:
    file = project.file("fleet.json", fleet(project.shop.commits["api"]))
    ran = project.drift("--fleet", file, "--metrics", "drift.prom")
    samples = read((project.folder / "drift.prom").read_text())
    here = {"region": "europe-west1"}
    assert ran.code == 1
    assert value(samples, "service_stale", service="web", **here) == 1
    assert value(samples, "service_stale", service="api", **here) == 0
    assert value(samples, "look_ok", command="drift") == 1


def test_metrics_when_nothing_could_be_looked_at(project: Project) -> None:
    project.drift("--fleet", project.file("dark.json", FLEET), "--metrics", "drift.prom")
    samples = read((project.folder / "drift.prom").read_text())
    assert value(samples, "look_ok", command="drift") == 0
    assert str(value(samples, "service_stale", service="api", region="europe-west1")) == "nan"
    project.run(
        "drift", "--repository", str(project.folder / "nowhere"), "--fleet", "dark.json", "--metrics", "drift.prom"
    )
    ran = project.run("drift", "--fleet", "dark.json", "--metrics", "missing/drift.prom")
    assert ran.code == 2


def test_metrics_of_a_look_that_failed_say_so(project: Project) -> None:
    bare = project.folder / "empty"
    subprocess.run(["git", "init", "-q", str(bare)], check=True)
    file = project.file("fleet.json", fleet("0" * 40))
    ran = project.run("drift", "--repository", str(bare), "--fleet", file, "--metrics", "drift.prom")
    assert ran.code == 3
    samples = read((project.folder / "drift.prom").read_text())
    assert value(samples, "look_ok", command="drift") == 0
    assert not [name for name, _ in samples if "service" in name]


def test_metrics_of_releases(project: Project) -> None:
    assert project.run("releases", "--metrics", "releases.prom").code == 0
    samples = read((project.folder / "releases.prom").read_text())
    assert value(samples, "look_ok", command="releases") == 1
    (project.folder / ".deploytool").mkdir(exist_ok=True)
    (project.folder / ".deploytool" / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    assert project.run("releases", "--metrics", "releases.prom").code == 3
    assert value(read((project.folder / "releases.prom").read_text()), "look_ok", command="releases") == 0


def test_a_report_without_releases_has_no_data(project: Project) -> None:
    file = project.file("fleet.json", fleet(project.shop.commits["api"]))
    ran = project.run("report", "--week", "--fleet", file, "--format", "json")
    assert ran.code == 0, ran.err
    Draft202012Validator(json.loads((SOURCE / "deploytool/schemas/report.json").read_text())).validate(ran.json)
    figures = {one["key"]: one for one in ran.json["figures"]}
    assert (figures["lead_time_median"]["value"], figures["lead_time_median"]["n"]) == (None, 0)
    assert "no data" in project.run("report", "--fleet", file).out
    project.run("report", "--fleet", file, "--format", "html:week.html", "--format", "markdown:week.md")
    page = (project.folder / "week.html").read_text()
    assert "<script" not in page
    assert "no data" in page
    assert "| Lead time, median | no data | 0 |" in (project.folder / "week.md").read_text()


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["--since", "30d"], 0),
        (["--since", "2025-06-01", "--until", "2025-06-08T00:00:00Z"], 0),
        (["--since", "tomorrow"], 2),
        (["--since", "2025-06-08", "--until", "2025-06-01"], 2),
        (["--week", "--since", "7d"], 2),
    ],
)
def test_windows(project: Project, argv: list[str], code: int) -> None:
    file = project.file("fleet.json", fleet(project.shop.commits["main"]))
    assert project.run("report", *argv, "--fleet", file).code == code


def test_a_report_says_what_it_could_not_look_at(project: Project) -> None:
    ran = project.run("report", "--fleet", project.file("dark.json", FLEET))
    assert ran.code == 3
    assert "403 Forbidden" in ran.out


def test_the_folder_is_left_as_it_was(project: Project, tmp_path: Path) -> None:
    """Nothing half-written stays beside a file that is written at one moment."""
    file = project.file("fleet.json", fleet(project.shop.commits["main"]))
    project.drift("--fleet", file, "--metrics", "drift.prom")
    assert not [one.name for one in tmp_path.iterdir() if one.name.startswith(".drift")]
