"""Traffic arithmetic against slow oracles that count single percents."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.model import Kind, Place, Revision, Service, TrafficTarget
from deploytool.domain.traffic_plan import (
    LATEST,
    final_rows,
    json_of,
    merged,
    named_rows,
    resolved,
    rows_of,
    said,
    same_wish,
    step_rows,
    tag_rows,
    tagged,
    with_tags,
)

NEW = "s-new"
names = st.sampled_from(["s-a", "s-b", "s-c", "s-d", NEW])
tags = st.sampled_from([None, None, "blue", "green", "candidate"])


@st.composite
def maps(draw, among=names):
    """Percentages of 1 to 5 revisions that add up to 100."""
    found = draw(st.lists(among, min_size=1, max_size=5, unique=True))
    cuts = sorted(draw(st.lists(st.integers(1, 99), min_size=len(found) - 1, max_size=len(found) - 1, unique=True)))
    edges = [0, *cuts, 100]
    return tuple(TrafficTarget(name, edges[i + 1] - edges[i]) for i, name in enumerate(found))


any_rows = st.lists(
    st.builds(
        lambda name, percent, tag: TrafficTarget(name, percent, name is None, tag),
        st.one_of(st.none(), names),
        st.integers(0, 100),
        tags,
    ),
    max_size=6,
).map(tuple)


def by_name(rows):
    found = {}
    for row in rows:
        found[row.revision] = found.get(row.revision, 0) + row.percent
    return {name: percent for name, percent in found.items() if percent}


@given(maps(), st.integers(1, 99))
def test_a_step_gives_ours_exactly_its_percent_and_the_others_their_proportion(saved, percent):
    rows = step_rows(saved, NEW, percent)
    assert sum(row.percent for row in rows) == 100
    assert all(row.percent > 0 and not row.latest and row.tag is None for row in rows)
    assert len({row.revision for row in rows}) == len(rows)
    shares, others = by_name(rows), by_name(row for row in saved if row.revision != NEW)
    if not others:
        assert shares == {NEW: 100}
        return
    assert shares.pop(NEW) == percent
    assert set(shares) <= set(others)
    for name, before in others.items():
        exact = Fraction(before * (100 - percent), sum(others.values()))
        assert abs(shares.get(name, 0) - exact) < 1, (name, shares, exact)


@given(maps(), st.integers(1, 99))
def test_who_had_more_never_has_less_than_who_had_less(saved, percent):
    shares = by_name(step_rows(saved, NEW, percent))
    others = by_name(row for row in saved if row.revision != NEW)
    for one, had in others.items():
        for other, less in others.items():
            assert had <= less or shares.get(one, 0) >= shares.get(other, 0)


@given(maps(), st.permutations(range(5)), st.integers(1, 99))
def test_the_order_of_the_rows_does_not_matter(saved, order, percent):
    again = tuple(saved[index] for index in order if index < len(saved))
    assert by_name(step_rows(again, NEW, percent)) == by_name(step_rows(saved, NEW, percent))


@given(maps())
def test_the_ends_of_the_steps(saved):
    assert step_rows(saved, NEW, 0) == saved
    assert step_rows(saved, NEW, 100) == (TrafficTarget(NEW, 100),)
    assert final_rows(NEW, latest=False) == (TrafficTarget(NEW, 100),)
    assert final_rows(NEW, latest=True) == LATEST == (TrafficTarget(None, 100, latest=True),)


@given(maps(), any_rows, st.sampled_from(["candidate", ""]), st.sampled_from([NEW, None]))
def test_everybody_keeps_their_tags(rows, live, tag, revision):
    made = with_tags(rows, live, tag, revision)
    assert by_name(made) == by_name(rows)
    theirs = [(row.revision, row.latest, row.tag) for row in live if row.tag and row.tag != tag]
    assert [(r.revision, r.latest, r.tag) for r in made if r.tag and not (tag and r.tag == tag)] == theirs
    ours = [row for row in made if tag and row.tag == tag]
    assert ours == ([TrafficTarget(revision, 0, False, tag)] if tag and revision else [])
    assert all(not row.percent for row in made if row.tag)


@given(any_rows)
def test_merging_keeps_percentages_and_tags(rows):
    made = merged(rows)
    assert by_name(made) == by_name(rows)
    assert {row.tag: row.revision for row in made if row.tag} == {row.tag: row.revision for row in rows if row.tag}
    assert not any(row.tag and row.percent for row in made)
    serving = [row.revision for row in made if row.percent]
    assert len(serving) == len(set(serving))


@given(any_rows)
def test_a_map_comes_back_from_the_ledger_as_it_was(rows):
    assert rows_of(json_of(rows)) == rows
    assert all(value for row in json_of(rows) for value in row.values())


@given(any_rows, any_rows)
def test_two_wishes_are_the_same_when_their_percentages_are(one, other):
    assert same_wish(one, other) is (by_name(one or LATEST) == by_name(other or LATEST))
    assert same_wish(one, one[::-1])
    assert same_wish(one, (*one, TrafficTarget(NEW, 0, False, "blue"))) or not one


def service(effective=(), ready=None):
    place = Place("p", "r", "s")
    return Service(place, Kind.SERVICE, Revision(None), latest_ready=ready, effective=effective)


@given(any_rows, st.sampled_from([None, "s-a"]))
def test_named_rows_name_everybody_or_nobody(rows, ready):
    named = named_rows(service(rows, ready))
    if ready is None and (not rows or any(row.revision is None for row in rows)):
        assert named == ()
    else:
        wanted = {}
        for row in rows or LATEST:
            name = row.revision or ready
            wanted[name] = wanted.get(name, 0) + row.percent
        assert by_name(named) == {name: percent for name, percent in wanted.items() if percent}
        assert not any(row.latest or row.revision is None for row in named)


@given(any_rows, st.sampled_from([None, "s-a"]))
def test_what_latest_means_is_told_where_it_means_something(rows, ready):
    found = resolved(rows, service(ready=ready))
    assert [row.percent for row in found] == [row.percent for row in rows]
    assert [row.tag for row in found] == [row.tag for row in rows]
    for before, after in zip(rows, found, strict=True):
        assert after.revision == (ready if before.latest else before.revision)
        assert after.latest is (before.latest and ready is None)


def test_tags_are_found_by_their_name():
    rows = (TrafficTarget("s-a", 100), TrafficTarget("s-b", 0, False, "blue"))
    assert tagged(rows, "blue") == "s-b"
    assert tagged(rows, "green") is None
    assert tag_rows(rows, but="blue") == ()


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ((TrafficTarget("b", 5), TrafficTarget("a", 95)), "95 % a + 5 % b"),
        (LATEST, "100 % LATEST"),
        ((), "100 % LATEST"),
        ((TrafficTarget("b", 0, False, "blue"),), "nothing"),
    ],
)
def test_a_map_in_words(rows, text):
    assert said(rows) == text
