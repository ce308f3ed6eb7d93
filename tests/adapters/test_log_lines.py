"""An entry becomes a line of text whatever its payload is; secrets do not get through."""

from __future__ import annotations

import time
from typing import Any

import pytest

from deploytool.adapters.cloudrun.retry import Patience
from deploytool.adapters.googleapi import GoogleApi
from deploytool.adapters.log_lines import line_of
from deploytool.adapters.log_quota import Quota
from deploytool.adapters.logging import Logs
from deploytool.errors import CouldNotLook
from tests.adapters.fake_logging import logging_of, pages

AT = "2026-02-05T00:45:00.123456789Z"
REQUEST = {"requestMethod": "GET", "requestUrl": "https://api.run.app/a?token=x", "status": 503, "latency": "0.5s"}
DEEP: dict[str, Any] = {}
for _ in range(3000):
    DEEP = {"a": DEEP}


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"textPayload": "plain\n"}, "plain"),
        ({"jsonPayload": {"message": "told", "n": 1}}, "told"),
        ({"jsonPayload": {"message": "told", "exception": "Traceback\nOSError"}}, "told\nTraceback\nOSError"),
        ({"jsonPayload": {"message": "a Traceback", "stack_trace": "Traceback"}}, "a Traceback"),
        ({"jsonPayload": {"error": {"stack": "Error: x\n at y"}}}, "Error: x\n at y"),
        ({"jsonPayload": {"event": "locked", "n": 1}}, "locked"),
        ({"jsonPayload": {"n": 1, "m": ["a"], "s": "t"}}, 'n=1 m=["a"] s=t'),
        ({"jsonPayload": {"message": 5}}, "message=5"),
        ({"jsonPayload": DEEP}, "a=…"),
        ({"protoPayload": {"methodName": "Run", "status": {"message": "no quota"}}}, "Run: no quota"),
        ({"httpRequest": REQUEST}, "answered 503 Service Unavailable: GET /a in 0.5s"),
        ({"httpRequest": REQUEST, "textPayload": "full"}, "answered 503 Service Unavailable: GET /a in 0.5s: full"),
        ({"httpRequest": {"status": 799, "requestUrl": "http://[x"}}, "answered 799: request "),
        ({}, ""),
        ({"textPayload": 5, "jsonPayload": [], "protoPayload": "x", "httpRequest": 3}, ""),
        ({"textPayload": "password=hunter2"}, "password=***"),
        ({"jsonPayload": {"db_password": "hunter2"}}, "db_password=***"),
    ],
)  # fmt: skip
def test_every_payload_has_a_text(entry: dict[str, Any], text: str) -> None:
    line = line_of({"timestamp": AT, **entry})
    assert line is not None
    assert line.text == text


def test_what_a_line_says_of_itself() -> None:
    labels = {"service_name": "api", "location": "us-west2", "revision_name": "api-1"}
    entry = {"resource": {"labels": labels}, "severity": "ERROR", "insertId": "i", "trace": "t", "textPayload": "x"}
    line = line_of({**entry, "timestamp": AT, "logName": "projects/p/logs/run.googleapis.com%2Fvarlog%2Fsystem"})
    assert line is not None
    assert (line.service, line.region, line.revision, line.log) == ("api", "us-west2", "api-1", "system")
    assert (line.severity, line.insert_id, line.trace, line.stamp) == ("ERROR", "i", "t", AT)
    assert line.at.microsecond == 123456
    job = line_of({"timestamp": AT, "resource": {"labels": {"job_name": "nightly"}}, "severity": "BAD"})
    assert job is not None
    assert (job.service, job.revision, job.severity) == ("nightly", "", "DEFAULT")


@pytest.mark.parametrize("stamp", [None, 5, "", "yesterday", "2026-02-05T00:45:00", "2026-99-05T00:45:00Z"])
def test_a_line_without_a_time_is_no_line(stamp: Any) -> None:
    assert line_of({"timestamp": stamp}) is None


def test_a_huge_line_is_cut_and_takes_no_time() -> None:
    began = time.process_time()
    line = line_of({"timestamp": AT, "textPayload": "eyJaaaaaaaa-token='" * 500_000})
    assert line is not None
    assert len(line.text) <= 64 * 1024
    assert time.process_time() - began < 1


def read(page: Any, most: int = 10_000) -> tuple[list[str], str]:
    """What was read, and what was wrong in the end."""
    found: list[str] = []
    with logging_of(page) as fake:
        quick = Patience(total=1.0, call=1.0, attempts=2, first_wait=0.01)
        logs = Logs(GoogleApi(fake.url, name="Cloud Logging", local=True, patience=quick), "p")
        try:
            found.extend(line.text for line in logs.lines("", True, most))
        except CouldNotLook as problem:
            return found, problem.message
    return found, ""


def test_what_came_before_a_fault_is_good_and_the_fault_is_told() -> None:
    def page(question: dict[str, Any]) -> Any:
        if "pageToken" in question:
            return 503, b""
        return {"entries": [{"timestamp": AT, "textPayload": "x"}], "nextPageToken": "t"}

    assert read(page) == (["x"], "Cloud Logging answered 503.")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (lambda _: {"entries": [{"textPayload": "x"}]}, "a line has no time"),
        (lambda _: {"entries": [], "nextPageToken": "t"}, "the same page again"),
        (lambda _: b'{"entries": [', "could not be understood"),
        (lambda _: b"[" * 100_000, "could not be understood"),
        (lambda _: (429, {"error": {"message": "quota"}}), "quota"),
    ],
)
def test_what_cannot_be_read_is_never_nothing(page: Any, said: str) -> None:
    found, problem = read(page)
    assert found == []
    assert said in problem


def test_a_flood_is_read_up_to_the_number_that_was_asked_for() -> None:
    assert len(read(pages([{"timestamp": AT, "textPayload": "x"}] * 5000), 2500)[0]) == 2500


class Time:
    """A clock that passes when somebody sleeps."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_questions_stay_within_the_quota_of_a_minute() -> None:
    clock = Time()
    quota = Quota(3, clock=clock, sleep=clock.sleep)
    asked = []
    for _ in range(7):
        assert quota.turn(end=1000)
        asked.append(clock.now)
        clock.now += 1
    assert asked == [0, 1, 2, 60, 61, 62, 120]


def test_a_turn_that_comes_too_late_is_not_waited_for() -> None:
    clock = Time()
    quota = Quota(1, clock=clock, sleep=clock.sleep)
    assert quota.turn(end=10)
    assert not quota.turn(end=10)
    assert clock.now == 0
