"""Who serves: each named row of the axis, and a slow oracle that reads the rules aloud."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploytool.domain.model import ConditionState, Kind, Place, Revision, Service, TrafficTarget
from deploytool.domain.report import ServingState
from deploytool.domain.traffic import Share, revision_of, serving_of, wish_of

PLACE = Place("p", "r", "s")
OLD, NEW = "s-00001-old", "s-00002-new"
S = ServingState


def row(revision=None, percent=0, tag=None, latest=False):
    return TrafficTarget(revision=revision, percent=percent, tag=tag, latest=latest)


def latest(percent=100, tag=None, revision=None):
    return row(revision, percent, tag, latest=True)


def service(*rows, desired=None, **changes):
    base = Service(
        place=PLACE,
        kind=Kind.SERVICE,
        template=Revision(None),
        generation=2,
        observed_generation=2,
        ready=ConditionState.SUCCEEDED,
        latest_created=NEW,
        latest_ready=NEW,
        desired=tuple(rows if desired is None else desired),
        effective=tuple(rows),
    )
    return replace(base, **changes)


CASES = {
    "everything on latest": (service(latest()), S.LATEST, [(NEW, 100, ())]),
    "empty lists mean latest": (service(), S.LATEST, [(NEW, 100, ())]),
    "asked for LATEST, no list of what serves": (service(desired=[latest()]), S.LATEST, [(NEW, 100, ())]),
    "a tag row first": (service(row(OLD, 0, "pr-1"), latest()), S.LATEST, [(NEW, 100, ())]),
    "a tag row of the revision that serves": (
        service(row(NEW, 0, "blue"), row(NEW, 100, "green")),
        S.PINNED,
        [(NEW, 100, ("blue", "green"))],
    ),
    "pinned on the newest": (service(row(NEW, 100)), S.PINNED, [(NEW, 100, ())]),
    "pinned on an old one": (service(row(OLD, 100)), S.NEWEST_NOT_SERVING, [(OLD, 100, ())]),
    "split": (service(row(OLD, 30), latest(70)), S.SPLIT, [(NEW, 70, ()), (OLD, 30, ())]),
    "half by name, half by LATEST, one revision": (service(row(NEW, 50), latest(50)), S.PINNED, [(NEW, 100, ())]),
    "reconciling": (service(latest(), reconciling=True), S.RECONCILING, [(None, 100, ())]),
    "generation not seen yet": (service(latest(), observed_generation=1), S.RECONCILING, [(None, 100, ())]),
    "the LATEST row names the old one in the middle of a rollout": (
        service(latest(revision=OLD), ready=ConditionState.PENDING),
        S.RECONCILING,
        [(None, 100, ())],
    ),
    "pinned rows can be named while reconciling": (
        service(row(OLD, 100), reconciling=True),
        S.NEWEST_NOT_SERVING,
        [(OLD, 100, ())],
    ),
    "asked for LATEST, pinned in effect": (
        service(row(NEW, 100), desired=[latest()]),
        S.DESIRED_DIFFERS,
        [(NEW, 100, ())],
    ),
    "asked for nothing special, pinned in effect": (
        service(row(NEW, 100), desired=[]),
        S.DESIRED_DIFFERS,
        [(NEW, 100, ())],
    ),
    "order, tags and empty rows do not differ": (
        service(row(OLD, 40), latest(60), desired=[latest(60), row(OLD, 40), row("x", 0, "t")]),
        S.SPLIT,
        [(NEW, 60, ()), (OLD, 40, ())],
    ),
    "the newest revision failed, the old one serves": (
        service(latest(), latest_ready=OLD, ready=ConditionState.FAILED),
        S.NEWEST_NOT_READY,
        [(OLD, 100, ())],
    ),
    "the newest revision failed, and the number of what was carried out stays": (
        service(latest(), latest_ready=OLD, ready=ConditionState.FAILED, observed_generation=1),
        S.NEWEST_NOT_READY,
        [(OLD, 100, ())],
    ),
    "the first revision failed, and nothing was ever carried out": (
        service(desired=[latest()], latest_ready=None, ready=ConditionState.FAILED, observed_generation=None),
        S.NONE,
        [],
    ),
    "a failure while the next change is under way": (
        service(latest(), ready=ConditionState.FAILED, observed_generation=1, reconciling=True),
        S.RECONCILING,
        [(None, 100, ())],
    ),
    "the newest revision became unready": (
        service(latest(), ready=ConditionState.FAILED),
        S.NEWEST_NOT_READY,
        [(NEW, 100, ())],
    ),
    "the first revision failed": (
        service(desired=[latest()], latest_ready=None, ready=ConditionState.FAILED),
        S.NONE,
        [],
    ),
    "the first revision failed and LATEST has its row": (
        service(latest(), latest_ready=None, ready=ConditionState.FAILED),
        S.NONE,
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_state(name):
    given_service, state, shares = CASES[name]
    serving = serving_of(given_service)
    assert serving.state is state
    assert [(share.revision, share.percent, share.tags) for share in serving.shares] == shares
    assert serving.problems == ()
    assert bool(serving.reason) is (state is not S.LATEST)


MALFORMED = {
    "too little": service(row(NEW, 90)),
    "too much": service(row(NEW, 100), row(OLD, 100)),
    "negative": service(row(NEW, 110), row(OLD, -10)),
    "impossible": service(latest(-1)),
    "names nobody": service(row(None, 100)),
    "asked for, in two rows that name nobody": service(desired=[row(None, 50), row(None, 50)]),
    "a row that names nobody beside a good one": service(latest(), row(None, 0)),
    "asked for too little": service(latest(), desired=[latest(50)]),
    "nothing serves though a revision is ready": service(row(NEW, 0, "tag")),
    "no list of what serves, pinned asked for": service(desired=[row(NEW, 100)]),
    "ready is not said": service(latest(), ready=ConditionState.UNKNOWN),
    "LATEST names one and latest ready is another": service(latest(revision=OLD)),
    "LATEST has a share and there is none": service(row(NEW, 50), latest(50), latest_ready=None),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_not_understood_is_never_healthy(name):
    serving = serving_of(MALFORMED[name])
    assert serving.problems
    assert serving.state not in (S.LATEST, S.PINNED, S.SPLIT)
    assert serving.reason


def test_problems_of_the_answer_are_carried():
    serving = serving_of(service(latest(), problems=("labels is a list",)))
    assert serving.problems == ("labels is a list",)


def test_template_describes_only_the_latest_created_and_observed_one():
    assert serving_of(service(latest())).shares[0].template_says
    assert not serving_of(service(row(OLD, 100))).shares[0].template_says
    assert not serving_of(service(latest(), latest_ready=OLD)).shares[0].template_says
    assert not serving_of(service(row(NEW, 100), observed_generation=1)).shares[0].template_says
    unknown_generation = service(latest(), generation=None, observed_generation=None)
    assert not serving_of(unknown_generation).shares[0].template_says
    other_name = service(latest(), template=Revision("s-00003-next"))
    assert not serving_of(other_name).shares[0].template_says


def test_a_revision_record_beats_the_template():
    record = Revision(NEW, image="record")
    found = service(latest(), template=Revision(None, image="template"))
    share = serving_of(found).shares[0]
    assert revision_of(found, share, {(PLACE, NEW): record}) is record
    assert revision_of(found, share, {}) == found.template
    assert revision_of(found, Share(OLD, 100), {}) is None


def test_a_failed_newest_revision_record_counts():
    failed = Revision(NEW, ready=ConditionState.FAILED)
    assert serving_of(service(latest()), {(PLACE, NEW): failed}).state is S.NEWEST_NOT_READY


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, S.LATEST),
        ({"observed_generation": None}, S.LATEST),
        ({"observed_generation": 1}, S.RECONCILING),
        ({"reconciling": True}, S.RECONCILING),
        ({"ready": ConditionState.FAILED}, S.NEWEST_NOT_READY),
        ({"ready": ConditionState.UNKNOWN}, S.LATEST),
    ],
)
def test_a_job_is_its_template(changes, state):
    job = service(kind=Kind.JOB, latest_created=None, latest_ready=None, **changes)
    serving = serving_of(job)
    assert serving.state is state
    assert serving.shares == (Share(None, 100, (), template_says=True),)


NAMES = st.sampled_from([OLD, NEW, "s-00003-x"])
ROWS = st.builds(
    row,
    st.none() | NAMES,
    st.sampled_from([-1, 0, 0, 10, 50, 50, 90, 100, 100, 100]),
    st.none() | st.sampled_from(["a", "b"]),
    st.booleans(),
)
SERVICES = st.builds(
    lambda rows, same, desired, **changes: service(*rows, desired=rows if same else desired, **changes),
    st.lists(ROWS, max_size=4),
    st.booleans(),
    st.lists(ROWS, max_size=3),
    reconciling=st.sampled_from([False, False, True]),
    observed_generation=st.sampled_from([2, 2, 2, 1, None]),
    ready=st.sampled_from([ConditionState.SUCCEEDED] * 4 + list(ConditionState)),
    latest_created=st.sampled_from([NEW, NEW, OLD, None]),
    latest_ready=st.sampled_from([NEW, NEW, OLD, None]),
)


def oracle(s):
    """The serving axis of the contract, read aloud, one sentence after the other. Returns (state, understood)."""
    given_up = s.ready is ConditionState.FAILED and not s.reconciling
    moving = s.reconciling or s.ready is ConditionState.PENDING
    moving |= s.generation != s.observed_generation and not given_up
    asked = [(said_by(r), Fraction(r.percent, 100)) for r in s.desired] or [(None, Fraction(1))]
    rows = list(s.effective)
    understood = all((r.latest or r.revision) and 0 <= r.percent <= 100 for r in [*rows, *s.desired])
    understood &= sum(p for _, p in asked) == 1
    if not rows and s.latest_ready and folded(asked) == {None: 1}:
        rows = [latest()]
    total = sum(r.percent for r in rows)
    understood &= total == 100 or (total == 0 and s.latest_ready is None)
    got, by_latest, by_name = {}, False, False
    for r in rows:
        if r.percent <= 0 or (r.latest and not r.revision and not s.latest_ready):
            continue
        who = r.revision if not r.latest else None if moving else (r.revision or s.latest_ready)
        got[who] = got.get(who, 0) + r.percent
        by_latest, by_name = by_latest or r.latest, by_name or not r.latest
    for r in rows:
        if r.latest and r.percent > 0 and not moving:
            understood &= not (r.revision and s.latest_ready and r.revision != s.latest_ready)
            understood &= not (not r.revision and not s.latest_ready and len(rows) > 1)
    have = folded((said_by(r), Fraction(r.percent, 100)) for r in rows)
    sentences = [
        (not got, S.NONE),
        (moving and by_latest, S.RECONCILING),
        (not understood or have != folded(asked), S.DESIRED_DIFFERS),
        (s.latest_created != s.latest_ready, S.NEWEST_NOT_READY),
        (s.ready in (ConditionState.FAILED, ConditionState.UNKNOWN), S.NEWEST_NOT_READY),
        (len(got) > 1, S.SPLIT),
        (set(got) != {s.latest_ready}, S.NEWEST_NOT_SERVING),
        (by_name, S.PINNED),
        (True, S.LATEST),
    ]
    state = next(state for matches, state in sentences if matches)
    return state, understood and s.ready is not ConditionState.UNKNOWN


def said_by(r):
    return None if r.latest else r.revision or "nobody"


def folded(pairs):
    pairs = list(pairs)
    return {name: sum(p for n, p in pairs if n == name) for name, p in pairs if p}


@settings(max_examples=400, deadline=None)
@given(SERVICES)
def test_equals_the_oracle(found):
    serving = serving_of(found)
    state, understood = oracle(found)
    assert serving.state is state
    assert bool(serving.problems) is not bool(understood)
    if state in (S.LATEST, S.PINNED, S.SPLIT):
        assert sum(share.percent for share in serving.shares) == 100
        assert all(share.revision for share in serving.shares)


@settings(max_examples=100, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_a_wish_does_not_depend_on_order_or_empty_rows(rows, random):
    shuffled = [*rows, row("never", 0, "tag")]
    random.shuffle(shuffled)
    assert {k: v for k, v in wish_of(shuffled).items() if v} == {k: v for k, v in wish_of(rows).items() if v}


def test_a_wish_that_failed_does_not_say_what_serves():
    """It may have failed before there was a revision of it: then the template is of none."""
    failed = service(row(NEW, 100), ready=ConditionState.FAILED, observed_generation=1)
    assert [share.template_says for share in serving_of(failed).shares] == [False]
    became_unready = replace(failed, observed_generation=2)
    assert [share.template_says for share in serving_of(became_unready).shares] == [True]


def test_a_job_whose_change_failed_is_not_on_its_way():
    job = service(ready=ConditionState.FAILED, observed_generation=1)
    assert serving_of(replace(job, kind=Kind.JOB)).state is S.NEWEST_NOT_READY
    assert serving_of(replace(job, kind=Kind.JOB, ready=ConditionState.SUCCEEDED)).state is S.RECONCILING
