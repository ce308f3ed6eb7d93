"""Log lines are read to their end or not at all, and what is not understood is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deploytool.adapters.cloudrun.retry import Patience
from deploytool.adapters.googleapi import GoogleApi
from deploytool.adapters.logging import ENDPOINT, Logs, logging_api
from deploytool.domain.check import Counted
from deploytool.domain.judge import RequestStats
from deploytool.domain.model import Place
from deploytool.errors import CouldNotLook
from tests.adapters.fake_logging import logging_of, pages

PLACE = Place("nba-props-platform", "us-west2", "prediction-worker")
SINCE = datetime(2026, 2, 5, tzinfo=UTC)
REVISION = "prediction-worker-00002-abc"
QUICK = Patience(total=1.0, call=1.0, attempts=2, first_wait=0.01)


def logs(fake, **more):
    api = GoogleApi(fake.url, name="Cloud Logging", local=True, patience=QUICK)
    return Logs(api, PLACE.project, **more)


def line(status=200, latency="0.100s", revision=REVISION, second=0, **request):
    return {
        "timestamp": (SINCE + timedelta(seconds=second)).isoformat().replace("+00:00", ".123456789Z"),
        "resource": {"labels": {"revision_name": revision}},
        "httpRequest": {"status": status, "latency": latency, **request},
    }


def measured(entries, errors=(), **more):
    def page(question):
        return pages(list(errors) if "severity>=ERROR" in question["filter"] else entries)(question)

    with logging_of(page) as fake:
        found = logs(fake).requests_of(PLACE, [REVISION], SINCE, **more)
    assert list(found) == [REVISION]
    return found[REVISION], fake


def test_pages_are_read_to_the_end():
    entries = [{"insertId": str(number)} for number in range(2500)]
    with logging_of(pages(entries)) as fake:
        assert list(logs(fake).entries("severity>=ERROR", True, 10_000)) == entries
        assert [question.get("pageToken") for question in fake.questions] == [None, "1000", "2000"]
        assert fake.questions[0] == {
            "resourceNames": ["projects/nba-props-platform"],
            "filter": "severity>=ERROR",
            "orderBy": "timestamp desc",
            "pageSize": 1000,
        }
        assert fake.paths == ["/v2/entries:list"] * 3


def test_no_more_is_read_than_was_asked_for():
    with logging_of(pages([{}] * 2500)) as fake:
        assert len(list(logs(fake).entries("", False, 1500))) == 1500
        assert [question["pageSize"] for question in fake.questions] == [1000, 500]
        assert list(logs(fake).entries("", False, 0)) == []
    with logging_of(lambda _: {"entries": [{}] * 7}) as fake:
        assert len(list(logs(fake).entries("", False, 3))) == 3


def test_an_empty_page_is_not_the_end():
    tokens = iter(["a", "b", ""])
    with logging_of(lambda _: {"nextPageToken": next(tokens)}) as fake:
        assert list(logs(fake).entries("", True, 10)) == []
        assert len(fake.questions) == 3


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (lambda _: {"entries": [{}], "nextPageToken": "again"}, "the same page again"),
        (lambda question: {"nextPageToken": question.get("pageToken", "") + "x"}, "more than 200 pages"),
        (lambda _: {"entries": "many"}, "a list of lines"),
        (lambda _: {"entries": [1]}, "a list of lines"),
        (lambda _: {"entries": None}, "a list of lines"),
        (lambda _: {"nextPageToken": 5}, "a page token"),
        (lambda _: [], "could not be understood"),
        (lambda _: b"<html>", "could not be understood"),
        (lambda _: (403, {"error": {"message": "no"}}), "answered 403"),
        (lambda _: (400, {"error": {"message": "Field not found: 'severty'"}}), "Field not found"),
        (lambda _: (503, b""), "answered 503"),
    ],
)
def test_what_cannot_be_read_to_the_end_is_no_answer(page, said):
    with logging_of(page) as fake, pytest.raises(CouldNotLook) as problem:
        logs(fake).count("severity>=ERROR", 10_000)
    assert said in problem.value.message
    assert problem.value.hint


def test_reading_ends_at_its_deadline():
    moments = iter([0.0, 1.0, 99.0])
    with logging_of(lambda question: {"nextPageToken": question.get("pageToken", "") + "x"}) as fake:
        reader = logs(fake, clock=lambda: next(moments))
        with pytest.raises(CouldNotLook, match="within 45 s"):
            list(reader.entries("", True, 10))


def test_a_page_that_fails_once_is_asked_for_again():
    answers = iter([(503, b""), {"entries": [{}]}])
    with logging_of(lambda _: next(answers)) as fake:
        assert logs(fake).count("", 10) == Counted(1)


@pytest.mark.parametrize(
    ("there", "most", "counted"),
    [(0, 1, Counted(0)), (1, 1, Counted(1, False)), (5, 10, Counted(5)), (5, 3, Counted(3, False))],
)
def test_counting(there, most, counted):
    with logging_of(pages([{}] * there)) as fake:
        assert logs(fake).count("", most) == counted


def test_requests_are_measured():
    entries = [line(500, f"{number / 1000}s") for number in range(1, 20)] + [line(404, "1s")]
    stats, fake = measured(entries, errors=[{}, {}], until=SINCE + timedelta(minutes=5))
    assert stats == RequestStats(20, 19, 0.019, errors=2)
    requests, errors = (question["filter"] for question in fake.questions)
    assert 'logName="projects/nba-props-platform/logs/run.googleapis.com%2Frequests"' in requests
    assert 'logName!="projects/nba-props-platform/logs/run.googleapis.com%2Frequests"' in errors
    for part in (f'resource.labels.revision_name="{REVISION}"', 'timestamp<"2026-02-05T00:05:00.000000Z"'):
        assert part in requests
        assert part in errors


def test_nobody_asked():
    assert measured([])[0] == RequestStats(0)


def test_each_revision_is_asked_for_apart():
    with logging_of(pages([])) as fake:
        found = logs(fake).requests_of(PLACE, ["a", "b", "a"], SINCE)
    assert found == {"a": RequestStats(0), "b": RequestStats(0)}
    assert len(fake.questions) == 4


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {**line(), "httpRequest": None},
        line("200"),
        line(True),
        line(0),
        line(600),
        line(200.0),
        line(latency="fast"),
        line(latency="-1s"),
        line(latency="1e3s"),
        line(latency="nans"),
        line(latency="0.1"),
        line(latency=0.1),
        line(latency=None),
        line(latency="9" * 400 + "s"),
        line(revision="another"),
        {**line(), "resource": []},
    ],
)
def test_a_line_that_is_not_understood_is_a_doubt(odd):
    stats, _ = measured([line(), odd])
    assert (stats.requests, stats.doubts) == (1, 1)


def test_without_nine_of_ten_latencies_nobody_knows_the_95th_percentile():
    silent = line()
    del silent["httpRequest"]["latency"]
    assert measured([line()] * 9 + [silent])[0] == RequestStats(10, 0, 0.1)
    assert measured([line()] * 8 + [silent])[0] == RequestStats(9, 0, None)


def test_of_too_many_the_newest_are_measured_and_complaints_of_the_same_time():
    entries = [line(second=900 - number) for number in range(30)]
    stats, fake = measured(entries, errors=[{}], most=10)
    assert stats == RequestStats(10, 0, 0.1, errors=1, sampled=True)
    assert 'timestamp>="2026-02-05T00:14:51.123456Z"' in fake.questions[-1]["filter"]
    assert measured(entries, most=30)[0].sampled is False


def test_a_sample_without_times_is_no_answer():
    with pytest.raises(CouldNotLook, match="no time"):
        measured([{**line(), "timestamp": "soon"}] * 3, most=2)


def test_google_is_asked_with_credentials_and_our_own_server_without():
    assert (logging_api(None).endpoint, logging_api(None).local) == (ENDPOINT, False)
    assert logging_api("http://127.0.0.1:1").local
