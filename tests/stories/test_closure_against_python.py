"""Fear: a file is called unreachable, and Python loads it. Python itself decides, on small repositories."""

from __future__ import annotations

import random

import pytest

from tests.import_corpus.case import CASES
from tests.import_corpus.studied import SOURCE, loaded, studied
from tests.python_oracle import Link, Loaded, loaded_by

FOLLOWED = [
    pytest.param(name, marks=pytest.mark.xfail(reason=case.accepted)) if case.accepted else name
    for name, case in CASES.items()
]
GONE = b'raise SystemExit("loaded")\n'
WITH_NEVER = [name for name, case in CASES.items() if case.never]
MUTATED = [name for name in CASES if name.startswith(("statements/", "packages/"))]


@pytest.mark.parametrize("name", FOLLOWED)
def test_everything_that_python_loads_is_reachable(name: str) -> None:
    one, found = studied(name), loaded(name)
    assert found.files, found.errors
    assert sorted(found.files - one.reached) == [], one.study.doubts
    assert [link for link in found.links if not one.study.reaches(link)] == []


@pytest.mark.parametrize("name", WITH_NEVER)
def test_what_nothing_can_load_is_not_reachable(name: str) -> None:
    one = studied(name)
    assert one.case.never <= one.image.keys()
    assert not one.case.never & loaded(name).files, "the corpus is wrong: Python loads it"
    assert sorted(one.case.never & one.reached) == [], one.study.doubts


@pytest.mark.parametrize("name", [name for name in MUTATED if CASES[name].never])
def test_unreachable_files_can_hold_anything(name: str) -> None:
    one = studied(name)
    silent = sorted(place for place in one.silent if not isinstance(one.image[place], Link))
    assert silent
    assert observed(loaded_by({**one.image, **dict.fromkeys(silent, GONE)}, one.case.run)) == observed(loaded(name))


@pytest.mark.parametrize("name", MUTATED[::3])
def test_python_notices_when_a_reachable_file_holds_something_else(name: str) -> None:
    """Else the test above could not fail."""
    one, found = studied(name), loaded(name)
    sources = sorted(place for place in found.startup if place.endswith(SOURCE))
    chosen = random.Random(name).choice(sources)
    assert observed(loaded_by({**one.image, chosen: GONE}, one.case.run, lazy=False)) != observed(found)


def observed(found: Loaded) -> tuple[object, ...]:
    """What starting did, to the byte."""
    return found.startup, found.read, [error for error in found.errors if error.startswith("startup")]
