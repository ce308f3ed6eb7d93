"""What gcloud prints, in the same words. Shapes are those that were seen in the wild, in small."""

import pytest

from deploytool.adapters.fleet import knative
from deploytool.domain.model import ConditionState, Place, Service
from deploytool.domain.provenance import candidates_of
from deploytool.domain.report import ServingState, Source
from deploytool.domain.traffic import serving_of
from tests.adapters.shapes import SHA, R, v1_service


def read(**changes) -> Service:
    return knative.service_of(v1_service(**changes))


def ready(status, reason=""):
    return [{"type": "Ready", "status": status, "reason": reason}]


def test_a_healthy_service():
    service = read()
    assert service.place == Place("000000000000", R, "api")
    assert service.problems == ()
    serving = serving_of(service)
    assert (serving.state, serving.problems) == (ServingState.LATEST, ())
    assert serving.shares[0].template_says


def test_a_rollout_whose_latest_row_still_names_the_old_revision():
    rows = [{"revisionName": "api-00006-old", "percent": 100, "latestRevision": True}]
    service = read(status={"conditions": ready("Unknown", "AssigningTraffic"), "traffic": rows})
    serving = serving_of(service)
    assert serving.state is ServingState.RECONCILING
    assert serving.shares[0].revision is None


def test_a_first_revision_that_failed():
    raw = v1_service(status={"conditions": ready("False", "HealthCheckContainerError")})
    for gone in ("latestReadyRevisionName", "traffic", "url"):
        del raw["status"][gone]
    service = knative.service_of(raw)
    serving = serving_of(service)
    assert (serving.state, serving.shares, serving.problems) == (ServingState.NONE, (), ())
    assert "HealthCheckContainerError" in serving.reason


def test_an_update_that_failed_leaves_the_old_one_serving():
    rows = [{"revisionName": "api-00006-old", "percent": 100, "latestRevision": True}]
    status = {"conditions": ready("False"), "traffic": rows, "latestReadyRevisionName": "api-00006-old"}
    serving = serving_of(read(status=status))
    assert serving.state is ServingState.NEWEST_NOT_READY
    assert [share.revision for share in serving.shares] == ["api-00006-old"]


def test_pinned_with_a_tag_row_first():
    rows = [
        {"revisionName": "api-00005-pr", "tag": "pr-1", "url": "https://pr-1---api"},
        {"revisionName": "api-00006-old", "percent": 100, "latestRevision": False},
    ]
    serving = serving_of(read(traffic=rows))
    assert serving.state is ServingState.NEWEST_NOT_SERVING
    assert [(share.revision, share.percent, share.tags) for share in serving.shares] == [("api-00006-old", 100, ())]


def test_a_generation_that_was_not_seen_yet():
    assert serving_of(read(generation=8)).state is ServingState.RECONCILING


def test_what_is_being_deleted_is_a_problem():
    assert read(deletionTimestamp="2026-02-04T03:07:00Z").problems == ("it is being deleted",)


def test_an_excerpt_without_a_status_is_not_healthy():
    raw = v1_service()
    del raw["status"]
    assert serving_of(knative.service_of(raw)).problems


def test_the_commit_of_a_console_edit_is_inherited():
    service = read()
    found = candidates_of(service, service.template, True)
    assert [(candidate.source, candidate.value) for candidate in found] == [
        (Source.REVISION_LABEL, SHA),
        (Source.IMAGE_TAG, SHA),
        (Source.IMAGE_TAG, SHA),
        (Source.SERVICE_LABEL, SHA),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"namespace": 5},
        {"labels": {}},
        {"labels": None},
        {"labels": {"cloud.googleapis.com/location": "../x"}},
        {"name": None},
        {"name": "UPPER"},
    ],
)
def test_a_service_that_does_not_say_where_it_is(change):
    assert knative.service_of(v1_service() | {"metadata": v1_service()["metadata"] | change}) is None


@pytest.mark.parametrize("status", ["Perhaps", None, 1, [], {}])
def test_a_condition_from_the_future(status):
    service = read(status={"conditions": ready(status)})
    assert service.ready is ConditionState.UNKNOWN
    assert service.problems


@pytest.mark.parametrize("flag", ["true", 1, None, []])
def test_a_row_that_does_not_say_whether_it_is_latest(flag):
    serving = serving_of(read(traffic=[{"latestRevision": flag, "percent": 100}]))
    assert serving.problems
    assert serving.state is not ServingState.LATEST


def test_a_job():
    raw = {
        "apiVersion": "run.googleapis.com/v1",
        "kind": "Job",
        "metadata": v1_service("nightly")["metadata"],
        "spec": {
            "template": {
                "metadata": {"labels": {"commit-sha": SHA}},
                "spec": {"taskCount": 1, "template": {"spec": {"containers": [{"image": "gcr.io/p/nightly"}]}}},
            }
        },
    }
    job = knative.job_of(raw)
    assert (job.template.image, job.template.labels["commit-sha"], job.problems) == ("gcr.io/p/nightly", SHA, ())
    assert serving_of(job).state is ServingState.LATEST


def test_a_revision_with_the_digest_it_was_resolved_to():
    raw = {
        "kind": "Revision",
        "metadata": {
            "name": "api-00006-old",
            "namespace": "000000000000",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"cloud.googleapis.com/location": R, "serving.knative.dev/service": "api", "commit-sha": SHA},
        },
        "spec": {"containers": [{"image": "gcr.io/p/api:1"}]},
        "status": {"imageDigest": "gcr.io/p/api@sha256:" + "7" * 64, "conditions": ready("True")},
    }
    place, revision, problems = knative.revision_of(raw)
    assert (place.name, revision.ready, problems) == ("api", ConditionState.SUCCEEDED, ())
    assert revision.image == "gcr.io/p/api:1@sha256:" + "7" * 64
    assert revision.digest == "sha256:" + "7" * 64
    del raw["metadata"]["labels"]["serving.knative.dev/service"]
    assert knative.revision_of(raw) is None
