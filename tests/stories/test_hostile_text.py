"""What other people wrote - subjects, authors, labels, regions, paths - is shown as text, wherever it is read."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.fake_cloudrun import FakeCloudRun, error_body
from tests.adapters.shapes import v2_service
from tests.render.workflow_log import obeyed_in, outputs_in
from tests.repositories import Builder
from tests.stories.conftest import SERVICES, P, Project, R, labelled

ESC, CSI = "\x1b[31m\x1b]0;owned\x07", "\x9b31m"
EVIL = (
    f"{ESC}{CSI}\rCLEAN\x08\u202egnp\u2066\u200b[/b][red]x[/red] :boom: | `code` **b** @team <b>!</b> ![i](http://x) #1"
    " ##[group]x ##vso[task.complete]"
)
PATH = f"api/{EVIL.replace('/', '_')}.py"
COLOUR = re.compile("\x1b\\[[0-9;]*m")
SAFE = {"\n"}


def unsafe_in(said: str) -> set[str]:
    return {char for char in said if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - SAFE


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository whose undeployed commit is hostile in every field; and the commit that serves."""
    dockerfile = b"FROM scratch\nCOPY api/ /app/\n"
    with Builder(tmp_path_factory.mktemp("hostile")) as made:
        first = made.commit({"api/Dockerfile": dockerfile, "web/Dockerfile": dockerfile, "api/a.py": b"1\n"})
        author = f"{EVIL.replace('<', '(').replace('>', ')')} <e@example.com>"
        made.commit({PATH: b"2\n", "api/\udcff\udc80.py": b"3\n"}, subject=f"{EVIL}\n\n{ESC}body", author=author)
    return made.path, first


def fleet_of(first: str) -> dict[str, Any]:
    web = v2_service("web", template={**labelled(None), "labels": {"commit-sha": EVIL}})
    annotated = {"annotations": {f"{ESC}x/commit": ESC}, "containers": [{"image": f"gcr.io/x/{ESC}:{ESC}"}]}
    api = v2_service("api", template={"labels": {"commit-sha": first}, **annotated})
    gone = {"region": "us-east1\x1b[31m\n::error::x", "message": f"{EVIL}\n::error::injected\n##[error]x", "hint": ESC}
    return {"services": [api, web], "unreachable": [gone]}


@pytest.fixture
def evil(project: Project, hostile: tuple[Path, str]) -> tuple[Project, str]:
    project.services(repository=hostile[0])
    return project, project.file("fleet.json", fleet_of(hostile[1]))


COMMANDS = [("drift", "--verbose"), ("drift",), ("status",), ("where", "CLEAN"), ("where", "api")]


@pytest.mark.parametrize("format", ["table", "json", "markdown"])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("columns", ["", "20"])
def test_nothing_but_text_leaves(
    evil: tuple[Project, str], format: str, command: tuple[str, ...], columns: str
) -> None:
    project, fleet = evil
    ran = project.run(*command, "--format", format, "--fleet", fleet, COLUMNS=columns)
    assert ran.code in (1, 3), ran.said
    assert unsafe_in(ran.said) == set()
    assert obeyed_in(ran.said) == []
    if format == "json":
        assert ran.json["schema"]


def test_in_a_workflow_only_our_annotations_are_obeyed(evil: tuple[Project, str], tmp_path: Path) -> None:
    project, fleet = evil
    files = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    told = {name: str(file) for name, file in files.items()}
    ran = project.run("drift", "--verbose", "--format", "github", "--fleet", fleet, **told)
    assert ran.code == 1, ran.said
    assert unsafe_in(ran.said) == set()
    assert {command.name for command in obeyed_in(ran.out)} == {"error"}
    assert obeyed_in(ran.err) == []
    assert "##[" not in ran.out
    outputs = outputs_in(files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))
    assert outputs == {"verdict": "unknown", "services": "api", "matrix": '{"service": ["api"]}'}
    summary = files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
    assert unsafe_in(summary) == set()
    assert summary.startswith("### Drift: ")


def test_json_keeps_every_letter(evil: tuple[Project, str]) -> None:
    project, fleet = evil
    ran = project.drift("--verbose", "--fleet", fleet)
    (commit,) = ran.entry("api")["commits"]
    assert commit["subject"] == EVIL
    assert PATH in [file["path"] for file in commit["files"]]
    assert ran.out.isascii()


def test_the_table_shows_markup_letter_by_letter(evil: tuple[Project, str]) -> None:
    project, fleet = evil
    ran = project.run("drift", "--verbose", "--fleet", fleet, FORCE_COLOR="1")
    plain = COLOUR.sub("", ran.out)
    assert unsafe_in(plain) == set()
    assert "[/b][red]x[/red] :boom: | `code`" in plain
    assert "\\x1b[31m" in plain


def test_markdown_says_nothing_to_anybody(evil: tuple[Project, str]) -> None:
    from markdown_it import MarkdownIt

    project, fleet = evil
    ran = project.run("drift", "--verbose", "--fleet", fleet, "--format", "markdown")
    html = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(ran.out)
    assert "<b>" not in html
    assert "<img" not in html
    assert "<a " not in html
    outside_code = re.sub("<code>.*?</code>", "", html, flags=re.DOTALL)
    assert "@team" not in outside_code
    rows = [line for line in ran.out.splitlines() if line.startswith("|")]
    assert len({re.sub(r"\\\|", "", row).count("|") for row in rows}) == 1


