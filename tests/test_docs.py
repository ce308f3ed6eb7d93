"""Documents that cannot lie: what they quote is what is printed, what they name exists, what they show works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import deploytool
from deploytool.cli import door
from deploytool.config import load
from deploytool.domain.report import CodeState, Relevance, ServingState, Source, Verdict
from deploytool.errors import ExitCode
from tests.documents import BLOCK, DOCUMENTS, ROOT, SCHEMA, Stage, generated
from tests.test_architecture import FLOORS

README = ROOT / "README.md"
FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<to>[^)\s]+)\)")
TYPES = re.compile(
    r" <[^>\n]+>|\[0<=x[^\]]*\]|\[required\]|required"
)  # how typer shows a type differs between versions
BELIEVED = {  # all of it is so; what was said beside it is not
    "nba-phase3-analytics-processors": "00192-nn7 | 1e00ee41 | 2026-02-04 16:24",
    "nba-phase4-precompute-processors": "00125-872 | 1e00ee41 | 2026-02-04 16:31",
}
# Put together here, so that this file does not hold what it forbids.
FORBIDDEN = re.compile(
    "|".join(("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", r"py" + r"pi\.org", r"np" + r"mjs\.", "regi" + "stry="))
)


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def fences(file: Path, kind: str) -> list[str]:
    return [found["text"] for found in FENCE.finditer(text_of(file)) if found["kind"] == kind]


def anchors(file: Path) -> set[str]:
    """The anchors of a document's headings, as hosts of repositories make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(file)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def plain(text: str) -> list[str]:
    """Words only: versions of typer differ in columns and in how they show a type."""
    return TYPES.sub(" ", text).split()


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    return generated(tmp_path_factory.mktemp("quoted"))


@pytest.mark.parametrize("file", [*DOCUMENTS, SCHEMA], ids=lambda file: file.name)
def test_what_is_generated_is_up_to_date(file: Path, today: dict[Path, str]) -> None:
    assert plain(text_of(file)) == plain(today[file]), f"{file.name} is out of date: bin/docs"


def test_the_readme_quotes_the_main_job_and_help() -> None:
    commands = [found["command"] for found in BLOCK.finditer(text_of(README))]
    assert "DEPLOYTOOL_NOW=2026-02-05T00:45:00Z bin/deploytool drift --verbose" in commands
    assert "deploytool --help" in commands


def test_an_old_quotation_is_seen(tmp_path: Path) -> None:
    old = "<!-- begin: deploytool --version -->\n```console\n$ deploytool --version\nold\n```\n<!-- end -->\n"
    made = Stage(tmp_path).filled(old)
    assert plain(made) != plain(old)
    assert Stage(tmp_path).filled(made) == made
    with pytest.raises(ValueError, match="only deploytool"):
        Stage(tmp_path).filled(old.replace("deploytool", "rm"))


@pytest.mark.parametrize("example", fences(README, "toml"))
def test_the_examples_of_services_toml_load(example: str, tmp_path: Path) -> None:
    whole = example if "[project]" in example else f"{next(iter(fences(README, 'toml')))}\n{example}"
    (tmp_path / "services.toml").write_text(whole, encoding="utf-8")
    assert load(tmp_path / "services.toml").services


def test_the_shipped_services_toml_loads() -> None:
    assert len(load(ROOT / "services.toml").services) == 8


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    for found in LINK.finditer(FENCE.sub("", text_of(file))):
        path, _, anchor = found["to"].partition("#")
        if path.startswith("https://"):
            continue
        target = (file.parent / path).resolve() if path else file
        assert target.is_relative_to(ROOT), found["to"]
        assert target.exists(), f"{file.name}: {found['to']}"
        assert not anchor or anchor in anchors(target), f"{file.name}: {found['to']}"


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_files_of_ours_that_are_named_exist(file: Path) -> None:
    words = BLOCK.sub("", text_of(file))
    for name in re.findall(r"(?<![\w/.~-])(?:bin|bench|tests|deploytool|\.ci)/[\w./-]*\w", words):
        assert (ROOT / name).exists(), f"{file.name} names {name}"


def command_at(words: list[str]) -> tuple[Any, list[str]]:
    """The command that these words reach, and the words after it."""
    command = typer.main.get_command(door)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words[0]]  # type: ignore[attr-defined]
        words = words[1:]
    return command, words


def named_commands(file: Path) -> Iterator[list[str]]:
    """Everything in code that begins with deploytool: in a span, or on a line of a fence."""
    text = text_of(file)
    lines = [
        line
        for found in FENCE.finditer(text)
        if found["kind"] in ("sh", "console", "yaml")
        for line in found["text"].splitlines()
    ]
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    for words in (*lines, *spans):
        found = re.search(r"(?:^|[\s$])(?:bin/)?deploytool((?: +[^\s|>&;#]+)+)", words)
        if found and not words.startswith("Usage:"):
            first, _, after = found[1].partition(" -- ")  # what `watch` runs is a command of ours too
            yield from (part.split() for part in (first, after) if part)


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_commands_and_options_that_are_named_exist(file: Path) -> None:
    for words in named_commands(file):
        command, rest = command_at(words)
        options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
        assert not hasattr(command, "commands") or not rest or rest[0].startswith("-"), f"no such command: {words}"
        for option in (word for word in rest if word.startswith("--")):
            assert option in options, f"{file.name}: {option} in {words}"


def leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[str]:
    if not hasattr(command, "commands"):
        yield " ".join(words)
    for name, below in getattr(command, "commands", {}).items():
        yield from leaves(below, (*words, name))


def test_the_page_that_is_not_true_is_answered_as_the_readme_shows(tmp_path: Path) -> None:
    (shown,) = [text for text in fences(README, "text") if "page.md" in text]
    stage = Stage(tmp_path)
    rows = [f"| {name} | {said} (UTC-8) |" for name, said in BELIEVED.items()]
    page = ["| Service | Revision | Commit | Deployed |", "|---|---|---|---|", *rows]
    (tmp_path / "page.md").write_text("\n".join(page))
    done = stage.run("DEPLOYTOOL_NOW=2026-02-05T00:45:00Z deploytool handoff --check page.md --claim lock")
    assert done.returncode == 1, done.stderr
    for line in shown.splitlines():
        assert line.strip() == "…" or line in done.stdout.splitlines(), line


def test_every_command_is_in_the_readme() -> None:
    for command in leaves(typer.main.get_command(door)):
        assert f"| `deploytool {command}" in text_of(README)


def test_every_answer_and_exit_code_is_explained() -> None:
    text = text_of(README)
    sources = set(Source) - {Source.IMAGE_LABEL}  # nothing reads it yet
    for word in (*Verdict, *CodeState, *ServingState, *Relevance, *sources):
        assert f"`{word}`" in text, word
    table = text[text.index("| exit code") : text.index("`--exit-zero` turns")]
    assert {int(number) for number in re.findall(r"\b\d+\b", table) if number != "0"} >= {*ExitCode} - {0}
    assert {
        int(number) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for number in row.split(",")
    } == {*ExitCode}


@pytest.mark.parametrize("file", [*DOCUMENTS, ROOT / "services.toml"], ids=lambda file: file.name)
def test_nothing_of_the_machine_it_was_written_on(file: Path) -> None:
    assert FORBIDDEN.findall(text_of(file)) == []


def test_the_map_names_every_room() -> None:
    rooms = {room for floor in FLOORS for room in floor}
    assert set(re.findall(r"^  (\w+) {2,}", deploytool.__doc__ or "", re.MULTILINE)) == rooms


def test_contributing_shows_the_floors() -> None:
    (shown,) = [text for text in fences(ROOT / "CONTRIBUTING.md", "") if "errors" in text]
    assert [set(line.split(", ")) for line in shown.splitlines()] == [*FLOORS]


def test_the_changelog_has_the_version() -> None:
    version = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]["version"]
    assert re.findall(r"^## \[(.+?)\]", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)[0] == version


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, str]]:
    """The sandbox's fleet behind `emulator serve`, as the README sets it up, on a free port."""
    stage = Stage(tmp_path_factory.mktemp("served"))
    (stage.folder / "fleet.json").write_text(stage.run("deploytool emulator export").stdout)
    words = [sys.executable, "-m", "deploytool", "emulator", "serve", "--port", "0", "--state", "cloudrun"]
    serving = subprocess.Popen(words, cwd=stage.folder, env=stage.environ, stderr=subprocess.PIPE, text=True)
    assert serving.stderr
    port = serving.stderr.readline().strip().rpartition(":")[2]
    done = stage.run("deploytool emulator import fleet.json --state cloudrun")
    assert done.returncode == 0, done.stderr
    yield stage, port
    serving.terminate()
    serving.communicate(timeout=20)


def test_the_snippet_for_the_python_client_works(server: tuple[Stage, str]) -> None:
    stage, port = server
    (snippet,) = fences(README, "python")
    environ = {**stage.environ, "no_proxy": "127.0.0.1"}
    words = [sys.executable, "-c", snippet.replace("8085", port)]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert len(done.stdout.splitlines()) == 8, done.stderr


def test_the_emulator_can_be_named(server: tuple[Stage, str]) -> None:
    stage, port = server
    done = stage.run(f"CLOUD_RUN_EMULATOR_HOST=127.0.0.1:{port} deploytool drift --format json")
    assert json.loads(done.stdout)["counts"]["stale"] == 5


@pytest.mark.skipif(
    not (shutil.which("gcloud") and os.environ.get("DEPLOYTOOL_TEST_GCLOUD")),
    reason="slow: set DEPLOYTOOL_TEST_GCLOUD=1 where gcloud is installed",
)
def test_the_recipe_for_gcloud_works(server: tuple[Stage, str]) -> None:
    stage, port = server
    (recipe,) = [text for text in fences(README, "sh") if "CLOUDSDK_PROXY_TYPE" in text]
    script = recipe.replace("8085", port).replace("services list", "services list --format json")
    environ = {name: value for name, value in stage.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        ["bash", "-ec", script], cwd=stage.folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert len(json.loads(done.stdout)) == 8, done.stderr


def test_scripts_can_be_run() -> None:
    for script in (*(ROOT / "bin").iterdir(), ROOT / ".ci" / "run"):
        assert os.access(script, os.X_OK), script
