"""Asking deploytool as a person does: a services.toml, a fleet file, a command line, and the real program."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from deploytool.__main__ import run

PROJECT, REGION = "shop-prod", "europe-west1"
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Ended:
    """How one run ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict[str, Any]:
        assert self.stdout, self.stderr
        answer: dict[str, Any] = json.loads(self.stdout)
        return answer

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        return {service["name"]: service for service in self.report["services"]}


@dataclass
class Shop:
    """Some services of one repository, and what Cloud Run says of them."""

    folder: Path
    repository: Path
    target: str = "main"
    before: tuple[str, ...] = ()  # what stands before the command: another user, for instance

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.tables: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.environment: dict[str, str] = {}

    def service(self, name: str, commit: str, *, paths: Iterable[str] = (), dockerfile: str = "") -> None:
        rows = [f"paths = {json.dumps(list(paths))}"] if paths else []
        rows += [f"dockerfile = {json.dumps(dockerfile)}"] if dockerfile else []
        self.tables[name] = "\n".join([f"[services.{name}]", *rows])
        self.labels[name] = commit

    def ask(self, *argv: str, repository: Path | None = None, environment: Mapping[str, str] = {}) -> Ended:
        """Run deploytool; `drift` and its like get the fleet and the repository by options."""
        target = f'target = "{self.target}"\n' if self.target else ""
        project = f'[project]\ncloud = "google"\nproject = "{PROJECT}"\nregions = ["{REGION}"]\n{target}'
        (self.folder / "services.toml").write_text("\n".join([project, *self.tables.values(), ""]))
        (self.folder / "fleet.json").write_text(
            json.dumps({"services": [*map(_running, *zip(*self.labels.items(), strict=True))]})
        )
        fleet = [] if argv[0] == "config" else ["--fleet", "fleet.json"]
        options = ["--config", "services.toml", "--repository", os.fspath(repository or self.repository), *fleet]
        words = argv[: 2 if argv[0] == "config" else 1]
        line = [*words, *options, *argv[len(words) :]]
        return self._beside(line, environment) if self.before else self._here(line, environment)

    def _here(self, line: list[str], environment: Mapping[str, str]) -> Ended:
        """In this process: no second interpreter for each question."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        surroundings = patch.dict(os.environ, {**self.environment, **environment})
        with chdir(self.folder), surroundings, redirect_stdout(out), redirect_stderr(err):
            code = run(line)
        return Ended(code, *(stream.buffer.getvalue().decode("utf-8") for stream in (out, err)))  # type: ignore[attr-defined]

    def _beside(self, line: list[str], environment: Mapping[str, str]) -> Ended:
        done = subprocess.run(
            [*self.before, sys.executable, "-m", "deploytool", *line],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.fspath(ROOT), **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Ended(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    def drift(self, *argv: str, **named: Any) -> Ended:
        return self.ask("drift", "--format", "json", *argv, **named)


def _running(name: str, commit: str) -> dict[str, Any]:
    """A healthy service with all its traffic on the newest revision, which says that it runs `commit`."""
    base = f"projects/{PROJECT}/locations/{REGION}/services/{name}"
    latest = [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]
    revision = f"{base}/revisions/{name}-00001-abc"
    return {
        "name": base,
        "generation": "1",
        "observedGeneration": "1",
        "updateTime": "2026-02-04T03:07:00Z",
        "template": {"labels": {"commit-sha": commit}, "containers": [{"image": f"eu.gcr.io/p/{name}:1"}]},
        "traffic": latest,
        "trafficStatuses": latest,
        "terminalCondition": {"type": "Ready", "state": "CONDITION_SUCCEEDED"},
        "latestCreatedRevision": revision,
        "latestReadyRevision": revision,
    }
