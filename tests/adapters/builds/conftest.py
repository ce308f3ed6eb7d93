"""A small repository to build from, and what is wanted of it."""

from __future__ import annotations

import pytest

from deploytool.adapters.git import Repository
from deploytool.domain.build import wanted_of
from tests.repositories import Builder, Executable, Link

DOCKERFILE = b"""FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY svc/ ./svc/
COPY shared ./shared
ARG BUILD_COMMIT=unknown
ARG BUILD_TIMESTAMP
ENV BUILD_COMMIT=${BUILD_COMMIT} BUILD_TIMESTAMP=$BUILD_TIMESTAMP COLOUR=blue
CMD ["python", "svc/main.py"]
"""
FILES = {
    "Dockerfile": DOCKERFILE,
    ".dockerignore": b"secrets\n*.md\n",
    "requirements.txt": b"requests==2\n",
    "svc/main.py": b"print('hello')\n",
    "svc/start.sh": Executable(b"#!/bin/sh\n"),
    "svc/link.py": Link("main.py"),
    "shared/a.py": b"A = 1\n",
    "secrets/key": b"not for the build\n",
    "notes.md": b"# notes\n",
}
IMAGE = "us-docker.pkg.dev/demo-project/repo/svc"


@pytest.fixture
def made(tmp_path):
    """`made(files)`: a builder of a repository with one commit of FILES and these changes."""
    with Builder(tmp_path / "repository") as builder:

        def make(changes=None):
            builder.commit({**FILES, **(changes or {})})
            builder.close()
            return builder

        yield make


@pytest.fixture
def opened(tmp_path):
    """`opened(builder)`: the repository; closed at the end."""
    found = []

    def open_(builder):
        found.append(Repository(builder.path, cache=None))
        return found[-1]

    yield open_
    for repository in found:
        repository.close()


@pytest.fixture
def want():
    """`want(repository, …)`: the wish to build its newest commit."""

    def wish(repository, **changes):
        commit = repository.target("main")[1]
        at = repository.commits([commit])[commit].committed_at
        asked = {"service": "svc", "dockerfile": "Dockerfile", "context": "", "image": IMAGE, "scope": "scope-1"}
        asked |= {"builder": "local", "commit": commit, "committed_at": at, **changes}
        return wanted_of(repository.trees([commit])[commit], **asked)

    return wish


@pytest.fixture
def told():
    """Lines that a build tells."""
    return []
