"""What is older than what was answered before is no news."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.adapters.cloudrun.editor import CloudRunEditor
from deploytool.adapters.cloudrun.newest import Newest
from deploytool.adapters.cloudrun.retry import Patience
from deploytool.domain.model import Place
from deploytool.errors import CouldNotLook
from tests.adapters.shapes import P, R, v2_service


class Answers:
    """Stands for the API: one answer after the other, the last one for ever."""

    patience = Patience(attempts=3, first_wait=0.0)

    def __init__(self, *generations: int) -> None:
        self.generations = list(generations)

    def get(self, path: str) -> Any:
        now = self.generations.pop(0) if len(self.generations) > 1 else self.generations[0]
        return v2_service(generation=str(now), uid="one")


def read(*generations: int, times: int = 2) -> int | None:
    editor = CloudRunEditor(api=Answers(*generations))  # type: ignore[arg-type]
    seen = [editor.read(Place(P, R, "api")) for _ in range(times)]
    assert seen[-1] is not None
    return seen[-1].service.generation


def test_an_older_answer_is_asked_for_again() -> None:
    assert read(7, 6, 5, 8) == 8


def test_what_stays_old_cannot_be_told() -> None:
    with pytest.raises(CouldNotLook, match="older state of api"):
        read(7, 6)


def test_a_new_one_of_the_name_begins_anew_and_no_number_is_no_news() -> None:
    newest = Newest()
    assert newest.note({"name": "a", "uid": "one", "generation": "7"})
    assert not newest.note({"name": "a", "uid": "one", "generation": "6"})
    assert newest.note({"name": "a", "uid": "two", "generation": "1"})
    assert newest.note({"name": "a", "uid": "one", "generation": "x"})
    assert newest.note({"name": "a", "uid": "one", "generation": "7"})
    assert newest.note(None)
