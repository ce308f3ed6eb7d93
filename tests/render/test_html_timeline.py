"""What waits, and since when: the numbers of the picture on the page of `drift`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deploytool.domain.report import CommitNote, Relevance, Verdict
from deploytool.render.html_timeline import MOST_LANES, STEPS, timeline_of
from tests.render.reports import NOW, change, service


def waits(hours: float, reaches: bool = True, undeployed: bool = True) -> CommitNote:
    word = Relevance.IMPORTED if reaches else Relevance.NOT_IN_IMAGE
    return CommitNote("0" * 40, "Ada", NOW - timedelta(hours=hours), "x", word, (change("a"),), undeployed)


def test_the_timeline_shows_what_waits_the_oldest_first() -> None:
    young = service("young", Verdict.STALE, "", commits=(waits(1), waits(2, reaches=False)))
    old = service("old", Verdict.STALE, "", commits=(waits(100),))
    calm = service("calm", Verdict.CURRENT, "", commits=(waits(500, reaches=False),))
    hotfix = service("hotfix", Verdict.STALE, "", commits=(waits(900, undeployed=False),))
    made = timeline_of([young, calm, hotfix, old], NOW)
    assert made is not None
    assert [lane.service.name for lane in made.lanes] == ["old", "young"]
    assert made.lanes[0].marks == ((1.0, True),)
    assert (made.lanes[1].commits, made.lanes[1].reaching) == (2, 1)
    assert [reaches for _, reaches in made.lanes[1].marks] == [False, True]
    assert made.ticks[-1] == (99.0, "now")
    assert [label for _, label in made.ticks] == ["4d", "3d", "2d", "1d", "now"]
    assert timeline_of([calm, hotfix], NOW) is None


def test_a_thousand_commits_are_no_thousand_marks() -> None:
    busy = service("busy", Verdict.STALE, "", commits=tuple(waits(number / 10) for number in range(1, 3_000)))
    made = timeline_of([busy], NOW)
    assert made is not None
    assert len(made.lanes[0].marks) <= 400
    assert made.lanes[0].commits == 2_999


@pytest.mark.parametrize("hours", [0, 0.01, 1, 30, 24 * 365 * 60, -5])
def test_the_axis_stays_on_the_page(hours: float) -> None:
    made = timeline_of([service("x", Verdict.STALE, "", commits=(waits(hours),))], NOW)
    assert made is not None
    places = [at for at, _ in (*made.ticks, *made.lanes[0].marks)]
    assert all(0 <= at <= 100 for at in places)
    assert 1 <= len(made.ticks) <= 6
    assert sorted(STEPS) == STEPS


def test_a_page_has_room_for_so_many_lanes() -> None:
    many = [service(f"s{number}", Verdict.STALE, "", commits=(waits(number + 1),)) for number in range(300)]
    made = timeline_of(many, NOW)
    assert made is not None
    assert (len(made.lanes), made.more) == (MOST_LANES, f"{300 - MOST_LANES} more services")
    assert made.lanes[0].service.name == "s299"
