"""Which maps a release calls its own, against the list of all maps that it can have asked for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.maps import before_step, is_before, is_ours, is_served, now_meant, rows_at
from deploytool.domain.model import Kind as ServiceKind
from deploytool.domain.model import Place, Revision, Service, TrafficTarget
from deploytool.domain.plan import Before, Plan
from deploytool.domain.release import Kind
from deploytool.domain.traffic_plan import LATEST

OLD, OTHER, NEW = "s-old", "s-other", "s-new"
PLACE = Place("p", "r", "s")
SAVED = (TrafficTarget(OLD, 100),)


def row(name, percent, tag=None):
    return TrafficTarget(name, percent, False, tag)


def plan(*, asked=SAVED, named=SAVED, latest=False, steps=(5, 50, 100), kind=Kind.DEPLOY, goal=()):
    return Plan("r1", kind, PLACE, "c" * 40, "main", NEW, steps=steps, before=Before(asked, named, latest), goal=goal)


FOLLOWS = plan(asked=LATEST, latest=True)
FIRST = replace(plan(), before=None)
BACK = plan(kind=Kind.ROLLBACK, goal=(row(OTHER, 100),), steps=(100,))


def service(*desired, created=NEW, ready=NEW, effective=None, settled=True):
    return Service(
        PLACE, ServiceKind.SERVICE, Revision(None), latest_created=created, latest_ready=ready, generation=4,
        observed_generation=4 if settled else 3, reconciling=not settled, desired=desired,
        effective=desired if effective is None else effective,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("which", "percent", "newest", "rows"),
    [
        (plan(), 0, True, SAVED),
        (plan(), 5, True, (row(OLD, 95), row(NEW, 5))),
        (plan(), 100, True, (row(NEW, 100),)),
        (FOLLOWS, 100, True, LATEST),
        (FOLLOWS, 100, False, (row(NEW, 100),)),
        (FIRST, 100, True, LATEST),
        (FIRST, 100, False, (row(NEW, 100),)),
        (BACK, 0, True, SAVED),
        (BACK, 100, False, (row(OTHER, 100),)),
    ],
)
def test_what_a_release_asks_for_at_each_step(which, percent, newest, rows):
    assert rows_at(which, percent, newest=newest) == rows


def test_what_is_asked_for_before_each_step():
    assert [before_step(plan(), step) for step in (5, 50, 100)] == [
        SAVED,
        (row(OLD, 95), row(NEW, 5)),
        (row(OLD, 50), row(NEW, 50)),
    ]


CANDIDATE = row(NEW, 0, "candidate")


@pytest.mark.parametrize(
    ("which", "seen", "reached", "ours"),
    [
        (plan(), service(row(OLD, 95), row(NEW, 5), CANDIDATE), 5, True),
        (plan(), service(row(OLD, 95), row(NEW, 5), CANDIDATE), 0, False),
        (plan(), service(row(OLD, 50), row(NEW, 50)), 5, False),
        (plan(), service(row(OLD, 95), row(NEW, 5)), 50, True),
        (plan(), service(row(OLD, 100), CANDIDATE), 0, True),
        (plan(), service(row(OLD, 100)), 0, False),
        (plan(), service(row(OTHER, 100), CANDIDATE), 100, False),
        (plan(), service(row(NEW, 100)), 100, True),
        (plan(), service(*LATEST), 50, False),
        (FOLLOWS, service(*LATEST), 100, True),
        (FOLLOWS, service(*LATEST, CANDIDATE), 50, False),  # typed by hand
        (FOLLOWS, service(*LATEST, created=OTHER, ready=OTHER), 100, False),  # somebody deployed since
        (FOLLOWS, service(*LATEST, created=OTHER, ready=NEW, settled=False), 100, False),  # and is about to
        (FOLLOWS, service(*LATEST, created=OTHER, ready=NEW), 100, True),  # and failed
        (FIRST, service(*LATEST), 0, True),
        (FIRST, service(row(NEW, 100)), 0, True),
        (FIRST, service(row(OTHER, 100)), 100, False),
        (BACK, service(row(OTHER, 100)), 100, True),
        (BACK, service(row(NEW, 100)), 100, False),
    ],
)
def test_only_what_it_asked_for_itself_is_its_own(which, seen, reached, ours):
    assert is_ours(which, seen, reached) is ours


@pytest.mark.parametrize(
    ("which", "seen", "before"),
    [
        (plan(), service(*SAVED), True),
        (plan(), service(*SAVED, CANDIDATE), False),
        (plan(), service(*SAVED, row(OTHER, 0, "candidate")), True),
        (plan(), service(row(OLD, 95), row(NEW, 5)), False),
        (FOLLOWS, service(*SAVED), True),
        (FOLLOWS, service(*LATEST, created=OLD, ready=OLD), True),
        (FOLLOWS, service(*LATEST), False),
        (FOLLOWS, service(*LATEST, created=OTHER, ready=OTHER), False),  # LATEST is somebody else's by now
        (FOLLOWS, service(*LATEST, created=OTHER, ready=OLD, settled=False), False),  # in a moment
        (FOLLOWS, service(*LATEST, created=NEW, ready=OLD), False),
        (FIRST, service(*LATEST), False),
        (BACK, service(*SAVED), True),
        (BACK, service(row(OTHER, 100)), False),
        (BACK, service(*LATEST, created=OLD, ready=OLD), True),
        (replace(BACK, before=Before(LATEST, SAVED, True)), service(*LATEST, created=OTHER, ready=OTHER), False),
    ],
)
def test_is_it_as_it_was(which, seen, before):
    assert is_before(which, seen) is before


@pytest.mark.parametrize("kind", [service(*SAVED, settled=False), service(effective=(), ready=None)])
def test_what_is_in_flight_or_nothing_is_not_served(kind):
    assert not is_served(kind, SAVED)


@given(st.sampled_from([OLD, OTHER, NEW]), st.sampled_from([OLD, OTHER, NEW]), st.booleans())
def test_latest_means_the_newest_while_it_is_on_its_way(created, ready, settled):
    found = service(*LATEST, created=created, ready=ready, settled=settled)
    wanted = ready if settled else created
    assert [(one.revision, one.percent, one.latest) for one in now_meant(LATEST, found)] == [(wanted, 100, False)]
    assert now_meant(SAVED, found) == SAVED


@given(st.integers(0, 100), st.integers(0, 100))
def test_what_serves_is_compared_by_name(one, other):
    rows = tuple(r for r in (row(OLD, one), row(OTHER, 100 - one)) if r.percent)
    asked = tuple(r for r in (row(OLD, other), row(OTHER, 100 - other)) if r.percent)
    assert is_served(service(effective=rows), asked) is (one == other)
    latest = service(effective=(*LATEST, row(OTHER, 0, "blue")), ready=OLD)
    assert is_served(latest, asked) is (other == 100)
