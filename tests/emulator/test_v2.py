"""The v2 REST front door: what a client sees while it creates, changes, lists and deletes."""

import pytest

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"


def short(name):
    return name.rsplit("/", 1)[-1]


def status_of(answer):
    code, body = answer
    return code, body["error"]["status"]


def test_a_new_service_is_pending_then_serves_its_first_revision(served):
    operation = served.ok("POST", f"{served.v2}/services?serviceId=api", {"template": served.template()})
    assert "done" not in operation
    assert "uri" not in operation["metadata"]
    assert operation["metadata"]["terminalCondition"] == {"state": "CONDITION_PENDING"}
    assert operation["metadata"]["reconciling"] is True
    assert "done" not in served.ok("GET", f"/v2/{operation['name']}")
    served.settle()
    ended = served.ok("GET", f"/v2/{operation['name']}")
    assert ended["done"] is True
    assert ended["metadata"] == ended["response"]
    service = served.service()
    assert {"@type": ended["response"]["@type"]} | service == ended["response"]
    assert service["trafficStatuses"] == [{"type": LATEST, "percent": 100}]
    assert service["latestReadyRevision"] == service["latestCreatedRevision"]
    assert short(service["latestReadyRevision"]).startswith("api-00001-")
    assert service["generation"] == service["observedGeneration"] == "1"
    assert "reconciling" not in service
    assert service["uri"] == f"http://127.0.0.1:{served.port}/run/demo-project/us-west2/api"


def test_a_changed_template_makes_a_revision_and_retires_the_old_one(served):
    served.create()
    service = served.patch({"template": served.template("gcr.io/demo-project/api:2")}, "updateMask=template")
    assert short(service["latestReadyRevision"]).startswith("api-00002-")
    newest, oldest = served.revisions()
    assert newest["name"] == service["latestReadyRevision"]
    states = {c["type"]: (c["state"], c.get("revisionReason"), c.get("severity")) for c in oldest["conditions"]}
    assert states["Ready"] == ("CONDITION_SUCCEEDED", "RETIRED", None)
    assert states["Active"] == ("CONDITION_FAILED", "RETIRED", "INFO")
    assert oldest["containers"][0]["image"] == "gcr.io/demo-project/api:1"


@pytest.mark.parametrize(
    ("mask", "body"),
    [
        ("labels", {"labels": {"team": "props"}}),
        ("traffic", {"traffic": [{"type": LATEST, "percent": 100, "tag": "live"}]}),
        ("template", {"template": {"containers": [{"image": "gcr.io/demo-project/api:1"}]}}),
        ("template.containers", {"template": {"containers": [{"image": "gcr.io/demo-project/api:1"}]}}),
    ],
)
def test_what_leaves_the_template_alone_makes_no_revision(served, mask, body):
    before = served.create()
    after = served.patch(body, f"updateMask={mask}")
    assert len(served.revisions()) == 1
    assert after["template"] == before["template"]


def test_fields_outside_the_mask_stay_byte_equal(served):
    before = served.create(labels={"a": "1"}, futureField={"x": [1, {"y": None}]}, annotations={"k": "v"})
    after = served.patch({"labels": {"b": "2"}, "annotations": {"gone": "?"}}, "updateMask=labels")
    assert after["labels"] == {"b": "2"}
    same = ("futureField", "annotations", "template", "traffic", "ingress", "uid", "createTime")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}


def test_masks_are_taken_in_both_spellings_and_nested(served):
    served.create(labels={"a": "1"})
    body = {"template": {"serviceAccount": "x@y", "timeout": "60s"}, "labels": {"b.c/d": "2", "z": "no"}}
    after = served.patch(body, "updateMask=template.service_account,labels.`b.c/d`")
    assert after["template"]["serviceAccount"] == "x@y"
    assert after["template"]["timeout"] == "300s"
    assert after["labels"] == {"a": "1", "b.c/d": "2"}
    after = served.patch({}, "updateMask=labels.a")
    assert after["labels"] == {"b.c/d": "2"}


@pytest.mark.parametrize("mask", ["trafic", "template.containers.image", "template,nothing.here"])
def test_a_mask_that_names_no_field_is_refused(served, mask):
    served.create()
    answer = served.call("PATCH", f"{served.v2}/services/api?updateMask={mask}", {"template": served.template()})
    assert status_of(answer) == (400, "INVALID_ARGUMENT")


