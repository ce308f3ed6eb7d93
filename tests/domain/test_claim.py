"""What the commits that speak of it say about a claim."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deploytool.domain.claim import Evidence, judged
from deploytool.domain.report import Contains, Relevance
from deploytool.domain.spoken_time import Truth

AT = datetime(2026, 2, 5, tzinfo=UTC)
YES, NO, SAME, DARK = Contains.YES, Contains.NO, Contains.EQUIVALENT, Contains.UNKNOWN
LOADED, IDLE = Relevance.IMPORTED, Relevance.NOT_IMPORTED


def one(contains: Contains, relevance: Relevance) -> Evidence:
    return Evidence("35cff5c8" + "0" * 32, "feat: a lock", AT, contains, (("web/lock.py", relevance),))


@pytest.mark.parametrize(
    ("evidence", "truth", "words"),
    [
        ([one(YES, LOADED)], Truth.TRUE, "loads it"),
        ([one(SAME, LOADED)], Truth.TRUE, "loads it"),
        ([one(YES, IDLE)], Truth.UNTRUE, "nothing it runs loads web/lock.py"),
        ([one(YES, IDLE), one(YES, LOADED)], Truth.TRUE, "loads it"),
        ([one(NO, LOADED)], Truth.UNTRUE, "does not have 35cff5c8 (feat: a lock), which changes web/lock.py"),
        ([one(NO, IDLE)], Truth.UNTRUE, "nothing that the service runs would load web/lock.py"),
        ([one(NO, IDLE), one(YES, LOADED)], Truth.UNTRUE, "does not have"),  # an older one does not make up for it
        ([one(DARK, LOADED), one(YES, LOADED)], Truth.UNKNOWN, "not known"),
        ([one(DARK, LOADED), one(NO, LOADED)], Truth.UNTRUE, "does not have"),
    ],
)
def test_claims(evidence: list[Evidence], truth: Truth, words: str) -> None:
    found, reason = judged(evidence, "text")
    assert found is truth
    assert words in reason


@pytest.mark.parametrize(
    ("asked_as", "truth"), [("text", Truth.UNKNOWN), ("commit", Truth.UNKNOWN), ("path", Truth.UNTRUE)]
)
def test_without_evidence_nothing_is_true(asked_as: str, truth: Truth) -> None:
    assert judged([], asked_as)[0] is truth
