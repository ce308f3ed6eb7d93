"""A time as a person writes it down, and whether it is the time of something that happened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

TOLERANCE = timedelta(minutes=2)  # clocks differ, and people write down when they looked
DATE = re.compile(r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")
TIME = re.compile(r"(?<![\d:])(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?\s?([ap]\.?m\.?)?(?![\d:])", re.IGNORECASE)
OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d\d))?(?!\d)")
ZONE = re.compile(r"^[\s(\[]*([A-Za-z]{1,4})\b|^[\s(\[]*(?=[+-]\d)")
# Minutes east of UTC. A name that means several is all of them; one that nobody can tell is not here.
ZONES = {
    "z": (0,), "utc": (0,), "gmt": (0,), "wet": (0,), "bst": (60,), "cet": (60,), "cest": (120,), "eet": (120,),
    "eest": (180,), "jst": (540,), "est": (-300,), "edt": (-240,), "et": (-300, -240), "cst": (-360,),
    "cdt": (-300,), "ct": (-360, -300), "mst": (-420,), "mdt": (-360,), "mt": (-420, -360), "pst": (-480,),
    "pdt": (-420,), "pt": (-480, -420), "akst": (-540,), "akdt": (-480,), "hst": (-600,),
}  # fmt: skip
ANYWHERE = range(-720, 841, 30)  # from the date line to the date line


class Truth(StrEnum):
    TRUE = "true"
    UNTRUE = "not-true"
    UNKNOWN = "could-not-tell"  # never folded into TRUE


def worst_of(truths: Iterable[Truth]) -> Truth:
    """Untrue beats doubt, doubt beats true; nothing at all is true of nothing."""
    order = (Truth.UNTRUE, Truth.UNKNOWN, Truth.TRUE)
    return min(truths, key=order.index, default=Truth.TRUE)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was written: a date, a time of day, or both; `offsets` is None when no zone was named."""

    day: date | None
    clock: time | None
    exact: bool  # with seconds
    offsets: tuple[int, ...] | None


def spoken_of(text: str) -> Spoken | None:
    """None when no time can be read from it."""
    found = TIME.search(text)
    dated = DATE.search(text)
    try:
        day = date(int(dated[1]), int(dated[2]), int(dated[3])) if dated else None
        clock = _clock(found) if found else None
    except ValueError:
        return None
    if day is None and clock is None:
        return None
    after = text[max(one.end() for one in (found, dated) if one) :] if found is None else text[found.end() :]
    return Spoken(day, clock, bool(found and found[3]), _offsets(after))


def _clock(found: re.Match[str]) -> time:
    hour = int(found[1])
    half = (found[4] or "").lower().replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, int(found[2]), int(found[3] or 0))


def _offsets(after: str) -> tuple[int, ...] | None:
    """The zone behind a time: a name, `UTC-8`, `+01:00`. () for a name that is not known here."""
    zone = ZONE.match(after)
    if zone is None:
        return None
    name = (zone[1] or "utc").lower()
    offset = OFFSET.match(after, zone.end())
    if offset and name in ("utc", "gmt", "z"):
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return (-minutes if offset[1] == "-" else minutes,) if minutes <= 14 * 60 else ()
    if name in ZONES:
        return ZONES[name]
    return None if name in ("on", "by", "in", "at", "from", "ago") else ()


def agreement_of(said: Spoken, moment: datetime) -> tuple[Truth, str]:
    """Is it the time of that moment? With the reason when that depends on a zone nobody wrote."""
    if said.offsets is not None:
        if not said.offsets:
            return Truth.UNKNOWN, "its zone is not known here"
        return (Truth.TRUE if _agreeing(said, moment, said.offsets) else Truth.UNTRUE), ""
    if _agreeing(said, moment, (0,)):
        return Truth.TRUE, ""
    zones = _agreeing(said, moment, ANYWHERE)
    if not zones:
        return Truth.UNTRUE, ""
    return Truth.UNKNOWN, f"it names no zone, and is true only in {shown_offset(min(zones, key=abs))}"


def _agreeing(said: Spoken, moment: datetime, offsets: Sequence[int]) -> list[int]:
    return [minutes for minutes in offsets if _agrees(said, moment + timedelta(minutes=minutes))]


def _agrees(said: Spoken, there: datetime) -> bool:
    """`there`: the moment, as clocks in that zone show it."""
    shown = there.astimezone(UTC).replace(tzinfo=None)
    if said.clock is None:
        return shown.date() == said.day
    if not said.exact:
        shown = shown.replace(second=0, microsecond=0)
    days = [said.day] if said.day else [shown.date() + timedelta(days=step) for step in (-1, 0, 1)]
    return any(abs(shown - datetime.combine(day, said.clock)) <= TOLERANCE for day in days)


def shown_offset(minutes: int) -> str:
    """`UTC`, `UTC-8`, `UTC+5:30`."""
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"
