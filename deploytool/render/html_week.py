"""What the page of `report` shows: bars for the days and for the services, as numbers for a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from deploytool.domain.release import Outcome
from deploytool.domain.week_report import STALE_DEFINITION, Day, WeekReport
from deploytool.render.html_tones import ending_mark
from deploytool.render.week_views import headline_of, stale_of, value_of
from deploytool.render.wording import has_regions

MOST_DAYS = 62  # the last ones; more bars than this are no picture
WIDTH, HEIGHT, GAP = 100.0, 80.0, 0.3  # percent; pixels; share of a day's room between bars


class Bar(NamedTuple):
    x: float  # percent from the left
    y: float  # pixels from the top
    width: float
    height: float
    tone: str
    title: str


def week_page(report: WeekReport) -> Mapping[str, Any]:
    days = report.days[-MOST_DAYS:]
    longest = max((row.seconds or 0.0 for row in report.stale), default=0.0)
    return {
        "headline": headline_of(report),
        "value_of": value_of,
        "stale_of": stale_of,
        "definition": STALE_DEFINITION,
        "regions": has_regions(row.region for row in report.stale),
        "bars": bars_of(days),
        "height": HEIGHT,
        "first": days[0].day.isoformat() if days else "",
        "last": days[-1].day.isoformat() if days else "",
        "share_of": lambda row: round(100 * (row.seconds or 0.0) / longest, 2) if longest else 0.0,
    }


def bars_of(days: tuple[Day, ...]) -> list[Bar]:
    """One pile for each day: what succeeded at the bottom."""
    highest = max((sum(day.endings.values()) for day in days), default=0)
    order = {str(outcome): number for number, outcome in enumerate(Outcome)}
    room = WIDTH / max(1, len(days))
    found = []
    for index, day in enumerate(days):
        floor = HEIGHT
        for ending, count in sorted(day.endings.items(), key=lambda one: order.get(one[0], len(order))):
            tall = HEIGHT * count / highest
            floor -= tall
            x, wide = round((index + GAP / 2) * room, 3), round(room * (1 - GAP), 3)
            title = f"{day.day.isoformat()}: {count} {ending}"
            found.append(Bar(x, round(floor, 2), wide, round(tall, 2), ending_mark(ending).tone, title))
    return found
