"""Every kind of fault, seen from outside: what a client meets, and what the world became meanwhile."""

import http.client
import json
import time

import pytest

from deploytool.emulator import client
from deploytool.emulator.errors import ApiError, EmulatorError
from deploytool.emulator.faults import KINDS, Planned, fault_of

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
SERVICE = "/v2/*/services/*"
LOST = (http.client.RemoteDisconnected, ConnectionResetError)


@pytest.fixture
def plan(served):
    """Adds a fault to the served world: `plan("PATCH", "drop", times=2)`."""
    address = client.Address("127.0.0.1", served.port, served.token)

    def add(method, do, path=SERVICE, **more):
        client.add_fault(address, {"method": method, "path": path, "do": do} | more)

    add.address = address
    return add


def next_template(served, **more):
    return {"template": served.template("gcr.io/demo-project/api:2", **more)}


def patch(served, body, query="updateMask=template"):
    """One PATCH, not settled; answers status and value."""
    return served.call("PATCH", f"{served.v2}/services/api?{query}", body)


def ready_state(served):
    return served.revisions()[0]["conditions"][0]["state"]


def short(name):
    return name.rsplit("/", 1)[-1]


# on the wire


@pytest.mark.parametrize("code", [401, 403, 404, 409, 429, 500, 502, 503, 504])
def test_a_status_is_answered_and_nothing_acted(served, plan, code):
    before = served.create()
    plan("PATCH", "status", code=code)
    status, body = patch(served, next_template(served))
    assert (status, body["error"]["code"]) == (code, code)
    assert served.service() == before
    assert patch(served, next_template(served))[0] == 200


def test_a_status_reaches_a_client_that_sends_much(served, plan):
    plan("POST", "status", path="/upload/*")
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)
    connection.request("POST", "/upload/storage/v1/b/bucket/o?uploadType=media&name=o", b"x" * 20_000_000)
    assert connection.getresponse().status == 503
    connection.close()
    assert served.call("GET", "/storage/v1/b/bucket")[0] == 404


def test_retry_after_is_a_header(served, plan):
    plan("GET", "status", path="/v2/*", code=429, retry_after=7)
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)
    connection.request("GET", f"{served.v2}/services")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("retry-after")) == (429, "7")
    connection.close()


def test_after_and_times_count_matching_requests_only(served, plan):
    served.create()
    plan("GET", "status", after=1, times=2)
    statuses = []
    for _ in range(4):
        statuses.append(served.call("GET", f"{served.v2}/services/api")[0])
        assert served.call("GET", f"{served.v2}/services")[0] == 200
    assert statuses == [200, 503, 503, 200]
    assert client.faults(plan.address)[0] | {"seen": 4, "hits": 2} == client.faults(plan.address)[0]


def test_zero_times_is_for_ever_until_cleared(served, plan):
    plan("*", "status", path="*", times=0)
    assert [served.call("GET", f"{served.v2}/services")[0] for _ in range(5)] == [503] * 5
    client.clear_faults(plan.address)
    assert served.call("GET", f"{served.v2}/services")[0] == 200
    assert client.faults(plan.address) == []


def test_a_query_can_be_named(served, plan):
    served.create()
    plan("PATCH", "status", query="*updateMask=*traffic*", times=0)
    assert patch(served, next_template(served))[0] == 200
    assert patch(served, {"traffic": []}, "updateMask=traffic")[0] == 503


def test_one_behind_another_waits_for_its_turn(served, plan):
    served.create()
    plan("PATCH", "status", code=429)
    plan("PATCH", "status", code=500)
    assert [patch(served, next_template(served))[0] for _ in range(3)] == [429, 500, 200]


def test_a_delay_lets_time_pass(served, plan):
    served.create()
    plan("GET", "delay", seconds=0.2)
    began = time.monotonic()
    served.service()
    assert time.monotonic() - began >= 0.2


def test_a_malformed_answer_is_no_json(served, plan):
    served.create()
    plan("GET", "malformed")
    with pytest.raises(json.JSONDecodeError):
        served.service()
    plan("GET", "malformed", how="truncated")
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        served.service()
    assert served.service()["name"].endswith("/api")


