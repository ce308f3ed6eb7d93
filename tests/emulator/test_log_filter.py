"""The query language of logs: what matches, how words bind, and where a mistake is."""

import pytest

from deploytool.emulator.errors import ApiError
from deploytool.emulator.log_bounds import bounds_of
from deploytool.emulator.log_filter import filter_of
from deploytool.emulator.log_match import moment_of
from deploytool.emulator.log_store import Bounds

ENTRY = {
    "logName": "projects/demo-project/logs/run.googleapis.com%2Frequests",
    "resource": {"type": "cloud_run_revision", "labels": {"service_name": "api", "revision_name": "api-00002-abc"}},
    "timestamp": "2026-02-01T12:00:00.500000Z",
    "severity": "ERROR",
    "insertId": "x1",
    "labels": {"a.b/c": "Deep"},
    "jsonPayload": {"message": "Could not reach the Database", "count": 7, "tags": ["red", "blue"], "ok": False},
    "httpRequest": {"requestMethod": "GET", "status": 503, "latency": "0.750000s", "responseSize": "900"},
}
YES = [
    "",
    "-- only a comment",
    'resource.type="cloud_run_revision"',
    'resource.labels.service_name = "API"',
    "resource.labels.service_name=api resource.labels.revision_name=api-00002-abc",
    "resource.labels.service_name=api\n-- why not\nseverity>=WARNING",
    'logName="projects/demo-project/logs/run.googleapis.com%2Frequests"',
    "logName:requests",
    "severity=ERROR",
    "severity>=error",
    "severity>400 severity<CRITICAL",
    "severity=(WARNING OR ERROR)",
    "severity!=INFO",
    'timestamp>="2026-02-01T12:00:00Z"',
    'timestamp<"2026-02-01T13:00:00.5+00:30" AND timestamp>="2026-02-01"',
    "jsonPayload.message:database",
    'jsonPayload.message:("could not" AND reach)',
    'jsonPayload.message=~"^Could.*Data"',
    'jsonPayload.message!~"data"',
    "jsonPayload.count>5 jsonPayload.count<=7 jsonPayload.count!=8",
    "jsonPayload.tags=blue jsonPayload.tags:RE",
    "jsonPayload.ok=false",
    "jsonPayload.count:*",
    "jsonPayload:count",
    "httpRequest.status>=500",
    "http_request.status=503",
    'httpRequest.latency>"0.5s" httpRequest.latency<=750ms',
    "httpRequest.responseSize>99",
    'labels."a.b/c"=deep',
    "insertId=x1",
    '"could NOT reach"',
    "database 503",
    "NOT severity=INFO",
    "-severity=INFO",
    "NOT textPayload=x",
    "severity=INFO OR severity=ERROR",
    "jsonPayload.message:reach AND (severity=INFO OR NOT (httpRequest.status=200))",
    "severity=INFO OR severity=ERROR AND httpRequest.status=503",
]
NO = [
    "severity>ERROR",
    "resource.type=gae_app",
    'timestamp>"2026-02-01T12:00:00.5Z"',
    "timestamp<2026-02-01",
    "textPayload=x",
    "textPayload!=x",
    "textPayload:*",
    "NOT NOT severity=INFO",
    'jsonPayload.message=~"^could"',
    "jsonPayload.message=Could",
    "jsonPayload.count>many",
    "jsonPayload.count.deeper=1",
    "httpRequest.latency>1s",
    "nothing-of-that-kind",
    "severity=INFO OR severity=ERROR httpRequest.status=200",
    "(severity=ERROR) -jsonPayload.message:database",
]


@pytest.mark.parametrize("text", YES)
def test_what_matches(text):
    assert filter_of(text).matches(ENTRY)


@pytest.mark.parametrize("text", NO)
def test_what_does_not(text):
    assert not filter_of(text).matches(ENTRY)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("foo=1", "no field 'foo' at line 1, column 1"),
        ("severity>=ERROR\nAND", "the end at line 2, column 4"),
        ("severity>=LOUD", "'LOUD' is no severity"),
        ("severity>=ERROR )", "unexpected ')' at line 1, column 17"),
        ("a OR OR b", "unexpected 'OR' at line 1, column 6"),
        ("(a", "the bracket of column 1 is not closed at line 1, column 3"),
        ("textPayload=", "a value is missing at line 1, column 13"),
        ("textPayload=a:b", "needs quotation marks"),
        ('textPayload="a', "line 1, column 13"),
        ('textPayload=~"("', "not a regular expression"),
        ("timestamp>yesterday", "'yesterday' is no time"),
        ("httpRequest.latency>long", "'long' is no duration"),
        ("SEARCH(x)", "the function 'SEARCH' is not known here"),
        ("ä = \x1b", "line 1, column 5"),
        ("(" * 5000, "too many brackets"),
        ("x" * 20_001, "longer than 20000"),
    ],
)
def test_a_mistake_is_said_with_its_place(text, why):
    with pytest.raises(ApiError) as refused:
        filter_of(text)
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
    assert why in refused.value.message


def test_many_negations_are_no_recursion():
    assert filter_of("NOT " * 4900 + "x").matches({"textPayload": "x"})


def test_bounds_are_of_what_is_joined_by_and():
    text = 'timestamp>"2026-01-01" timestamp<="2026-01-02" severity>=ERROR resource.labels.service_name="api"'
    at = [moment_of("2026-01-01"), moment_of("2026-01-02")]
    assert bounds_of(filter_of(f"{text} x")) == Bounds(*at, 500, (("service", "api"),))
    assert bounds_of(filter_of(f"NOT ({text})")) == bounds_of(filter_of(f"x OR ({text})")) == Bounds()
