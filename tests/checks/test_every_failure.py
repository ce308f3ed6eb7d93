"""Every failure of a neighbour, for every kind of check: never a pass, never a hang, never a traceback."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deploytool.adapters.bigquery import Queries
from deploytool.adapters.cloudrun.retry import Patience
from deploytool.adapters.commands import Programs
from deploytool.adapters.documents import FirestoreDocuments
from deploytool.adapters.googleapi import GoogleApi
from deploytool.adapters.logging import Logs
from deploytool.adapters.probes import Prober
from deploytool.checks.asked import Pace, Running, Target
from deploytool.checks.running import run_checks
from deploytool.config.models import ServiceTable
from deploytool.domain.check import Answer, CheckResult, Standing, worst_of
from deploytool.domain.model import Place
from tests.adapters.doubles import BROKEN, broken, double
from tests.adapters.fake_bigquery import Query, bigquery_of
from tests.adapters.fake_firestore import firestore_of

PROJECT = "nba-props-platform"
NOW = datetime.now(UTC)
QUICK = Patience(total=1.0, call=0.6, attempts=2, first_wait=0.01)
PACE = Pace(settle=0, arrive=0, every=0.01, start=0.1, overall=8)
ASKING = {
    "http": {"http": "/health", "expect": {"json": {"service": "svc"}}},
    "a status": {"http": "/health"},
    "no lines": {"logs": "severity>=ERROR", "max": 0},
    "lines": {"logs": "Acquired", "min": 1, "since": "24h"},
    "no rows": {"query": "SELECT a", "max_rows": 0},
    "rows": {"query": "SELECT a", "min_rows": 1},
    "row": {"query": "SELECT a", "row": {"c": {"max": 0}}},
    "document": {"firestore": "completion/{today}", "counts": {"_count": "[!_]*"}},
    "documents": {"firestore": "locks", "max_age": "5m"},
    "fresh rows": {"freshness": {"query": "SELECT a"}, "max_age": "1h"},
    "fresh lines": {"freshness": {"logs": "finished"}, "max_age": "1h"},
}
# What is an answer of this API all the same: it says that there is nothing.
ANSWERS = {("no lines", "an object"), ("lines", "an object"), ("fresh lines", "an object")}
# Whoever asks for a page is told what came: these are pages, with another status or without the field.
PAGES = {"403", "404", "429", "500", "no json", "cut json", "deep json", "empty", "an object", "a list", "oddities"}
PAGES |= {"a list of oddities", "a text", "null", "401"}


def api(url: str, name: str = "It") -> GoogleApi:
    return GoogleApi(url, name=name, local=True, token="owner", patience=QUICK)


def neighbours(url: str, folder: Path = Path()) -> Any:
    return SimpleNamespace(
        prober=Prober(deadline=0.6),
        log_reader=Logs(api(url), PROJECT),
        queries=Queries(api(url), PROJECT, call=0.1),
        documents=FirestoreDocuments(api(url), PROJECT),
        programs=Programs(folder, os.environ),
    )


def asked(check: dict[str, Any], url: str, folder: Path = Path()) -> CheckResult:
    table = ServiceTable.model_validate({"paths": ["a"], "checks": [{"name": "it", **check}]})
    target = Target(url, Place(PROJECT, "us-west2", "svc"), (Running("svc-00001-abc", NOW),))
    (result,) = run_checks(table, "live", target, neighbours(url, folder), PACE)
    return result


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("kind", ASKING)
def test_never_a_pass(kind: str, how: str) -> None:
    began = time.monotonic()
    with broken(how) as url:
        result = asked({**ASKING[kind], **({"timeout": "1s"} if "query" in str(ASKING[kind]) else {})}, url)
    assert time.monotonic() - began < 8
    assert result.said
    assert "Traceback" not in result.said
    if (kind, how) in ANSWERS:
        assert result.answer is (Answer.PASS if kind == "no lines" else Answer.FAIL)
    elif kind == "a status" and how in PAGES:
        assert (result.answer is Answer.PASS) == (not how.isdigit())
    elif kind == "http" and how in PAGES:
        assert result.answer is not Answer.PASS
    else:
        assert result.answer is Answer.COULD_NOT_TELL, result.said
    assert worst_of([result]).standing is not Standing.NOTHING


PROGRAMS = {
    "absent": ["no-such-program-of-anybody"],
    "killed": [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"],
    "another code": [sys.executable, "-c", "import sys; sys.exit(3)"],
    "endless": [sys.executable, "-c", "import time; time.sleep(60)"],
    "flooding": [sys.executable, "-c", "while True: print('x' * 100_000)"],
}


@pytest.mark.parametrize("how", PROGRAMS)
def test_a_program_that_breaks_could_not_tell(how: str, tmp_path: Path) -> None:
    began = time.monotonic()
    result = asked({"command": PROGRAMS[how], "timeout": "1s"}, "", tmp_path)
    assert time.monotonic() - began < 8
    assert result.answer is Answer.COULD_NOT_TELL


def test_each_kind_can_pass_and_fail(tmp_path: Path) -> None:
    """So that the table above proves something."""
    young = {"locks/a": ({}, NOW), f"completion/{NOW:%Y-%m-%d}": ({"_count": {"integerValue": "0"}}, NOW)}
    stamp = str(int(NOW.timestamp() * 1_000_000))
    with firestore_of(young) as good, firestore_of({"locks/a": ({}, NOW.replace(year=NOW.year - 1))}) as bad:
        for kind in ("document", "documents"):
            assert asked(ASKING[kind], good.url).answer is Answer.PASS
            assert asked(ASKING[kind], bad.url).answer is Answer.FAIL
    for kind, passing, failing in (
        ("no rows", Query(), Query(rows=(("1",),))),
        ("rows", Query(rows=(("1",),)), Query()),
        ("row", Query(rows=(("0",),)), Query(rows=(("1",),))),
        ("fresh rows", Query((("t", "TIMESTAMP"),), ((stamp,),)), Query((("t", "TIMESTAMP"),), (("0",),))),
    ):
        with bigquery_of(a=passing) as good_rows, bigquery_of(a=failing) as bad_rows:
            assert asked(ASKING[kind], good_rows.url).answer is Answer.PASS
            assert asked(ASKING[kind], bad_rows.url).answer is Answer.FAIL
    line = {"timestamp": NOW.isoformat()}
    with double(lambda _: {"entries": [line]}) as some, double(lambda _: {}) as none:
        for kind in ("lines", "fresh lines"):
            assert asked(ASKING[kind], some.url).answer is Answer.PASS
            assert asked(ASKING[kind], none.url).answer is Answer.FAIL
        assert asked(ASKING["no lines"], some.url).answer is Answer.FAIL
        assert asked(ASKING["no lines"], none.url).answer is Answer.PASS
    with double(lambda _: {"service": "svc"}) as right, double(lambda _: {"service": "other"}) as wrong:
        assert asked(ASKING["http"], right.url).answer is Answer.PASS
        assert asked(ASKING["http"], wrong.url).said == "answers as 'other', expected 'svc'"
    assert asked({"command": [sys.executable, "-c", "pass"]}, "", tmp_path).answer is Answer.PASS
    assert asked({"command": [sys.executable, "-c", "exit(1)"]}, "", tmp_path).answer is Answer.FAIL


def test_a_line_from_the_future_could_not_tell() -> None:
    with double(lambda _: {"entries": [{"timestamp": "2999-01-01T00:00:00Z"}]}) as late:
        result = asked(ASKING["fresh lines"], late.url)
    assert result.answer is Answer.COULD_NOT_TELL
    assert result.said.endswith("in the future: a clock is wrong")


def test_today_is_a_day_of_utc() -> None:
    with firestore_of({}) as fake:
        result = asked(ASKING["document"], fake.url)
    assert result.said == f"completion/{datetime.now(UTC):%Y-%m-%d}: does not exist"
