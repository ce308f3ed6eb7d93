"""services.toml -> Config: what is read, what is left out, where it is looked for."""

from __future__ import annotations

import datetime
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploytool.config import CommandCheck, Config, Duration, FirestoreCheck, find, load
from deploytool.domain.model import Kind
from deploytool.domain.report import Precision
from deploytool.errors import ConfigurationError, UsageError

EVERY_KEY = Path(__file__).with_name("every_key.toml")
SMALLEST = """
[project]
cloud = "google"
project = "game-notes"
regions = ["us-west2", "us-east1"]
[services.worker]
dockerfile = "worker/Dockerfile"
[services.nightly]
kind = "job"
paths = ["./jobs//nightly/", "."]
regions = ["europe-west1"]
"""


@pytest.fixture
def small(tmp_path: Path) -> Config:
    (tmp_path / "services.toml").write_text(SMALLEST)
    return load(tmp_path / "services.toml")


def test_every_key_is_kept() -> None:
    config = load(EVERY_KEY)
    worker = config.services["worker"]
    assert config.project.target == "main"
    assert worker.paths == ("predictions/worker", "shared")
    assert worker.precision is Precision.IMPORT
    assert worker.release.steps == (5, 50, 100)
    assert worker.release.judge.max_5xx == 0.01
    assert worker.release.settings.cpu_throttling is True
    assert worker.release.env.required == ("GCP_PROJECT_ID", "MODEL_PATH")
    assert worker.max_age == Duration("2d", 172_800)
    assert worker.checks[0].expect.json_fields == {"service": "worker", "ready": True, "systems": ["a", "b"]}
    assert worker.checks[2].since == "deploy"
    assert worker.checks[3].since == Duration.of("24h")
    assert [check.kind for check in config.services["nightly-rebuild"].checks] == [
        "query", "query", "firestore", "firestore", "freshness", "freshness", "command",
    ]  # fmt: skip
    assert isinstance(config.services["nightly-rebuild"].checks[2], FirestoreCheck)
    assert isinstance(config.services["nightly-rebuild"].checks[6], CommandCheck)
    assert config.ignore[0].until == datetime.date(2027, 1, 1)
    assert config.locks.ttl.seconds == 600
    assert config.targets[0].target == 0
    assert config.sandbox is not None
    assert config.sandbox.story == "platform"


def test_what_is_left_out_has_the_documented_value(small: Config) -> None:
    worker = small.services["worker"]
    assert (worker.kind, worker.context, worker.paths, worker.release.steps) == (Kind.SERVICE, ".", (), (100,))
    assert worker.precision is None  # the finest that can be proven
    assert small.project.target is None
    assert (small.locks.backend, small.locks.ttl.text) == ("sqlite", "10m")
    assert small.sandbox is None


def test_services_know_their_names_and_regions(small: Config) -> None:
    assert [service.name for service in small.select()] == ["worker", "nightly"]
    assert small.regions_of("worker") == ("us-west2", "us-east1")
    assert small.regions_of(small.services["nightly"]) == ("europe-west1",)


def test_paths_are_spelled_as_git_spells_them(small: Config) -> None:
    nightly = small.services["nightly"]
    assert nightly.paths == ("jobs/nightly", ".")
    assert nightly.roots == ("jobs/nightly", "")
    assert small.services["worker"].context_path == ""


def test_the_context_without_a_dockerfile_is_the_source_folder(small: Config) -> None:
    function = load(EVERY_KEY).services["notes-writer"]
    assert (function.source, function.roots) == ("functions/notes_writer", ("functions/notes_writer",))
    assert small.services["worker"].source is None


def test_select_names_the_nearest_services(small: Config) -> None:
    assert [service.name for service in small.select(["nightly", "worker", "nightly"])] == ["nightly", "worker"]
    with pytest.raises(UsageError, match='"workr"') as caught:
        small.select(["workr", "nightly"])
    assert "worker" in caught.value.hint
    assert caught.value.exit_code == 2


def test_the_repository_is_relative_to_the_file_unless_given(tmp_path: Path, small: Config) -> None:
    assert small.folder == tmp_path
    assert small.repository == tmp_path / "."
    given = load(small.file, repository=tmp_path / "clone")
    assert given.repository == tmp_path / "clone"


def test_lines_are_known_and_fall_back_to_the_table_around(small: Config) -> None:
    assert small.line_of("project", "regions") == 5
    assert small.line_of("services", "nightly", "paths", 1) == 10
    assert small.line_of("services", "worker", "paths") == 6
    assert small.line_of("locks") == 1


def test_find_looks_up_to_the_top_of_the_repository(tmp_path: Path) -> None:
    top = tmp_path / "repository"
    deep = top / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "services.toml").write_text(SMALLEST)  # outside: another project's
    (top / ".git").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        find(deep)
    assert "--config FILE" in caught.value.hint
    (top / "services.toml").write_text(SMALLEST)
    assert find(deep) == top / "services.toml"


def test_the_good_path_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pathlib import Path; from deploytool.config import load; load(Path(sys.argv[1]));"
        "heavy = {'tomlkit', 'rich', 'google', 'git', 'typer', 'requests'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, str(EVERY_KEY)], cwd=root, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_thousand_services_load(tmp_path: Path) -> None:
    many = "".join(
        f'[services.s{n}]\npaths = ["s{n}", "shared"]\nafter = ["worker"]\n[services.s{n}.release]\nsteps = [5, 100]\n'
        f'[[services.s{n}.checks]]\nname = "health"\nhttp = "/health"\nexpect = {{ json = {{ service = "s{n}" }} }}\n'
        for n in range(1000)
    )
    (tmp_path / "services.toml").write_text(SMALLEST + many)
    started = time.process_time()
    assert len(load(tmp_path / "services.toml").services) == 1002
    assert time.process_time() - started < 10
