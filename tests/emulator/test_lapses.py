"""Faults of the world upon revisions whose programs are really started: the fault has the last word."""

import json
import time

import pytest

from deploytool.emulator import client

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
SERVICE = "/v2/*/services/*"
RUN = "/run/demo-project/us-west2/api/"
PROGRAM = """
import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        raw = json.dumps(os.environ["K_REVISION"]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""


def image(state):
    folder = state / "images" / ("a" * 64)
    (folder / "rootfs/app").mkdir(parents=True, exist_ok=True)
    (folder / "rootfs/app/main.py").write_text(PROGRAM)
    (folder / "config.json").write_text(json.dumps({"cmd": ["python", "main.py"], "workdir": "/app"}))
    return f"us-docker.pkg.dev/demo-project/repo/api@sha256:{'a' * 64}"


def address(served):
    return client.Address("127.0.0.1", served.port, served.token)


def plan(served, do, **more):
    client.add_fault(address(served), {"method": "PATCH", "path": SERVICE, "do": do} | more)


def template(served, revision):
    return {"template": served.template(image(served.state), revision=revision)}


def deploy(served, revision="api-two"):
    """The operation of a deployment, settled, as it is told then."""
    started = served.ok("PATCH", f"{served.v2}/services/api?updateMask=template", template(served, revision))
    served.settle()
    return served.call("GET", f"/v2/{started['name']}")[1]


def running(served):
    return {name.rsplit("/", 1)[-1] for name in served.house.programs.names()}


def ready(served, revision):
    conditions = served.ok("GET", f"{served.v2}/services/api/revisions/{revision}")["conditions"]
    return next(c for c in conditions if c["type"] == "Ready")


@pytest.fixture
def live(served):
    """A service whose revision api-one answers."""
    served.create(**template(served, "api-one"))
    assert served.ok("GET", RUN) == "api-one"
    return served


def test_a_program_that_would_start_is_not_ready_when_a_fault_says_so(live):
    plan(live, "never-ready")
    operation = deploy(live)
    assert operation["error"]["code"] == 9
    assert ready(live, "api-two")["revisionReason"] == "HEALTH_CHECK_CONTAINER_ERROR"
    assert "api-two" not in running(live)
    assert live.ok("GET", RUN) == "api-one"


def test_a_program_that_would_start_never_settles_not_even_after_a_restart(serve, tmp_path):
    one = serve(tmp_path)
    one.create(**template(one, "api-one"))
    plan(one, "never-settles")
    name = deploy(one)["name"]
    one.house.stop()
    two = serve(tmp_path)
    two.settle()
    two.clock.now += 3600
    assert "done" not in two.ok("GET", f"/v2/{name}")
    assert two.service()["reconciling"] is True
    assert two.ok("GET", RUN) == "api-one"


def test_an_operation_that_never_ends_is_not_tried_again(serve, tmp_path):
    one = serve(tmp_path)
    one.create(**template(one, "api-one"))
    plan(one, "operation-never-ends")
    plan(one, "flapping", seconds=30)
    assert "done" not in deploy(one)
    one.clock.now += 31
    assert ready(one, "api-two")["state"] == "CONDITION_FAILED"
    before = one.service()["terminalCondition"]
    one.house.stop()
    two = serve(tmp_path)
    two.settle()
    two.clock.now += 3600
    assert running(two) == set()
    assert two.service()["terminalCondition"] == before


def test_who_dies_later_answers_nowhere_and_its_program_ends(live):
    plan(live, "dies-later", seconds=30)
    assert deploy(live)["done"]
    assert live.ok("GET", RUN) == "api-two"
    live.clock.now += 31
    for path in (RUN, "/run-revision/demo-project/us-west2/api/api-two/"):
        status, body = live.call("GET", path)
        assert (status, body["error"]["message"]) == (503, "Revision 'api-two' has died.")
    assert live.ok("GET", "/run-revision/demo-project/us-west2/api/api-one/") == "api-one"
    assert any("has died" in json.dumps(entry) for entry in logged(live))
    deadline = time.monotonic() + 5
    while "api-two" in running(live) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "api-two" not in running(live)


def logged(served):
    sent = {"resourceNames": ["projects/demo-project"], "filter": "httpRequest.status=503"}
    return served.ok("POST", "/v2/entries:list", sent).get("entries", [])


def test_who_was_ready_by_running_may_flap(live):
    plan(live, "flapping", seconds=30)
    deploy(live)
    assert ready(live, "api-two")["state"] == "CONDITION_SUCCEEDED"
    live.clock.now += 31
    assert ready(live, "api-two")["state"] == "CONDITION_FAILED"
    assert "api-two" in ready(live, "api-two")["message"]


def test_traffic_stays_though_the_new_program_runs(live):
    plan(live, "traffic-not-effective")
    assert "response" in deploy(live)
    assert live.service()["traffic"] == [{"type": LATEST, "percent": 100}]
    assert live.service()["trafficStatuses"] == [{"type": REVISION, "revision": "api-one", "percent": 100}]
    assert live.ok("GET", RUN) == "api-one"


def test_traffic_that_moves_during_a_trial_can_be_held_too(live):
    live.create("other")
    deploy(live)
    slow = template(live, "api-three")
    slow["template"]["containers"][0]["env"] = [{"name": "X", "value": "1"}]
    live.ok("PATCH", f"{live.v2}/services/api?updateMask=template", slow)
    plan(live, "traffic-not-effective")
    rows = [{"type": REVISION, "revision": "api-one", "percent": 100}]
    live.ok("PATCH", f"{live.v2}/services/api?updateMask=traffic", {"traffic": rows})
    live.clock.now += 1
    assert "api-one" not in json.dumps(live.service()["trafficStatuses"])
    live.settle()
    assert "api-one" not in json.dumps(live.service()["trafficStatuses"])


def test_a_reset_forgets_all_of_it(live):
    plan(live, "dies-later", times=0)
    deploy(live)
    live.ok("POST", "/upload/storage/v1/b/bucket/o?uploadType=media&name=o", "x")
    client.reset(address(live))
    assert (client.faults(address(live)), client.requests(address(live)), running(live)) == ([], [], set())
    assert live.call("GET", "/storage/v1/b/bucket/o/o")[0] == 404
    assert not list(live.state.glob("storage/*"))
    sent = {"resourceNames": ["projects/demo-project"]}
    assert live.ok("POST", "/v2/entries:list", sent).get("entries", []) == []


def test_reading_the_log_changes_nothing(live):
    client.clear_requests(address(live))
    logged(live)
    assert [entry["mutating"] for entry in client.requests(address(live))] == [False]
