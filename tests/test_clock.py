"""The moment of a report: told, or now; never a guess from nonsense."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deploytool import clock
from deploytool.errors import UsageError


@pytest.mark.parametrize("told", ["2026-02-05T00:45:00Z", "2026-02-04T16:45:00-08:00", "2026-02-05t00:45:00.000z"])
def test_the_moment_of_a_report_can_be_told(told: str) -> None:
    assert clock.now({"DEPLOYTOOL_NOW": told}) == datetime(2026, 2, 5, 0, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    "told",
    [
        "yesterday",
        "2026-02-05",
        "2026-02-05T00:45:00",
        "2026-13-05T00:45:00Z",
        "20260205T004500Z",
        "٢٠٢٦-02-05T00:45:00Z",
    ],
)
def test_nonsense_is_not_a_moment(told: str) -> None:
    with pytest.raises(UsageError, match="DEPLOYTOOL_NOW"):
        clock.now({"DEPLOYTOOL_NOW": told})


def test_without_being_told_it_is_now() -> None:
    assert abs((clock.now({}) - datetime.now(UTC)).total_seconds()) < 5
