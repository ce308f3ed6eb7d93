"""The plan of a release: what the ledger keeps of it, and the names that it gives."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.model import Place, TrafficTarget
from deploytool.domain.plan import Before, Changes, Plan, Risk, Was, Watch, plan_of, release_id, revision_name, tag_for
from deploytool.domain.release import Kind

GRAMMAR = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
texts = st.text(max_size=8)
words = st.dictionaries(texts, texts, max_size=3)
targets = st.lists(
    st.builds(
        TrafficTarget,
        st.one_of(st.none(), st.text(min_size=1, max_size=5)),
        st.integers(0, 100),
        st.booleans(),
        st.one_of(st.none(), st.text(min_size=1, max_size=5)),
    ),
    max_size=3,
).map(tuple)
plans = st.builds(
    Plan,
    id=texts,
    kind=st.sampled_from(Kind),
    place=st.builds(Place, texts, texts, texts),
    commit=texts,
    ref=texts,
    revision=texts,
    by=texts,
    reason=texts,
    builder=texts,
    image=texts,
    dockerfile=st.one_of(st.none(), texts),
    context=texts,
    timestamp=texts,
    key=texts,
    scope=texts,
    tag=texts,
    steps=st.lists(st.integers(1, 100), max_size=4).map(tuple),
    watch=st.builds(Watch, st.floats(0, 1e6), st.integers(1, 999), st.floats(0, 1), st.floats(0.1, 9)),
    before=st.one_of(st.none(), st.builds(Before, targets, targets, st.booleans(), st.integers(1, 9), words)),
    changes=st.builds(
        Changes,
        words,
        words,
        words,
        st.one_of(st.none(), st.integers(0, 9)),
        st.one_of(st.none(), st.booleans()),
        words,
    ),
    goal=targets,
    from_commit=texts,
    from_scope=texts,
    hold=st.booleans(),
    job=st.booleans(),
    was=st.one_of(st.none(), st.builds(Was, texts, words, words, words)),
    variables=st.lists(texts, max_size=3).map(tuple),
    reaching=st.integers(0, 20),
)


@given(plans)
def test_a_release_goes_on_with_the_plan_that_it_began_with(plan):
    kept = json.loads(json.dumps(plan.record()))
    assert plan_of(plan.id, kept) == plan


@given(plans)
def test_a_plan_that_lacks_something_is_not_guessed(plan):
    record = plan.record()
    del record["revision"]
    with pytest.raises(KeyError):
        plan_of(plan.id, record)


services = st.from_regex(r"[a-z]([-a-z0-9]{0,47}[a-z0-9])?", fullmatch=True)
commits = st.from_regex(r"[0-9a-f]{40}", fullmatch=True)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
chances = st.from_regex(r"[0-9a-f]{4}", fullmatch=True)


@given(services, commits, moments, chances)
def test_a_revision_has_a_name_that_cloud_run_takes(service, commit, moment, chance):
    name = revision_name(service, commit, release_id(moment, chance))
    assert GRAMMAR.fullmatch(name)
    assert len(name) <= 63
    assert name.startswith(f"{service}-")
    assert commit[:8] in name


@given(services, commits, moments, st.lists(chances, min_size=2, max_size=2, unique=True))
def test_each_release_makes_a_revision_of_its_own(service, commit, moment, chance):
    one, other = (revision_name(service, commit, release_id(moment, letters)) for letters in chance)
    assert one != other


@given(services)
def test_a_tag_fits_beside_the_name_of_its_service(service):
    tag = tag_for(service)
    assert len(tag) + len(service) <= 46 or tag == ""
    assert "candidate".startswith(tag)
    assert tag == "candidate" or len(service) > 37
    assert tag != "" or len(service) >= 46


@given(moments, moments, chances)
def test_releases_sort_by_time_and_are_valid_labels(one, other, chance):
    early, late = sorted((one.replace(microsecond=0), other.replace(microsecond=0)))
    assert early == late or release_id(early, chance) < release_id(late, chance)
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", release_id(one, chance))


@pytest.mark.parametrize(
    ("reaching", "risk"),
    [(0, Risk.NONE), (1, Risk.SMALL), (3, Risk.SMALL), (4, Risk.MEDIUM), (10, Risk.MEDIUM), (11, Risk.LARGE)],
)
def test_the_risk_is_the_number_of_commits(reaching, risk):
    plan = Plan("r", Kind.DEPLOY, Place("p", "r", "s"), "c", "main", "s-1", reaching=reaching)
    assert plan.risk is risk


def test_first_is_what_has_nothing_to_go_back_to():
    plan = Plan("r", Kind.DEPLOY, Place("p", "r", "s"), "c", "main", "s-1")
    assert plan.first
    assert not replace(plan, before=Before((), (), False)).first
    assert replace(plan, job=True).first
    assert not replace(plan, job=True, was=Was("image")).first
