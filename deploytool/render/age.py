"""How long ago, said the way people say it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from deploytool.domain.ages import age_of


def age(since: datetime | None, now: datetime) -> str:
    """`1d 21h`, `3h 5m`, `12m`, or `now` for less than a minute and for clocks that run ahead; `""` when unknown."""
    if since is None:
        return ""
    return "now" if now - since < timedelta(minutes=1) else age_of(since, now)


def stamp(moment: datetime) -> str:
    """ISO-8601 in UTC to the second, for machines: `2026-02-05T00:45:00Z`."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def clock_time(moment: datetime | None) -> str:
    """UTC to the minute, for people: `2026-02-05 00:45Z`."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")
