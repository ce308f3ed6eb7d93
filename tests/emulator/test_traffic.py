"""What is asked for, what is effective, and what a failed revision may not take."""

import pytest

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"


def short(name):
    return name.rsplit("/", 1)[-1]


def pinned(revision, percent=100, **more):
    return {"type": REVISION, "revision": revision, "percent": percent} | more


def status_of(answer):
    code, body = answer
    return code, body["error"]["status"]


def test_after_pinning_a_new_revision_gets_no_traffic(served):
    first = short(served.create()["latestReadyRevision"])
    served.patch({"traffic": [pinned(first)]}, "updateMask=traffic")
    body = {"template": served.template("gcr.io/demo-project/api:2")}
    after = served.patch(body, "updateMask=template")
    assert after["trafficStatuses"] == [{"type": REVISION, "revision": first, "percent": 100}]
    newest = served.revisions()[0]
    assert newest["name"] == after["latestReadyRevision"]
    assert newest["conditions"][0]["revisionReason"] == "RETIRED"


def test_a_revision_can_be_created_without_traffic_under_a_tag(served):
    first = short(served.create()["latestReadyRevision"])
    after = served.patch(
        {
            "template": served.template("gcr.io/demo-project/api:2", revision="api-next"),
            "traffic": [pinned(first), {"type": REVISION, "revision": "api-next", "tag": "candidate"}],
        },
        "updateMask=template.containers,template.revision,traffic",
    )
    assert after["trafficStatuses"][1] == {
        "type": REVISION,
        "revision": "api-next",
        "tag": "candidate",
        "uri": f"http://127.0.0.1:{served.port}/run/demo-project/us-west2/candidate---api",
    }
    assert "uri" not in after["traffic"][1]


@pytest.mark.parametrize(
    "rows",
    [
        [{"type": LATEST, "percent": 99}],
        [{"type": LATEST, "percent": 101}],
        [{"type": LATEST, "percent": 100}, {"type": LATEST, "percent": -1}],
        [pinned("api-00009-abc")],
        [pinned("other-service-00001-abc")],
        [{"type": REVISION, "percent": 100}],
        [{"type": "NEWEST", "percent": 100}],
        [{"type": LATEST, "percent": 100, "tag": "Bad_Tag"}],
        [{"type": LATEST, "percent": 100, "tag": "a"}, {"type": LATEST, "percent": 0, "tag": "a"}],
        {"type": LATEST},
    ],
)
def test_traffic_that_cannot_be_is_refused(served, rows):
    before = served.create()
    answer = served.call("PATCH", f"{served.v2}/services/api?updateMask=traffic", {"traffic": rows})
    assert status_of(answer) == (400, "INVALID_ARGUMENT")
    assert served.service() == before


def test_no_traffic_at_all_means_the_latest_revision(served):
    first = short(served.create()["latestReadyRevision"])
    served.patch({"traffic": [pinned(first)]}, "updateMask=traffic")
    after = served.patch({}, "updateMask=traffic")
    assert after["trafficStatuses"] == [{"type": LATEST, "percent": 100}]


@pytest.mark.parametrize(
    "ask",
    [
        {"annotations": {"emulator.deploytool.dev/fail": "HealthCheckContainerError"}},
        {"containers": [{"image": "x/y", "env": [{"name": "EMULATOR_FAIL", "value": "HealthCheckContainerError"}]}]},
        {"containers": [{"image": "gcr.io/demo-project/emulator-fail"}]},
    ],
)
def test_a_revision_that_asks_to_fail_leaves_traffic_on_the_old_one(served, ask):
    first = served.create()
    operation = served.ok(
        "PATCH",
        f"{served.v2}/services/api?updateMask=template",
        {"template": served.template("gcr.io/demo-project/api:2") | ask},
    )
    served.settle()
    after = served.service()
    assert after["latestReadyRevision"] == first["latestReadyRevision"] != after["latestCreatedRevision"]
    assert after["trafficStatuses"] == [{"type": LATEST, "percent": 100}]
    assert after["terminalCondition"]["state"] == "CONDITION_FAILED"
    assert (after["observedGeneration"], after["generation"], after.get("reconciling")) == ("1", "2", None)
    ready = served.revisions()[0]["conditions"][0]
    assert (ready["state"], ready["revisionReason"]) == ("CONDITION_FAILED", "HEALTH_CHECK_CONTAINER_ERROR")
    ended = served.ok("GET", f"/v2/{operation['name']}")
    assert ended["error"]["code"] == 9
    assert "response" not in ended


def test_traffic_to_a_failed_revision_is_asked_for_and_not_effective(served):
    served.create()
    served.patch({"template": served.template("x/emulator-fail", revision="api-bad")}, "updateMask=template")
    after = served.patch({"traffic": [pinned("api-bad")]}, "updateMask=traffic")
    assert after["traffic"] == [pinned("api-bad")]
    assert after["trafficStatuses"] == [{"type": LATEST, "percent": 100}]
    assert (after["observedGeneration"], after["generation"]) == ("1", "3")
    routes = next(c for c in after["conditions"] if c["type"] == "RoutesReady")
    assert routes["state"] == "CONDITION_FAILED"


def test_what_is_carried_out_after_a_failure_is_observed_again(served):
    served.create()
    served.patch({"template": served.template("x/emulator-fail")}, "updateMask=template")
    failed = served.patch({"labels": {"team": "shop"}}, "updateMask=labels")
    assert (failed["observedGeneration"], failed["generation"], failed.get("reconciling")) == ("1", "3", None)
    _, v1 = served.call("GET", "/apis/serving.knative.dev/v1/namespaces/demo-project/services/api")
    assert v1["status"]["observedGeneration"] == v1["metadata"]["generation"] == 3, "in v1 it was looked at"
    good = served.patch({"template": served.template("x/y:2")}, "updateMask=template")
    assert good["observedGeneration"] == good["generation"] == "4"


def test_a_first_revision_that_fails_serves_nothing(served):
    service = served.create(template=served.template("x/emulator-fail"))
    assert not {"latestReadyRevision", "trafficStatuses", "uri", "observedGeneration"} & set(service)
    assert service["terminalCondition"]["state"] == "CONDITION_FAILED"


def test_an_operation_that_never_ends_keeps_the_service_reconciling(served):
    served.create()
    body = {"template": served.template("x/emulator-fail:Never")}
    operation = served.ok("PATCH", f"{served.v2}/services/api?updateMask=template", body)
    served.clock.now += 3600
    assert "done" not in served.ok("GET", f"/v2/{operation['name']}")
    assert served.service()["reconciling"] is True
