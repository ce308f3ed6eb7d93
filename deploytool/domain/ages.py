"""How long ago, for people: `1d 21h`, `3h 5m`, `40s`."""

from __future__ import annotations

from datetime import datetime, timedelta


def age_of(moment: datetime, now: datetime) -> str:
    """The two largest units between two times; a time in the future is `0s`, clocks differ."""
    seconds = max(0, int((now - moment) / timedelta(seconds=1)))
    units = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    for index, (letter, size) in enumerate(units):
        if seconds >= size or size == 1:
            whole, rest = divmod(seconds, size)
            if letter in "ms" or index + 1 == len(units):
                return f"{whole}{letter}"
            below, unit = units[index + 1]
            return f"{whole}{letter} {rest // unit}{below}" if rest // unit else f"{whole}{letter}"
    raise AssertionError("the last unit always matches")
