"""The long-lived reader of objects: a question has a deadline, the process has none."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from deploytool.adapters.git import Repository
from deploytool.adapters.git.process import DEADLINE
from deploytool.errors import RepositoryError
from tests.repositories import Builder


def test_a_reader_that_nobody_asks_is_left_alone_however_old(tmp_path: Path) -> None:
    with Builder(tmp_path) as builder:
        commit = builder.commit({"a": b"1"})
    repository = Repository(tmp_path)
    objects = repository.objects
    [*objects.ask([commit])]
    objects._look()
    assert next(objects.ask([commit])) is not None
    repository.close()


def test_an_answer_that_does_not_come_ends_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Builder(tmp_path) as builder:
        commit = builder.commit({"a": b"1"})
    repository = Repository(tmp_path)
    objects = repository.objects
    [*objects.ask([commit])]
    objects._asked = time.monotonic() - DEADLINE - 1
    running = objects._running
    assert running is not None
    objects._look()
    assert running.wait(10) != 0
    with pytest.raises(RepositoryError, match="stopped reading objects"):
        [*objects.ask([commit])]
    assert next(objects.ask([commit])) is not None  # the next question starts another
    repository.close()
