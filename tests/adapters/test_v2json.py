"""v2 objects in our words; odd ones end as problems, never as healthy."""

from datetime import UTC, datetime

import pytest

from deploytool.adapters.fleet import v2json
from deploytool.domain.model import ConditionState, Kind, Place, TrafficTarget
from deploytool.domain.report import ServingState
from deploytool.domain.traffic import serving_of
from tests.adapters.shapes import SHA, P, R, v2_job, v2_pinned, v2_revision, v2_service


def test_a_healthy_service():
    service = v2json.service_of(v2_service())
    assert service.place == Place(P, R, "api")
    assert service.kind is Kind.SERVICE
    assert (service.generation, service.observed_generation) == (7, 7)
    assert (service.latest_created, service.latest_ready) == ("api-00007-abc", "api-00007-abc")
    assert service.effective == (TrafficTarget(None, 100, latest=True),)
    assert service.template.labels == {"commit-sha": SHA}
    assert service.updated_at == datetime(2026, 2, 4, 3, 7, 0, 123456, tzinfo=UTC)
    assert service.ready is ConditionState.SUCCEEDED
    assert service.problems == ()


def test_enums_may_be_numbers_and_numbers_text():
    row = {"type": 2, "revision": "api-00003-old", "percent": "100"}
    raw = v2_service(traffic=[row], trafficStatuses=[row], generation=7, terminalCondition={"state": 4})
    service = v2json.service_of(raw)
    assert service.problems == ()
    assert service.effective == (TrafficTarget("api-00003-old", 100),)
    assert service.ready is ConditionState.SUCCEEDED


def test_only_plain_values_enter_env():
    env = [
        {"name": "PLAIN", "value": "v"},
        {"name": "EMPTY"},
        {"name": "KEY", "valueSource": {"secretKeyRef": {"secret": "s", "version": "1"}}},
        {"name": "ODD", "value": "x", "valueSource": None},
    ]
    raw = v2_service(template={"containers": [{"image": "i", "env": env}]})
    assert v2json.service_of(raw).template.env == {"PLAIN": "v", "EMPTY": ""}


def test_the_ingress_container_is_the_one_with_ports():
    sidecar, main = {"image": "proxy"}, {"image": "main", "ports": [{"containerPort": 8080}]}
    service = v2json.service_of(v2_service(template={"containers": [sidecar, main]}))
    assert (service.template.image, service.problems) == ("main", ())
    unclear = v2json.service_of(v2_service(template={"containers": [sidecar, sidecar]}))
    assert unclear.problems


def test_a_function_is_managed_by_cloud_functions():
    assert v2json.service_of(v2_service(labels={"goog-managed-by": "cloudfunctions"})).kind is Kind.FUNCTION


def test_a_job_is_its_template():
    job = v2json.job_of(v2_job())
    assert (job.kind, job.template.image, job.template.labels) == (Kind.JOB, "eu.gcr.io/p/n:1", {"commit-sha": SHA})
    assert job.problems == ()
    assert serving_of(job).state is ServingState.LATEST


def test_a_retired_revision_is_ready_and_that_says_nothing_about_serving():
    place, revision, problems = v2json.revision_of(v2_revision())
    assert (place.name, revision.name, revision.ready, problems) == (
        "api",
        "api-00003-old",
        ConditionState.SUCCEEDED,
        (),
    )


@pytest.mark.parametrize("state", ["CONDITION_SPLENDID", 99, -1, True, None, [], "4"])
def test_a_state_from_the_future_is_a_problem(state):
    service = v2json.service_of(v2_service(terminalCondition={"type": "Ready", "state": state}))
    assert service.ready is ConditionState.UNKNOWN
    assert service.problems


@pytest.mark.parametrize("allocation", ["…_MIRRORED", 0, 3, None, True, "LATEST", [], {}])
def test_a_traffic_type_from_the_future_is_a_problem(allocation):
    row = {"type": allocation, "revision": "api-00007-abc", "percent": 100}
    service = v2json.service_of(v2_service(traffic=[row], trafficStatuses=[row]))
    assert service.problems
    assert serving_of(service).problems
    assert serving_of(service).state is ServingState.DESIRED_DIFFERS


@pytest.mark.parametrize("percent", [-1, 101, "x", 50.5, None, True, [], "9" * 40, float("nan"), float("inf")])
def test_an_odd_percent_is_a_problem(percent):
    rows = [{"type": 1, "percent": percent}]
    serving = serving_of(v2json.service_of(v2_service(traffic=rows, trafficStatuses=rows)))
    assert serving.problems
    assert serving.state not in (ServingState.LATEST, ServingState.PINNED)


@pytest.mark.parametrize("row", [None, [], {"type": 2, "revision": "api-00003-old", "percent": "x"}, {}])
def test_an_odd_row_beside_a_good_one_still_counts(row):
    rows = [{"type": 1, "percent": 100}, row]
    serving = serving_of(v2json.service_of(v2_service(traffic=rows, trafficStatuses=rows)))
    assert serving.problems
    assert serving.state is ServingState.DESIRED_DIFFERS


ODD = [
    {"labels": []},
    {"labels": {"commit-sha": 5}},
    {"annotations": None},
    {"generation": "seven"},
    {"generation": "9" * 5000},
    {"reconciling": "no"},
    {"traffic": {}},
    {"traffic": [None]},
    {"trafficStatuses": "LATEST"},
    {"template": []},
    {"template": {}},
    {"template": {"containers": None}},
    {"template": {"containers": [7]}},
    {"template": {"containers": [{"image": 1}]}},
    {"template": {"containers": [{"image": "i", "env": [{"name": "A", "value": 5}]}]}},
    {"terminalCondition": "fine"},
    {"latestReadyRevision": 7},
    {"updateTime": "yesterday"},
    {"updateTime": "2026-02-04T03:07:00"},
    {"updateTime": "0001-01-01T00:00:00+14:00"},
    {"deleteTime": "2026-02-04T03:07:00Z"},
    {"problems": 3},
    {"problems": ["an older problem"]},
]


@pytest.mark.parametrize("change", ODD, ids=repr)
def test_what_is_odd_is_written_down(change):
    service = v2json.service_of(v2_service(**change))
    assert service.problems
    assert serving_of(service).problems


@pytest.mark.parametrize(
    "name",
    [
        None,
        5,
        "",
        "api",
        "projects/p/locations/r/services/",
        "projects/p/locations/r/services/../x",
        "projects/p/locations/r/jobs/api",
        "projects/p/locations/r/services/api/revisions/x",
        "projects/p/locations/r/services/a\n",
        "projects/p/locations/r/services/" + "a" * 64,
    ],
)
def test_a_service_that_does_not_say_which_one_it_is(name):
    assert v2json.service_of(v2_service() | {"name": name}) is None


def test_fields_from_the_future_are_no_problem():
    assert v2json.service_of(v2_pinned(shiny={"new": True})).problems == ()