def test_a_dropped_request_did_nothing(served, plan):
    before = served.create()
    plan("PATCH", "drop")
    with pytest.raises(LOST):
        patch(served, next_template(served))
    assert served.service() == before


def test_a_lost_reply_comes_after_the_deed(served, plan):
    served.create()
    plan("PATCH", "lose-reply")
    with pytest.raises(LOST):
        patch(served, next_template(served))
    assert served.service()["generation"] == "2"


def test_a_lost_reply_may_look_like_a_refusal(served, plan):
    served.create()
    plan("PATCH", "lose-reply-status")
    assert patch(served, next_template(served))[0] == 503
    assert served.service()["generation"] == "2"


def test_an_enum_may_be_of_a_later_version(served, plan):
    before = served.create()
    plan("GET", "unknown-enum", times=2)
    assert served.service()["terminalCondition"]["state"] == "CONDITION_OF_A_LATER_VERSION"
    numbers = served.ok("GET", f"{served.v2}/services/api?$alt=json;enum-encoding=int")
    assert numbers["terminalCondition"]["state"] == 99
    plan("GET", "unknown-enum", field="type")
    told = served.service()
    assert told["trafficStatuses"][0]["type"].endswith("_OF_A_LATER_VERSION")
    assert told["terminalCondition"] == before["terminalCondition"]


# in the world


def operation_of(served, plan, do, body=None, query="updateMask=template", **more):
    """The operation of a PATCH hit by a fault, as it is told when everything has settled."""
    plan("PATCH", do, **more)
    status, operation = patch(served, body or next_template(served), query)
    assert status == 200
    served.settle()
    return served.call("GET", f"/v2/{operation['name']}")


