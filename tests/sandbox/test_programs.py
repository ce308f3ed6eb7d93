"""Every program of the sandbox runs as its Dockerfile lays it out: where it was deployed, and at the target."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from deploytool.sandbox import images_of

QUESTIONS = {
    "prediction-worker": ("/predict?player=okc-guard-1&line=12.5", "pick"),
    "prediction-coordinator": ("/slate?size=4", "batches"),
    "nba-phase1-scrapers": ("/scrape?source=schedule&refusals=3", "games"),
    "nba-phase2-raw-processors": ("/ingest", "rows"),
    "nba-phase3-analytics-processors": ("/process", "written"),
    "nba-phase4-precompute-processors": ("/process", "written"),
    "nba-grading-service": ("/grade", "grades"),
    "nba-monitoring-alerts": ("/alerts", "alerts"),
}


def lay_out(sandbox, image, commit: str, folder: Path) -> None:
    files = sandbox.files(commit)
    for inside, path in image.taken.items():
        place = folder / inside.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        content = sandbox.text(commit, path)
        if files[path][0] == "120000":
            place.symlink_to(content)
        else:
            place.write_text(content)


DRIVER = """
import json, runpy, sys
import shared.service
files = lambda: [getattr(module, "__file__", None) for module in sys.modules.values()]
shared.service.serve = lambda *_: print(json.dumps(files()))
arguments = sys.argv[1:]
if arguments[0] == "-m":
    runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
else:
    sys.path[0] = arguments[0].rpartition("/")[0] or "."
    runpy.run_path(arguments[0], run_name="__main__")
"""


def loaded_by(image, folder: Path) -> set[str]:
    """Paths in the repository of all that Python loads before the program begins to answer, and of the program."""
    env = {name: value.replace("/app", f"{folder}/app") for name, value in image.env.items()}
    command, workdir = image.command[1:], f"{folder}{image.workdir}"
    ran = subprocess.run(
        [sys.executable, "-c", DRIVER, *command], cwd=workdir, env=env, capture_output=True, check=False
    )
    files = json.loads(ran.stdout) if not ran.returncode else []
    here = [os.path.realpath(os.path.join(workdir, path)).removeprefix(str(folder.resolve())) for path in files if path]
    program = command[-1].replace(".", "/") + ".py" if "-m" in command else command[0]
    here.append(os.path.normpath(os.path.join(image.workdir, program)))
    return {image.taken[path] for path in here if path in image.taken}


@contextmanager
def running(image, commit: str, folder: Path):
    """The program behind CMD, on a free port of the loopback; it is ended whatever happens."""
    env = {name: value.replace("/app", f"{folder}/app") for name, value in image.env.items()}
    env |= {"PORT": "0", "HOST": "127.0.0.1", "BUILD_COMMIT": commit, "PYTHONDONTWRITEBYTECODE": "1"}
    program = subprocess.Popen(
        [sys.executable, *image.command[1:]],
        cwd=f"{folder}{image.workdir}",
        env={"PATH": os.environ["PATH"], **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield program
    finally:
        program.terminate()
        program.communicate(timeout=10)


def port_of(program) -> int:
    line = program.stdout.readline()
    assert line, program.stderr.read()
    return int(json.loads(line)["message"].rsplit(" ", 1)[1])


def ask(port: int, question: str) -> tuple[int, dict]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", question)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def cases():
    deployed = [(image.service, image.commit, image.dockerfile) for image in images_of("platform")]
    rows = {service: dockerfile for service, _, dockerfile in deployed}
    rows["nba-phase2-raw-processors"] = "data_processors/raw/Dockerfile"
    starts = [(service, "main", dockerfile) for service, dockerfile in rows.items() if service != "nba-grading-service"]
    return [pytest.param(case, id=f"{case[0]}-{case[1][:8]}") for case in deployed + starts]


@pytest.mark.parametrize("case", cases())
def test_it_starts_and_says_who_it_is(sandbox, read_image, tmp_path, case):
    service, commit, dockerfile = case
    commit = sandbox.git("rev-parse", commit).strip()
    image = read_image(commit, dockerfile)
    lay_out(sandbox, image, commit, tmp_path)
    with running(image, commit, tmp_path) as program:
        port = port_of(program)
        assert ask(port, "/health") == (200, {"service": service, "commit": commit, "status": "ok"})
        question, answered = QUESTIONS[service]
        status, answer = ask(port, question)
        assert status == 200
        assert answered in answer
        assert ask(port, "/nowhere")[0] == 404
        program.terminate()
        assert program.wait(timeout=10) == 0


def test_the_grading_service_cannot_start_at_the_target(sandbox, read_image, tmp_path):
    image = read_image("main", "data_processors/grading/nba/Dockerfile")
    lay_out(sandbox, image, "main", tmp_path)
    with running(image, "main", tmp_path) as program:
        assert program.wait(timeout=10) == 1
        assert "ModuleNotFoundError: No module named 'predictions'" in program.stderr.read()


def test_the_link_leads_somewhere_in_the_image(sandbox, read_image, tmp_path):
    image = read_image("main", "scrapers/Dockerfile")
    lay_out(sandbox, image, "main", tmp_path)
    assert json.loads((tmp_path / "app" / "scrapers" / "team_codes.json").read_text())["OKC"] == "Oklahoma City"


def test_every_dockerfile_listens_where_cloud_run_looks(read_image, expected):
    for row in expected["services"].values():
        assert read_image("main", row["dockerfile"]).env["HOST"] == "0.0.0.0"


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_the_files_that_reach_are_those_that_python_loads(sandbox, read_image, expected, tmp_path, name):
    row = expected["services"][name]
    loaded = set()
    for commit in filter(None, (row["commit"], "main")):
        image = read_image(commit, row["dockerfile"])
        lay_out(sandbox, image, commit, tmp_path / commit)
        loaded |= loaded_by(image, tmp_path / commit)
    assert len(loaded) > 3
    assert sorted(loaded & set(row["files"])) == row["reaching_files"]
