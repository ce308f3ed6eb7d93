"""What a monitor reads: the format, and values that never make the unknown look healthy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.ledger_report import Standing
from deploytool.domain.metrics import Family, MetricKind, Sample, drift_families, look_families, release_families
from deploytool.domain.release import Kind, Outcome
from deploytool.domain.report import DriftReport, Verdict
from deploytool.render.metrics import metrics
from tests.domain.test_week import at, release
from tests.exposition import read, value
from tests.render.hostile import HOSTILE
from tests.render.reports import NOW, TARGET, moment, service


def drift() -> DriftReport:
    services = (
        service("api", Verdict.STALE, "1 commit behind", behind=3, stale_since=moment(4, 3)),
        service("web", Verdict.CURRENT, "same content"),
        service("dark", Verdict.UNKNOWN, "403", behind=None),
        service("gone", Verdict.MISSING, "not in Cloud Run", behind=None),
    )
    return DriftReport(NOW, "main", TARGET, services)


def test_drift() -> None:
    samples = read(metrics((*look_families("drift", NOW, False, 1.25), *drift_families(drift()))))
    here = {"region": "us-west2"}
    assert value(samples, "service_stale", service="api", **here) == 1
    assert value(samples, "service_stale", service="web", **here) == 0
    assert math.isnan(value(samples, "service_stale", service="dark", **here))
    assert value(samples, "service_verdict", service="dark", verdict="unknown", **here) == 1
    assert value(samples, "service_verdict", service="gone", verdict="missing", **here) == 1
    assert value(samples, "service_behind_commits", service="api", **here) == 3
    assert math.isnan(value(samples, "service_behind_commits", service="dark", **here))
    assert value(samples, "service_stale_since_seconds", service="api", **here) == moment(4, 3).timestamp()
    assert sum(name == "deploytool_service_stale_since_seconds" for name, _ in samples) == 1
    assert value(samples, "services", verdict="unknown") == 1
    assert value(samples, "look_timestamp_seconds", command="drift") == NOW.timestamp()
    assert value(samples, "look_ok", command="drift") == 0
    assert value(samples, "look_duration_seconds", command="drift") == 1.25


def test_releases() -> None:
    ended = [release("r1", 1), release("r2", 5), release("r3", 9, outcome=Outcome.ROLLED_BACK)]
    opened = release("r4", 11, outcome=None)
    samples = read(metrics(release_families([*ended, opened], {opened.id: Standing.RUNNING})))
    here = {"service": "api", "region": "us-west2"}
    assert value(samples, "releases_total", kind="deploy", outcome="succeeded", **here) == 2
    assert value(samples, "releases_total", kind="deploy", outcome="rolled-back", **here) == 1
    assert value(samples, "releases_open", standing="running", **here) == 1
    assert value(samples, "release_last_success_timestamp_seconds", **here) == at(6).timestamp()
    assert metrics(release_families([], {})) == ""


def test_a_name_that_is_there_twice_is_said_once() -> None:
    twice = (service("api", Verdict.STALE, ""), service("api", Verdict.CURRENT, ""))
    samples = read(metrics(drift_families(DriftReport(NOW, "main", TARGET, twice))))
    assert value(samples, "service_stale", service="api", region="us-west2") == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_labels_are_one_value_on_one_line(text: str) -> None:
    family = Family("deploytool_x", MetricKind.GAUGE, f"Help {text}", (Sample({"service": text}, 1.0),))
    assert len(read(metrics([family]))) == 1


@given(st.text(), st.floats())
def test_any_label_and_value_can_be_read(text: str, number: float) -> None:
    written = metrics([Family("deploytool_x", MetricKind.GAUGE, text, (Sample({"service": text}, number),))])
    ((_, read_back),) = read(written).items()
    assert read_back == number or math.isnan(number)


def test_rollbacks_are_of_their_own_kind() -> None:
    samples = read(metrics(release_families([release("b", 1, kind=Kind.ROLLBACK)], {})))
    assert value(samples, "releases_total", service="api", region="us-west2", kind="rollback", outcome="succeeded") == 1
