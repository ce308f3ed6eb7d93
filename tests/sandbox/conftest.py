"""The sandbox made once for all tests of this room, and a Dockerfile reader that knows just enough for it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest

from deploytool.sandbox import prepare

HERE = Path(__file__).parent


def run_git(args: list[str], stdin: bytes = b"", **env: str) -> bytes:
    """Plain git without anybody's settings; `env` adds to an otherwise empty environment."""
    plain = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", **env}
    return subprocess.run(["git", *args], input=stdin, env=plain, capture_output=True, check=True).stdout


@dataclass
class Repository:
    path: Path
    blobs: dict[str, str] = field(default_factory=dict)
    listings: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)

    def git(self, *args: str) -> str:
        return run_git(["-C", str(self.path), *args]).decode()

    def files(self, commit: str) -> dict[str, tuple[str, str]]:
        """path -> (mode, blob id), of every file and link."""
        if commit not in self.listings:
            self.listings[commit] = self.listing(commit)
        return self.listings[commit]

    def listing(self, commit: str) -> dict[str, tuple[str, str]]:
        entries = self.git("ls-tree", "-r", "-z", commit).split("\0")
        split = (entry.split("\t", 1) for entry in entries if entry)
        return {path: (meta.split()[0], meta.split()[2]) for meta, path in split}

    def text(self, commit: str, path: str) -> str:
        _, oid = self.files(commit)[path]
        if oid not in self.blobs:
            self.blobs[oid] = self.git("cat-file", "blob", oid)
        return self.blobs[oid]


@dataclass
class Image:
    """`taken`: path in the image -> path in the repository."""

    taken: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    command: list[str] = field(default_factory=list)


def image_of(repository: Repository, commit: str, dockerfile: str) -> Image:
    """What the Dockerfile takes at `commit`; a COPY that takes nothing is an error, as it is for Docker."""
    rules = repository.text(commit, ".dockerignore").split()
    context = [path for path in repository.files(commit) if not any(ignored(path, rule) for rule in rules)]
    image = Image()
    for line in repository.text(commit, dockerfile).splitlines():
        word, _, rest = line.partition(" ")
        values = json.loads(rest) if rest.startswith("[") else shlex.split(rest)
        if word == "COPY":
            *sources, target = values
            copied = dict(pair for source in sources for pair in copies(context, source, target, image.workdir))
            assert copied, f"{commit} {dockerfile}: {line} takes nothing"
            image.taken |= copied
        elif word == "WORKDIR":
            image.workdir = str(PurePosixPath(image.workdir) / rest)
        elif word == "ENV":
            image.env |= dict(value.split("=", 1) for value in values)
        elif word in ("ENTRYPOINT", "CMD"):
            image.command += values
    return image


def copies(context: list[str], source: str, target: str, workdir: str):
    source = source.rstrip("/")
    for path in context:
        if path.startswith(f"{source}/"):
            inside = path[len(source) + 1 :]
        elif path == source or ("*" in source and fnmatch(path, source) and path.count("/") == source.count("/")):
            inside = path.rsplit("/", 1)[-1] if target.endswith("/") else ""
        else:
            continue
        yield os.path.normpath(PurePosixPath(workdir) / target / inside), path


def ignored(path: str, rule: str) -> bool:
    """`**/name` matches at any depth, every other rule at the root; a folder's match counts for what is in it."""
    parts = path.split("/")
    if rule.startswith("**/"):
        return any(fnmatch(part, rule[3:]) for part in parts)
    return fnmatch(parts[0], rule)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory) -> Repository:
    return Repository(prepare(tmp_path_factory.mktemp("project"), "platform", run_git).repository)


@pytest.fixture(scope="session")
def git_runner():
    return run_git


@pytest.fixture(scope="session")
def read_image(sandbox):
    return lambda commit, dockerfile: image_of(sandbox, commit, dockerfile)


@pytest.fixture(scope="session")
def expected() -> dict:
    """What every service of the sandbox should be told about at image precision."""
    return json.loads((HERE / "expected.json").read_text())
