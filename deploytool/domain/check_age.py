"""Is something recent enough? A moment that has not come yet is no answer: one of two clocks is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from deploytool.domain.ages import age_of
from deploytool.domain.check import Answer

SKEW = timedelta(minutes=5)  # that two clocks may differ


def judged_age(what: str, at: datetime, now: datetime, most: timedelta, written: str) -> tuple[Answer, str]:
    """`written` is `most` as services.toml has it ("5m"). `at` and `now` have a zone."""
    age = now - at
    if age < -SKEW:
        return Answer.COULD_NOT_TELL, f"{what} is {age_of(now, at)} in the future: a clock is wrong"
    said = f"{what} is {age_of(at, now)} old"
    if age > most:
        return Answer.FAIL, f"{said}, at most {written} expected"
    return Answer.PASS, said