def test_an_answer_of_the_cloud_is_text_too(project: Project) -> None:
    with FakeCloudRun() as server:
        for kind in ("services", "jobs"):
            server.fail(f"projects/{P}/locations/{R}/{kind}", [(403, {}, error_body(403, "DENIED", EVIL))])
        for format in ("table", "markdown", "json"):
            ran = project.run("drift", "--format", format, CLOUD_RUN_EMULATOR_HOST=server.endpoint[7:])
            assert ran.code == 3
            assert unsafe_in(ran.said) == set()


@pytest.mark.parametrize(
    "argv", [["drift", ESC], ["drift", "--fleet", ESC], ["where", ESC], ["--config", ESC, "drift"], [ESC]]
)
def test_what_was_typed_comes_back_as_text(project: Project, argv: list[str]) -> None:
    ran = project.run(*argv, CLOUD_RUN_EMULATOR_HOST="127.0.0.1:9")
    assert ran.code in (2, 3)
    assert unsafe_in(ran.said) == set()


def test_mistakes_in_services_toml_are_text_too(project: Project) -> None:
    key = json.dumps(EVIL)
    project.services(SERVICES + f"\n{key} = {key}\n[services.{key}]\n{key} = 1\n")
    ran = project.run("config", "check")
    assert ran.code == 2
    assert unsafe_in(ran.said) == set()


def test_a_path_of_services_toml_is_text_too(project: Project) -> None:
    project.services(SERVICES.replace('dockerfile = "api/Dockerfile"', f"paths = [{json.dumps('api/' + ESC)}]"))
    ran = project.run("config", "check")
    assert ran.code == 2
    assert unsafe_in(ran.said) == set()


# on a terminal, in a pipe that closes, and where letters are few


def on_a_terminal(project: Project, *argv: str, **environ: str) -> tuple[int, bytes]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "deploytool", *argv],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=project.folder,
        env=project.environment(TERM="xterm-256color", **environ),
    )
    os.close(theirs)
    waiting = select.poll()  # unlike select(), it can wait for any descriptor, and other tests hold many
    waiting.register(ours, select.POLLIN)
    said, deadline = b"", time.monotonic() + 30
    while time.monotonic() < deadline:
        if not waiting.poll(100):
            if process.poll() is not None:
                break
            continue
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    return process.wait(10), said


def test_a_terminal_gets_colour_and_nothing_else(evil: tuple[Project, str]) -> None:
    project, fleet = evil
    code, said = on_a_terminal(project, "drift", "--verbose", "--fleet", fleet, COLUMNS="20")
    text = said.decode()
    assert code == 1
    assert COLOUR.search(text)
    assert unsafe_in(COLOUR.sub("", text.replace("\r\n", "\n"))) == set()


def test_a_terminal_without_colour_gets_no_escape_byte(evil: tuple[Project, str]) -> None:
    project, fleet = evil
    code, said = on_a_terminal(project, "drift", "--fleet", fleet, NO_COLOR="1")
    assert code == 1
    assert b"\x1b" not in said


def test_a_pipe_gets_no_escape_byte_unless_it_is_forced(evil: tuple[Project, str]) -> None:
    project, fleet = evil
    assert "\x1b" not in project.run("drift", "--fleet", fleet).out
    assert "\x1b[" in project.run("drift", "--fleet", fleet, FORCE_COLOR="1").out
    assert "\x1b" not in project.run("drift", "--fleet", fleet, FORCE_COLOR="1", NO_COLOR="1").out
    assert "\x1b" not in project.run("drift", "--fleet", fleet, "--color", "never", FORCE_COLOR="1").out
    assert "\x1b[" in project.run("drift", "--fleet", fleet, "--color", "always", NO_COLOR="1").out


def shell(project: Project, line: str, **environ: str) -> tuple[int, str]:
    program = f"'{sys.executable}' -P -m deploytool"
    done = subprocess.run(
        ["bash", "-c", line.replace("deploytool", program)],
        capture_output=True,
        cwd=project.folder,
        env=project.environment(**environ),
        check=False,
        timeout=60,
    )
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


@pytest.mark.parametrize("format", ["table", "json"])
def test_a_reader_that_goes_away_changes_neither_words_nor_code(evil: tuple[Project, str], format: str) -> None:
    project, _ = evil
    code, said = shell(
        project, f"deploytool drift --fleet fleet.json --format {format} | head -n 1; exit ${{PIPESTATUS[0]}}"
    )
    assert code == 1, said
    assert len(said.splitlines()) == 1
    assert "Traceback" not in said


def test_closed_streams_change_no_code(evil: tuple[Project, str]) -> None:
    project, _ = evil
    closed = (">&-", "2>&-", ">&- 2>&-", "<&-")
    began = "; ".join(f"(deploytool drift --fleet fleet.json {streams}; echo ended $? >&9) &" for streams in closed)
    _, said = shell(project, f"exec 9>codes; {began.replace('&;', '&')} wait")
    codes = (project.folder / "codes").read_text().split("\n")[:-1]
    assert codes == ["ended 1"] * len(closed), said
    assert "Traceback" not in said


def test_a_full_disk_is_no_clean_run(evil: tuple[Project, str]) -> None:
    project, _ = evil
    code, said = shell(project, "deploytool drift --fleet fleet.json > /dev/full")
    assert code not in (0, 70)
    assert "error: " in said


@pytest.mark.parametrize(
    "environ",
    [{"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
)
def test_few_letters_are_enough(evil: tuple[Project, str], environ: dict[str, str]) -> None:
    project, fleet = evil
    for format in ("table", "markdown"):
        ran = project.program("drift", "--verbose", "--fleet", fleet, "--format", format, **environ)
        assert ran.code == 1, ran.said
        assert "Traceback" not in ran.said
        assert unsafe_in(ran.said) == set()
        if environ.get("PYTHONIOENCODING") == "ascii":
            assert ran.out.isascii()