def test_what_only_the_server_writes_is_not_taken_even_when_masked(served):
    before = served.create()
    query = "updateMask=uid,createTime,latestReadyRevision,labels"
    after = served.patch({"uid": "mine", "createTime": "2001-01-01T00:00:00Z", "labels": {"a": "1"}}, query)
    same = ("uid", "createTime", "latestReadyRevision")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert after["labels"] == {"a": "1"}


def test_without_a_mask_everything_writable_is_replaced(served):
    before = served.create(labels={"a": "1"})
    after = served.patch({"template": served.template(), "uid": "mine", "uri": "http://elsewhere"})
    assert "labels" not in after
    assert (after["uid"], after["uri"]) == (before["uid"], before["uri"])
    assert after["ingress"] == "INGRESS_TRAFFIC_ALL"


def test_another_etag_is_a_conflict(served):
    service = served.create()
    stale = {"etag": '"older"', "labels": {"a": "1"}}
    assert status_of(served.call("PATCH", f"{served.v2}/services/api?updateMask=labels", stale)) == (409, "ABORTED")
    served.patch({"etag": service["etag"], "labels": {"a": "1"}}, "updateMask=labels")
    answer = served.call("DELETE", f"{served.v2}/services/api?etag=%22older%22")
    assert status_of(answer) == (409, "ABORTED")


def test_the_etag_of_a_write_holds_until_the_next_write(served):
    served.create()
    written = served.ok("PATCH", f"{served.v2}/services/api?updateMask=labels", {"labels": {"a": "1"}})
    served.settle()
    assert served.service()["etag"] == written["metadata"]["etag"]


def test_an_old_revision_name_with_another_template_is_a_conflict(served):
    served.create(template=served.template(revision="api-one"))
    echoed = served.template("gcr.io/demo-project/api:2", revision="api-one")
    code, body = served.call(
        "PATCH", f"{served.v2}/services/api?updateMask=template", echoed_body := {"template": echoed}
    )
    assert (code, body["error"]["message"]) == (
        409,
        "Revision named 'api-one' with different configuration already exists.",
    )
    containers = {"template": {"containers": echoed["containers"]}}
    assert served.call("PATCH", f"{served.v2}/services/api?updateMask=template.containers", containers)[0] == 409
    echoed_body["template"]["revision"] = "api-two"
    after = served.patch(echoed_body, "updateMask=template.containers,template.revision")
    assert short(after["latestReadyRevision"]) == "api-two"


def test_deleting_takes_the_service_and_its_revisions(served):
    service = served.create()
    operation = served.ok("DELETE", f"{served.v2}/services/api")
    assert operation["metadata"]["generation"] == "2"
    assert {"deleteTime", "expireTime", "reconciling"} <= set(operation["metadata"])
    assert served.service()["deleteTime"]
    served.settle()
    assert served.ok("GET", f"/v2/{operation['name']}")["response"]["observedGeneration"] == "2"
    assert status_of(served.call("GET", f"{served.v2}/services/api")) == (404, "NOT_FOUND")
    assert status_of(served.call("GET", f"/v2/{service['latestReadyRevision']}")) == (404, "NOT_FOUND")


def test_a_revision_that_serves_cannot_be_deleted(served):
    first = served.create()["latestReadyRevision"]
    assert status_of(served.call("DELETE", f"/v2/{first}")) == (400, "FAILED_PRECONDITION")
    served.patch({"template": served.template("gcr.io/demo-project/api:2")}, "updateMask=template")
    served.ok("DELETE", f"/v2/{first}")
    served.settle()
    assert [r["name"] for r in served.revisions()] == [served.service()["latestReadyRevision"]]
    newest = served.patch({"template": served.template("gcr.io/demo-project/api:3")}, "updateMask=template")
    assert short(newest["latestReadyRevision"]).startswith("api-00003-")


def test_creating_twice_is_refused_and_patching_may_create(served):
    served.create()
    answer = served.call("POST", f"{served.v2}/services?serviceId=api", {"template": served.template()})
    assert status_of(answer) == (409, "ALREADY_EXISTS")
    assert served.call("PATCH", f"{served.v2}/services/new", {"template": served.template()})[0] == 404
    served.patch({"template": served.template()}, "allowMissing=true", "new")


def test_validate_only_changes_nothing(served):
    before = served.create()
    body = {"template": served.template("gcr.io/demo-project/api:2")}
    operation = served.ok("PATCH", f"{served.v2}/services/api?updateMask=template&validateOnly=true", body)
    assert operation["response"]["generation"] == "2"
    served.ok("DELETE", f"{served.v2}/services/api?validateOnly=true")
    served.settle()
    assert served.service() == before