def test_an_operation_may_never_end_though_the_world_settles(served, plan):
    served.create()
    status, operation = operation_of(served, plan, "operation-never-ends")
    served.clock.now += 3600
    assert (status, operation.get("done")) == (200, None)
    assert served.service()["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    assert short(served.service()["latestReadyRevision"]).startswith("api-00002-")


def test_an_operation_may_fail_though_the_world_settled(served, plan):
    served.create()
    _, operation = operation_of(served, plan, "operation-fails")
    assert (operation["done"], operation["error"]["code"]) == (True, 13)
    assert "response" not in operation
    assert short(served.service()["latestReadyRevision"]).startswith("api-00002-")


def test_an_operation_may_get_lost(served, plan):
    served.create()
    assert operation_of(served, plan, "operation-lost")[0] == 404
    assert served.service()["generation"] == served.service()["observedGeneration"] == "2"


def test_a_revision_may_never_become_ready(served, plan):
    first = served.create()
    _, operation = operation_of(served, plan, "never-ready")
    after = served.service()
    assert operation["error"]["code"] == 9
    assert after["latestReadyRevision"] == first["latestReadyRevision"] != after["latestCreatedRevision"]
    ready = served.revisions()[0]["conditions"][0]
    assert (ready["state"], ready["revisionReason"]) == ("CONDITION_FAILED", "HEALTH_CHECK_CONTAINER_ERROR")
    assert "annotations" not in after["template"]
    served.patch({"labels": {"a": "b"}}, "updateMask=labels")
    assert served.service()["latestReadyRevision"] == first["latestReadyRevision"]


def test_a_revision_may_never_settle(served, plan):
    served.create()
    _, operation = operation_of(served, plan, "never-settles")
    served.clock.now += 3600
    assert "done" not in operation
    assert served.service()["reconciling"] is True
    assert served.revisions()[0]["reconciling"] is True


def test_a_ready_revision_may_fail_after_a_while(served, plan):
    served.create()
    _, operation = operation_of(served, plan, "flapping", seconds=30)
    assert "response" in operation
    assert ready_state(served) == "CONDITION_SUCCEEDED"
    served.clock.now += 31
    assert ready_state(served) == "CONDITION_FAILED"


def test_a_revision_may_die_after_a_while(served, plan):
    served.create()
    operation_of(served, plan, "dies-later", seconds=30)
    before = served.call("GET", "/run/demo-project/us-west2/api/")[1]["error"]["message"]
    served.clock.now += 31
    status, body = served.call("GET", "/run/demo-project/us-west2/api/")
    assert "has died" not in before
    assert (status, "has died" in body["error"]["message"]) == (503, True)


def two_revisions(served):
    """A service with a second, unserved revision; answers both short names."""
    first = short(served.create()["latestReadyRevision"])
    pinned = [{"type": REVISION, "revision": first, "percent": 100}]
    served.patch({"traffic": pinned}, "updateMask=traffic")
    served.patch(next_template(served, revision="api-next"), "updateMask=template")
    return first, "api-next"


def shift(revision):
    return {"traffic": [{"type": REVISION, "revision": revision, "percent": 100}]}


def test_traffic_may_be_accepted_and_never_effective(served, plan):
    first, second = two_revisions(served)
    _, operation = operation_of(served, plan, "traffic-not-effective", shift(second), "updateMask=traffic")
    served.clock.now += 3600
    after = served.service()
    assert "response" in operation
    assert after["traffic"][0]["revision"] == second
    assert after["trafficStatuses"] == [{"type": REVISION, "revision": first, "percent": 100}]
    assert served.patch(shift(first), "updateMask=traffic")["trafficStatuses"][0]["revision"] == first


def test_traffic_of_a_new_revision_may_stay_where_it_was(served, plan):
    first = short(served.create()["latestReadyRevision"])
    operation_of(served, plan, "traffic-not-effective")
    after = served.service()
    assert short(after["latestReadyRevision"]) != first
    assert after["traffic"] == [{"type": LATEST, "percent": 100}]
    assert after["trafficStatuses"] == [{"type": REVISION, "revision": first, "percent": 100}]


def test_traffic_may_be_late(served, plan):
    first, second = two_revisions(served)
    operation_of(served, plan, "traffic-late", shift(second), "updateMask=traffic", seconds=30)
    assert served.service()["trafficStatuses"][0]["revision"] == first
    served.clock.now += 31
    assert served.service()["trafficStatuses"][0]["revision"] == second


def test_late_traffic_does_not_carry_a_newer_change(served, plan):
    first, second = two_revisions(served)
    operation_of(served, plan, "traffic-late", shift(second), "updateMask=traffic", seconds=30)
    halves = [{"type": REVISION, "revision": name, "percent": 50} for name in (first, second)]
    operation_of(served, plan, "traffic-not-effective", {"traffic": halves}, "updateMask=traffic")
    served.clock.now += 31
    assert served.service()["trafficStatuses"] == [{"type": REVISION, "revision": first, "percent": 100}]


def test_late_traffic_does_not_undo_a_newer_change(served, plan):
    first, second = two_revisions(served)
    operation_of(served, plan, "traffic-late", shift(second), "updateMask=traffic", seconds=30)
    served.patch(shift(first), "updateMask=traffic")
    served.clock.now += 31
    assert served.service()["trafficStatuses"][0]["revision"] == first


def test_a_reader_may_be_told_old_news(served, plan):
    first = served.create()
    second = served.patch({"labels": {"a": "1"}}, "updateMask=labels")
    third = served.patch({"labels": {"a": "2"}}, "updateMask=labels")
    plan("GET", "stale-read")
    plan("GET", "stale-read", changes=2, after=1)
    assert [served.service() for _ in range(3)] == [second, first, third]
    plan("GET", "stale-read", path="/v2/*/services")
    assert served.ok("GET", f"{served.v2}/services")["services"] == [second]
    plan("*", "stale-read")
    assert served.patch({"labels": {"a": "3"}}, "updateMask=labels") == third  # the GET was hit, not the PATCH
    assert [served.service()["generation"] for _ in range(2)] == ["4", "4"]
    assert client.faults(plan.address)[-1]["hits"] == 1


def test_a_restart_does_not_end_what_a_fault_did(serve, tmp_path):
    one = serve(tmp_path)
    one.create()
    address = client.Address("127.0.0.1", one.port, one.token)
    client.add_fault(address, {"method": "PATCH", "path": SERVICE, "do": "operation-lost"})
    _, operation = patch(one, next_template(one))
    one.house.stop()
    two = serve(tmp_path)
    two.settle()
    assert two.call("GET", f"/v2/{operation['name']}")[0] == 404
    assert client.faults(client.Address("127.0.0.1", two.port, two.token)) == []


# the plan


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"do": "explode"}, "do"),
        ({"do": "drop", "seconds": 1}, "seconds"),
        ({"do": "status", "code": 418}, "code"),
        ({"do": "status", "code": True}, "code"),
        ({"do": "delay", "seconds": -1}, "seconds"),
        ({"do": "drop", "times": "2"}, "times"),
        ({"do": "drop", "path": "v2"}, "path"),
        ({"do": "drop", "method": "patch"}, "method"),
        ({"do": "drop", "query": 1}, "query"),
        ({"do": "malformed", "how": "odd"}, "how"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_whole(served, plan, wrong, field):
    with pytest.raises(ApiError) as refused:
        fault_of({"path": "/v2/*"} | wrong)
    assert refused.value.details[0]["fieldViolations"][0]["field"] == field
    with pytest.raises(EmulatorError):
        client.add_fault(plan.address, {"path": "/v2/*", "do": "drop"}, {"path": "/v2/*"} | wrong)
    assert client.faults(plan.address) == []


@pytest.mark.parametrize("do", list(KINDS))
def test_a_fault_can_be_read_again(do):
    fault = fault_of({"method": "GET", "path": "/v2/*", "do": do, "query": "*x*", "times": 3, "after": 2})
    assert fault_of(fault.body()) == fault
    assert Planned(fault).body() == fault.body() | {"seen": 0, "hits": 0}


def test_a_star_spans_slashes_and_nothing_else_is_special():
    fault = fault_of({"path": "/v2/*/services/a?i[1]", "do": "drop"})
    assert fault.matches("GET", "/v2/projects/p/locations/r/services/a?i[1]", "")
    assert not fault.matches("GET", "/v2/projects/p/locations/r/services/api1", "")
    assert not fault.matches("GET", "/v2/projects/p/locations/r/services/a?i[1]/revisions", "")


def test_the_plan_needs_the_token(served):
    for method, path in (("GET", "faults"), ("POST", "faults"), ("DELETE", "faults"), ("GET", "requests")):
        assert served.call(method, f"/emulator/{path}")[0] == 403


# the journal


def test_requests_are_kept_as_the_client_saw_them(served, plan):
    service = served.create()
    client.clear_requests(plan.address)
    body = next_template(served) | {"etag": service["etag"]}
    plan("PATCH", "lose-reply")
    with pytest.raises(LOST):
        patch(served, body)
    patch(served, {"labels": {}}, "updateMask=labels&validateOnly=true&etag=x")
    served.call("GET", f"{served.v2}/services?pageSize=1")
    served.call("GET", "/run/demo-project/us-west2/api/")
    first, second, third = client.requests(plan.address)
    name = f"{served.v2}/services/api"
    assert first | {"number": 1, "method": "PATCH", "path": name, "status": None, "mutating": True} == first
    assert (first["updateMask"], first["etag"]) == ("template", service["etag"])
    assert (first["body"], first["faults"]) == (["etag", "template"], ["lose-reply"])
    assert (second["status"], second["mutating"], second["etag"]) == (409, False, "x")
    assert third == {
        "number": 3,
        "at": "2026-02-02T02:40:01.000000Z",
        "method": "GET",
        "path": f"{served.v2}/services",
        "query": "pageSize=1",
        "status": 200,
        "mutating": False,
    }


def test_no_value_of_a_body_is_kept(served, plan):
    served.create()
    patch(served, {"template": {"containers": [{"image": "x", "env": [{"name": "A", "value": "s3cret"}]}]}})
    assert "s3cret" not in json.dumps(client.requests(plan.address))


def test_answers_carry_the_time_of_this_world(served):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)
    connection.request("GET", f"{served.v2}/services")
    assert connection.getresponse().headers.get_all("date") == ["Mon, 02 Feb 2026 02:40:00 GMT"]
    connection.close()
