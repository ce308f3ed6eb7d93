"""GitHub's runner in miniature: a pull request checked out as the checkout action does, and steps run as `shell: bash`.

Nothing is installed and nothing is fetched from elsewhere: the origin is a folder, and deploytool is the one that runs
the tests.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.repositories import run_git

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")
REPOSITORY = {"default_branch": "main", "full_name": "shop/shop"}


@dataclass(frozen=True, slots=True)
class Done:
    """What a step leaves behind."""

    code: int
    stdout: str
    stderr: str
    outputs: Mapping[str, str]
    summary: str

    @property
    def told(self) -> dict[str, str]:
        """The action's own outputs, as a workflow asks for them."""
        steps = {f"steps.check.outputs.{name}": value for name, value in self.outputs.items()}
        return {name: filled(one["value"], steps) for name, one in ACTION["outputs"].items()}


@dataclass
class Runner:
    """One job: a folder of its own, the variables that every step has, and a deploytool that is installed already."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.workspace = self.folder / "work" / "shop"
        self.temp = self.folder / "temp"
        self.python = self.temp / "deploytool" / "bin" / "python"
        for folder in (self.workspace, self.python.parent):
            folder.mkdir(parents=True)
        self.program(f'shift 3; exec "{sys.executable}" -I -c "$START" "$@"')  # instead of -I -m deploytool
        self.environ |= {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_EVENT_PATH": str(self.temp / "event.json"),
            "RUNNER_TEMP": str(self.temp),
            "START": f"import sys; sys.path.insert(0, {str(ROOT)!r}); from deploytool.__main__ import main; main()",
        }

    def program(self, script: str) -> None:
        """What stands for the Python that the action installs deploytool into."""
        self.python.write_text(f"#!/bin/sh\n{script}\n")
        self.python.chmod(0o755)

    def event(self, name: str, event: Mapping[str, Any], **environ: str) -> None:
        self.temp.joinpath("event.json").write_text(json.dumps({"repository": REPOSITORY, **event}))
        self.environ |= {
            "GITHUB_EVENT_NAME": name,
            **{f"GITHUB_{key.upper()}": value for key, value in environ.items()},
        }

    def checkout(self, origin: Path, commit: str, ref: str, depth: int) -> None:
        """What the checkout action does: one ref, so deep, its commit detached."""
        run_git(self.workspace, "init", "--quiet")
        run_git(self.workspace, "remote", "add", "origin", origin.as_uri())
        deep = [f"--depth={depth}"] if depth else []
        into = f"refs/remotes/{ref.removeprefix('refs/')}"
        run_git(self.workspace, "fetch", "--quiet", "--no-tags", *deep, "origin", f"+{commit}:{into}")
        run_git(self.workspace, "checkout", "--quiet", "--force", "--detach", into)

    def step(self, name: str, **inputs: str) -> Done:
        """The step of the action that has this id."""
        given = {key: str(one.get("default", "")) for key, one in ACTION["inputs"].items()}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        known = {f"inputs.{key}": value for key, value in given.items()}
        (step,) = [one for one in ACTION["runs"]["steps"] if one.get("id") == name]
        files = {key: self.temp / f"{key}-{len(list(self.temp.iterdir()))}" for key in ("OUTPUT", "STEP_SUMMARY")}
        for file in files.values():
            file.touch()
        script = self.temp / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=self.workspace / filled(step.get("working-directory", "."), known),
            env={
                **self.environ,
                **{f"GITHUB_{key}": str(file) for key, file in files.items()},
                **{key: filled(text, known) for key, text in step["env"].items()},
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        texts = {key: file.read_text(encoding="utf-8") for key, file in files.items()}
        return Done(done.returncode, done.stdout, done.stderr, outputs_in(texts["OUTPUT"]), texts["STEP_SUMMARY"])


def filled(text: str, known: Mapping[str, str]) -> str:
    """The expressions of a value, as the runner fills them in; what nobody said is nothing."""
    return EXPRESSION.sub(lambda found: known.get(found[1], ""), text)


def outputs_in(text: str) -> dict[str, str]:
    """`NAME=VALUE`, or `NAME<<END` and lines until END, as the runner reads them."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, between, rest = re.split(r"(<<|=)", line, maxsplit=1)
        if between == "=":
            found[name] = rest
            continue
        value = []
        for each in lines:
            if each == rest:
                break
            value.append(each)
        else:
            raise AssertionError(f"{name} does not end")
        found[name] = "\n".join(value)
    return found
