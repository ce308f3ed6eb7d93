"""Filters of Cloud Logging: whoever writes a part cannot change the whole."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain import logfilter
from deploytool.domain.logfilter import BadFilter
from deploytool.domain.model import Place

SINCE = datetime(2026, 2, 5, 0, 45, tzinfo=UTC)


def unread(filter):
    """A reader of strings of its own: what is left of a filter when its texts are taken out, letter by letter."""
    left, inside, escaped = [], False, False
    for letter in filter:
        if inside:
            inside = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            inside = True
        else:
            left.append(letter)
    assert not inside
    return "".join(left)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Acquired processing lock", '"Acquired processing lock"'),
        ("Error: no lock", '"Error: no lock"'),
        ("see http://example.com", '"see http://example.com"'),
        ("a -> b (twice)", '"a -> b (twice)"'),
        ('user "bob" failed', '"user \\"bob\\" failed"'),
        ("line\none\x07", '"line\\none\\x07"'),
        ("severity>=ERROR", "(severity>=ERROR)"),
        ("severity >= ERROR", "(severity >= ERROR)"),
        ('textPayload: "lock"', '(textPayload: "lock")'),
        ("textPayload:lock", "(textPayload:lock)"),
        ('jsonPayload.kind=~"^a(b|c)"', '(jsonPayload.kind=~"^a(b|c)")'),
        ("severty>=ERROR", "(severty>=ERROR)"),
        ("ERROR OR CRITICAL", "(ERROR OR CRITICAL)"),
        ("NOT ok", "(NOT ok)"),
        ('"ERROR" "CRITICAL"', '("ERROR" "CRITICAL")'),
        ('log_id("stderr")', '(log_id("stderr"))'),
        ('textPayload:"it\'s ) OR ("', '(textPayload:"it\'s ) OR (")'),
    ],
)
def test_filters_and_texts_are_told_apart(text, part):
    assert logfilter.part_of(text) == part


@pytest.mark.parametrize(
    "text",
    [
        "severity>=ERROR) OR (severity>=DEFAULT",
        "severity>=ERROR)",
        "(severity>=ERROR",
        'severity>=ERROR AND textPayload:"open',
        "severity>=ERROR -- )",
        "severity>=ERROR -- the rest is gone",
        "textPayload='a' AND b",
        "trace: failed",
    ],
)
def test_what_could_change_the_whole_is_refused(text):
    with pytest.raises(BadFilter):
        logfilter.part_of(text)


@given(st.text(max_size=30) | st.text(alphabet='"\\() ORAND=:-\n', max_size=30))
def test_no_text_leaves_its_brackets(text):
    try:
        part = logfilter.part_of(text)
    except BadFilter:
        return
    bare, depth = unread(part), 0
    for number, letter in enumerate(bare):
        depth += (letter == "(") - (letter == ")")
        assert depth > 0 or number == len(bare) - 1
    assert depth == 0


names = st.text() | st.text(alphabet='\\"() =\n', max_size=6)


@given(names, names, names, names)
def test_no_name_changes_the_filter(project, region, name, revision):
    plain = logfilter.requests_of(Place("p", "r", "s"), "v", SINCE, SINCE)
    odd = logfilter.requests_of(Place(project, region, name), revision, SINCE, SINCE)
    assert unread(odd) == unread(plain)


def test_what_a_filter_looks_like():
    place = Place("nba-props-platform", "us-west2", "prediction-worker")
    assert logfilter.errors_of(place, "prediction-worker-00002-abc", SINCE) == (
        'resource.type="cloud_run_revision"'
        ' AND resource.labels.project_id="nba-props-platform"'
        ' AND resource.labels.location="us-west2"'
        ' AND resource.labels.service_name="prediction-worker"'
        ' AND resource.labels.revision_name="prediction-worker-00002-abc"'
        ' AND timestamp>="2026-02-05T00:45:00.000000Z"'
        ' AND logName!="projects/nba-props-platform/logs/run.googleapis.com%2Frequests"'
        " AND severity>=ERROR"
    )


def test_a_time_without_a_zone_is_no_moment():
    with pytest.raises(ValueError, match="zone"):
        logfilter.moment(datetime(2026, 2, 5))