@pytest.mark.parametrize("name", ["", "Api", "1api", "api-", "a" * 50, "a_b", "a.b"])
def test_names_that_cloud_run_refuses(served, name):
    answer = served.call("POST", f"{served.v2}/services?serviceId={name}", {"template": served.template()})
    assert status_of(answer) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("name", ["other-one", "api-", "api-Big", "api-" + "x" * 60])
def test_revision_names_that_cloud_run_refuses(served, name):
    served.create()
    answer = served.call("PATCH", f"{served.v2}/services/api", {"template": served.template("x/y", revision=name)})
    assert status_of(answer) == (400, "INVALID_ARGUMENT")


def test_lists_are_paged_and_foreign_tokens_refused(served):
    for name in ("a1", "a2", "a3"):
        served.create(name)
    first = served.ok("GET", f"{served.v2}/services?pageSize=2")
    assert [short(s["name"]) for s in first["services"]] == ["a1", "a2"]
    token = first["nextPageToken"]
    second = served.ok("GET", f"{served.v2}/services?pageSize=2&pageToken={token}")
    assert [short(s["name"]) for s in second["services"]] == ["a3"]
    assert "nextPageToken" not in second
    for bad in ("nonsense", "%20", token[:-3]):
        answer = served.call("GET", f"{served.v2}/services/-/revisions?pageToken={bad}")
        assert status_of(answer) == (400, "INVALID_ARGUMENT")
    assert status_of(served.call("GET", f"{served.v2}/services?pageSize=x")) == (400, "INVALID_ARGUMENT")


def test_revisions_of_all_services_are_listed_with_a_dash(served):
    served.create("a1")
    served.create("a2")
    assert {r["service"] for r in served.revisions("-")} == {"a1", "a2"}


def test_all_regions_at_once_are_refused(served):
    answer = served.call("GET", "/v2/projects/demo-project/locations/-/services")
    assert status_of(answer) == (403, "PERMISSION_DENIED")
    assert served.ok("GET", "/v2/projects/demo-project/locations/europe-west1/services") == {}


def test_jobs_live_and_die_and_are_not_executed(served):
    job = {"template": {"template": {"containers": [{"image": "x/y"}]}, "taskCount": 1}}
    served.ok("POST", f"{served.v2}/jobs?jobId=nightly", job)
    served.settle()
    stored = served.ok("GET", f"{served.v2}/jobs/nightly")
    assert stored["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    assert served.ok("GET", f"{served.v2}/jobs")["jobs"] == [stored]
    served.ok("PATCH", f"{served.v2}/jobs/nightly?updateMask=labels", {"labels": {"a": "1"}})
    assert served.call("POST", f"{served.v2}/jobs/nightly:run", {})[0] == 501
    served.ok("DELETE", f"{served.v2}/jobs/nightly")
    served.settle()
    assert served.call("GET", f"{served.v2}/jobs/nightly")[0] == 404


@pytest.mark.parametrize("raw", ["[1]", "{", '"x"', "[" * 100_000])
def test_bodies_that_are_no_object_are_refused(served, raw):
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request("POST", f"{served.v2}/services?serviceId=api", raw)
    assert connection.getresponse().status == 400
    connection.close()


def test_enums_come_as_integers_when_asked_for_and_are_taken_as_such(served):
    served.create(traffic=[{"type": 1, "percent": 100}], labels={"type": "1", "state": "CONDITION_FAILED"})
    assert served.service()["traffic"] == [{"type": LATEST, "percent": 100}]
    numbers = served.ok("GET", f"{served.v2}/services/api?%24alt=json%3Benum-encoding%3Dint")
    assert (numbers["traffic"][0]["type"], numbers["ingress"], numbers["terminalCondition"]["state"]) == (1, 1, 4)
    assert numbers["labels"] == {"type": "1", "state": "CONDITION_FAILED"}


def test_two_changes_in_a_row_end_in_the_newest(served):
    served.create()
    first = served.ok("PATCH", f"{served.v2}/services/api?updateMask=template", {"template": served.template("x/y:2")})
    second = served.ok("PATCH", f"{served.v2}/services/api?updateMask=template", {"template": served.template("x/y:3")})
    served.settle()
    after = served.service()
    assert after["observedGeneration"] == after["generation"] == "3"
    assert after["latestReadyRevision"] == served.revisions()[0]["name"]
    assert all(served.ok("GET", f"/v2/{op['name']}")["done"] for op in (first, second))
