"""Checks run all at once, come back in order and in time, and never take silence for a pass."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from deploytool.checks.asked import Asking, Pace, Running, Target
from deploytool.checks.running import Question, answers, run_checks
from deploytool.config.models import ServiceTable
from deploytool.domain.check import Answer, Counted, HttpAnswer, NoHttpAnswer
from deploytool.domain.model import Place
from deploytool.errors import CouldNotLook

PASS, FAIL, UNKNOWN = Answer.PASS, Answer.FAIL, Answer.COULD_NOT_TELL
SINCE = datetime(2026, 2, 5, tzinfo=UTC)
TARGET = Target(
    "https://new---svc-abc.a.run.app/",
    Place("nba-props-platform", "us-west2", "svc"),
    (Running("svc-00002-abc", SINCE),),
    hosts=("api.example.com",),
    audience="https://svc-abc.a.run.app",
)
AT_ONCE = Pace(settle=0, arrive=0.2, every=0.02, overall=5)
HEALTH = {"name": "health", "http": "/health", "expect": {"json": {"service": "svc"}}}
QUIET = {"name": "no errors", "logs": "severity>=ERROR", "max": 0, "when": ["candidate", "live"]}
LOCKS = {"name": "lock lines", "logs": "Acquired lock", "min": 2, "when": ["candidate", "live"]}


def table(*checks):
    return ServiceTable.model_validate({"paths": ["a"], "checks": list(checks)})


class FakeProber:
    def __init__(self, outcome=None, wait=None):
        self.outcome, self.wait, self.asked = outcome or HttpAnswer(200, {}, b'{"service": "svc"}'), wait, []

    def get(self, url, hosts, *, audience="", expected=200, patience=None):
        self.asked.append((url, tuple(hosts), audience, expected))
        if self.wait is not None:
            self.wait.wait(10)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class FakeLogs:
    """Answers the counts one after the other, the last one again and again."""

    def __init__(self, *counts):
        self.counts, self.asked = list(counts or (0,)), []

    def count(self, filter, most):
        self.asked.append((filter, most))
        found = self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]
        if isinstance(found, Exception):
            raise found
        return Counted(min(found, most), found < most)

    def requests_of(self, place, revisions, since, until=None):
        raise AssertionError("nobody asks for requests here")


def told(*checks, when="candidate", prober=None, logs=None, pace=AT_ONCE, target=TARGET):
    neighbours = SimpleNamespace(prober=prober or FakeProber(), log_reader=logs or FakeLogs())
    return run_checks(table(*checks), when, target, neighbours, pace)


def test_results_come_in_the_order_of_the_file():
    results = told(QUIET, HEALTH, {**LOCKS, "required": False}, logs=FakeLogs(0))
    assert [(r.name, r.kind, r.answer, r.required) for r in results] == [
        ("no errors", "logs", PASS, True),
        ("health", "http", PASS, True),
        ("lock lines", "logs", FAIL, False),
    ]
    assert all(r.seconds >= 0 for r in results)


def test_only_the_checks_of_that_time():
    assert told({**HEALTH, "when": ["live"]}) == ()
    assert [r.name for r in told({**HEALTH, "when": ["live"]}, when="live")] == ["health"]
    assert told() == ()


def test_a_candidate_is_asked_at_its_own_address():
    prober = FakeProber()
    told(HEALTH, {"name": "gone", "http": "/gone", "expect": {"status": 404}}, prober=prober)
    own, audience = ("new---svc-abc.a.run.app",), "https://svc-abc.a.run.app"
    assert sorted(prober.asked) == [
        ("https://new---svc-abc.a.run.app/gone", own, audience, 404),
        ("https://new---svc-abc.a.run.app/health", own, audience, 200),
    ]


def test_another_host_is_told_nothing_and_is_not_the_candidate():
    prober = FakeProber()
    (result,) = told({"name": "far", "http": "https://api.example.com/x"}, prober=prober)
    assert prober.asked == [("https://api.example.com/x", ("api.example.com",), "", 200)]
    assert result.said == "answers 200 (asked elsewhere, not at the candidate)"


def test_another_program_under_the_right_name_is_caught():
    (result,) = told(HEALTH, prober=FakeProber(HttpAnswer(200, {}, b'{"service": "analytics"}')))
    assert (result.answer, result.said) == (FAIL, "answers as 'analytics', expected 'svc'")


def test_what_the_prober_says_is_the_answer():
    (result,) = told(HEALTH, prober=FakeProber(NoHttpAnswer(FAIL, "leads elsewhere")))
    assert (result.answer, result.said) == (FAIL, "leads elsewhere")
    (result,) = told(HEALTH, target=replace(TARGET, uri=""))
    assert result.answer is UNKNOWN


@pytest.mark.parametrize("error", [ValueError("sesame"), CouldNotLook("out of reach", hint="wait")])
def test_what_is_raised_is_an_answer(error):
    for results in (told(HEALTH, prober=FakeProber(error)), told(QUIET, logs=FakeLogs(error))):
        assert results[0].answer is UNKNOWN
        assert "sesame" not in results[0].said


def test_a_check_that_hangs_is_left_behind():
    never = threading.Event()
    begin = time.monotonic()
    results = told(HEALTH, QUIET, prober=FakeProber(wait=never), pace=Pace(0, 0, 0, overall=0.3))
    assert time.monotonic() - begin < 2
    assert [r.answer for r in results] == [UNKNOWN, PASS]
    assert results[0].said == "no answer within 0.3 s"
    never.set()


def test_checks_run_side_by_side():
    together = threading.Barrier(3, timeout=5)

    class Together(FakeProber):
        def get(self, url, hosts, **more):
            together.wait()
            return super().get(url, hosts, **more)

    assert {r.answer for r in told(*({**HEALTH, "name": f"h{n}"} for n in range(3)), prober=Together())} == {PASS}


def test_lines_of_this_revision_since_its_deploy():
    logs = FakeLogs(0)
    told(QUIET, logs=logs)
    (filter, most), *more = logs.asked
    assert not more
    assert most == 1
    assert filter == (
        'resource.type="cloud_run_revision"'
        ' AND resource.labels.project_id="nba-props-platform"'
        ' AND resource.labels.location="us-west2"'
        ' AND resource.labels.service_name="svc"'
        ' AND resource.labels.revision_name="svc-00002-abc"'
        ' AND timestamp>="2026-02-05T00:00:00.000000Z"'
        " AND (severity>=ERROR)"
    )


def test_a_time_back_is_counted_from_now():
    logs = FakeLogs(9)
    told({**LOCKS, "since": "24h"}, logs=logs)
    since = datetime.fromisoformat(logs.asked[0][0].partition('timestamp>="')[2].partition('"')[0])
    assert 86_390 < (datetime.now(UTC) - since).total_seconds() < 86_410
    assert logs.asked[0][0].endswith(' AND "Acquired lock"')


def test_lines_are_waited_for():
    logs = FakeLogs(0, 1, 1, 2)
    assert told(LOCKS, logs=logs)[0].answer is PASS
    assert len(logs.asked) == 4
    (result,) = told(LOCKS, logs=FakeLogs(1))
    assert (result.answer, result.said) == (FAIL, "1 line, at least 2 expected")


def test_lines_that_should_not_be_there_are_counted_once_after_a_moment():
    begin = time.monotonic()
    logs = FakeLogs(1)
    (result,) = told(QUIET, logs=logs, pace=Pace(settle=0.1, arrive=1, every=0.02, overall=5))
    assert (result.answer, result.said) == (FAIL, "at least 1 line, at most 0 expected")
    assert len(logs.asked) == 1
    assert time.monotonic() - begin >= 0.1


def test_both_bounds():
    both = {**LOCKS, "max": 3}
    for found, answer in ((1, FAIL), (2, PASS), (3, PASS), (4, FAIL)):
        assert told(both, logs=FakeLogs(found))[0].answer is answer
    assert told({**LOCKS, "min": 50_000}, logs=FakeLogs(10**6))[0].answer is UNKNOWN


def test_a_filter_that_would_change_the_question_is_not_asked():
    logs = FakeLogs(0)
    (result,) = told({**QUIET, "logs": "severity>=ERROR) OR (severity>=DEFAULT"}, logs=logs)
    assert result.answer is UNKNOWN
    assert logs.asked == []


def test_lines_of_all_that_serve_are_counted_together():
    logs = FakeLogs(1)
    earlier = datetime(2026, 2, 1, tzinfo=UTC)
    split = replace(TARGET, revisions=(Running("svc-00002-abc", SINCE), Running("svc-00001-old", earlier)))
    (result,) = told(LOCKS, logs=logs, target=split)
    assert (result.answer, result.said) == (PASS, "2 lines")
    ((new, _), (old, _)) = logs.asked
    assert '"svc-00002-abc" AND timestamp>="2026-02-05T' in new
    assert '"svc-00001-old" AND timestamp>="2026-02-01T' in old


@pytest.mark.parametrize("running", [(), (Running("", SINCE),), (Running("svc-1", None),)])
def test_without_a_revision_no_line_can_be_told(running):
    logs = FakeLogs(0)
    (result,) = told(QUIET, logs=logs, target=replace(TARGET, revisions=running))
    assert result.answer is UNKNOWN
    assert logs.asked == []


def test_what_is_not_seen_is_not_asked():
    prober, logs = FakeProber(), FakeLogs(0)
    results = told(HEALTH, QUIET, prober=prober, logs=logs, target=replace(TARGET, unseen="not in Cloud Run"))
    assert {(r.answer, r.said) for r in results} == {(UNKNOWN, "not in Cloud Run")}
    assert not prober.asked
    assert not logs.asked


def test_the_lines_of_a_job():
    logs = FakeLogs(2)
    job = replace(TARGET, job=True, revisions=(Running("", None),))
    assert told({**LOCKS, "since": "24h"}, logs=logs, target=job)[0].answer is PASS
    assert 'resource.type="cloud_run_job"' in logs.asked[0][0]
    assert 'resource.labels.job_name="svc"' in logs.asked[0][0]
    assert told(LOCKS, target=job)[0].said == 'a job has no deploy; say since = "24h"'


def test_no_more_than_a_number_at_a_time():
    now, most, lock = [0], [0], threading.Lock()

    class Counting(FakeProber):
        def get(self, url, hosts, **more):
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.01)
            with lock:
                now[0] -= 1
            return super().get(url, hosts, **more)

    asking = Asking(TARGET, SimpleNamespace(prober=Counting()), pace=AT_ONCE)
    checks = table(*({**HEALTH, "name": f"h{n}"} for n in range(20))).checks
    results = answers([Question(check, asking) for check in checks], most=4)
    assert [r.name for r in results] == [f"h{n}" for n in range(20)]
    assert {r.answer for r in results} == {PASS}
    assert most[0] == 4


def test_those_behind_a_check_that_hangs_are_asked_all_the_same():
    never = threading.Event()
    stuck = Asking(TARGET, SimpleNamespace(prober=FakeProber(wait=never)), pace=Pace(0, 0, 0, overall=0.2))
    fine = Asking(TARGET, SimpleNamespace(prober=FakeProber()), pace=AT_ONCE)
    (check,) = table(HEALTH).checks
    results = answers([Question(check, stuck), Question(check, stuck), Question(check, fine)], most=1)
    assert [r.answer for r in results] == [UNKNOWN, UNKNOWN, PASS]
    never.set()
