"""A new revision is ready when its program answers; until then, and if it does not, the old one serves."""

import http.client
import json
import os
import signal
import time
from urllib.request import Request, urlopen

import pytest

from deploytool.emulator import client
from deploytool.emulator.daemon import join_or_start

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
RUN = "/run/demo-project/us-west2"
PROGRAM = """
import os, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        raw = os.environ["K_REVISION"].encode()
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
gate = os.environ.get("WAIT_FOR")
while gate and not os.path.exists(gate):
    time.sleep(0.01)
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""


def built(state, letter, program=PROGRAM, **env):
    digest = letter * 64
    folder = state / "images" / digest
    (folder / "rootfs/app").mkdir(parents=True, exist_ok=True)
    (folder / "rootfs/app/main.py").write_text(program)
    (folder / "config.json").write_text(json.dumps({"cmd": ["python", "main.py"], "workdir": "/app", "env": env}))
    return f"us-docker.pkg.dev/demo-project/repo/api@sha256:{digest}"


def deploy(served, image, rows=None, **template):
    """The operation of a deployment, with its traffic in the same request."""
    body = {"template": {"containers": [{"image": image}]} | template} | ({} if rows is None else {"traffic": rows})
    mask = "template" if rows is None else "template,traffic"
    return served.ok("PATCH", f"{served.v2}/services/api?updateMask={mask}", body)["name"]


def operation(served, name):
    return served.ok("GET", f"/v2/{name}")


def who(served, service="api"):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request("GET", f"{RUN}/{service}/")
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def first(served):
    """A service whose only revision, api-one, has all of the traffic by name."""
    rows = [{"type": LATEST, "percent": 100}]
    served.create(template={"containers": [{"image": built(served.state, "a")}], "revision": "api-one"}, traffic=rows)
    served.patch({"traffic": [pinned("api-one")]}, "updateMask=traffic")


def pinned(revision, percent=100, **more):
    return {"type": REVISION, "revision": revision, "percent": percent} | more


def candidate(revision, **more):
    return {"type": REVISION, "revision": revision, "tag": "candidate"} | more


def ready_of(served, revision):
    found = served.ok("GET", f"{served.v2}/services/api/revisions/{revision}")
    return next(c for c in found["conditions"] if c["type"] == "Ready")


@pytest.fixture
def gate(served, tmp_path):
    """A file for which programs wait before they listen."""
    path = tmp_path / "gate"
    yield path
    path.touch()


@pytest.mark.parametrize("percent", [{}, {"percent": 0}])
def test_template_and_traffic_in_one_request(served, gate, percent):
    first(served)
    before = served.service()
    image = built(served.state, "b", WAIT_FOR=str(gate))
    rows = [pinned("api-one"), candidate("api-two", **percent)]
    name = deploy(served, image, rows, revision="api-two")
    served.clock.now += 5
    assert "done" not in operation(served, name)
    during = served.service()
    assert (during["reconciling"], during["trafficStatuses"]) == (True, before["trafficStatuses"])
    assert (during["generation"], during["observedGeneration"]) == ("3", "2")
    assert ready_of(served, "api-two")["state"] == "CONDITION_RECONCILING"
    assert who(served) == "api-one"
    gate.touch()
    served.settle()
    assert operation(served, name)["response"]["observedGeneration"] == "3"
    after = served.service()
    told = [(row["revision"], row.get("percent", 0), row.get("tag")) for row in after["trafficStatuses"]]
    assert told == [("api-one", 100, None), ("api-two", 0, "candidate")]
    assert after["latestReadyRevision"].endswith("/api-two")
    assert (who(served), who(served, "candidate---api")) == ("api-one", "api-two")
    moved = served.patch({"traffic": [pinned("api-one", 90), pinned("api-two", 10)]}, "updateMask=traffic")
    assert moved["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    assert sorted(who(served) for _ in range(20)).count("api-two") in {1, 2, 3}


def test_the_latest_revision_takes_over_when_it_answers(served, gate):
    served.create(template={"containers": [{"image": built(served.state, "a")}], "revision": "api-one"})
    deploy(served, built(served.state, "f", WAIT_FOR=str(gate)), revision="api-two")
    served.clock.now += 5
    assert who(served) == "api-one"
    gate.touch()
    served.settle()
    assert who(served) == "api-two"
    old = served.ok("GET", f"{served.v2}/services/api/revisions/api-one")
    assert old["conditions"][0]["revisionReason"] == "RETIRED"


def test_a_revision_that_fails_takes_nothing_and_the_next_traffic_works(served):
    first(served)
    before = served.service()
    image = built(served.state, "c", "import a_module_that_is_not_copied")
    name = deploy(served, image, [pinned("api-one"), candidate("api-bad")], revision="api-bad")
    served.settle()
    ended = operation(served, name)
    assert ended["done"] is True
    assert "response" not in ended
    assert "ended with code 1" in ended["error"]["message"]
    assert "logs/demo-project/us-west2/api/api-bad.log" in ended["error"]["message"]
    why = ready_of(served, "api-bad")
    assert (why["state"], why["revisionReason"]) == ("CONDITION_FAILED", "HEALTH_CHECK_CONTAINER_ERROR")
    after = served.service()
    assert after["terminalCondition"]["state"] == "CONDITION_FAILED"
    assert after["trafficStatuses"] == before["trafficStatuses"]
    assert after["latestReadyRevision"] == before["latestReadyRevision"]
    assert who(served) == "api-one"
    body = {"traffic": [pinned("api-one", tag="kept")]}
    later = served.ok("PATCH", f"{served.v2}/services/api?updateMask=traffic", body)
    served.settle()
    assert "response" in operation(served, later["name"])
    assert served.service()["trafficStatuses"][0]["tag"] == "kept"
    good = deploy(served, built(served.state, "a"), [pinned("api-three")], revision="api-three")
    served.settle()
    assert "response" in operation(served, good)
    assert who(served) == "api-three"


def test_traffic_moves_while_a_revision_is_still_tried(served, gate):
    first(served)
    image = built(served.state, "d", WAIT_FOR=str(gate))
    slow = deploy(served, image, [pinned("api-one"), candidate("api-two")], revision="api-two")
    body = {"traffic": [pinned("api-one", tag="stable")]}
    edit = served.ok("PATCH", f"{served.v2}/services/api?updateMask=traffic", body)["name"]
    served.clock.now += 5
    assert "done" not in operation(served, edit)
    during = served.service()
    assert during["trafficStatuses"][0]["tag"] == "stable"
    assert (during["generation"], during["observedGeneration"], during["reconciling"]) == ("4", "2", True)
    gate.touch()
    served.settle()
    assert operation(served, edit)["response"]["observedGeneration"] == "4"
    assert operation(served, slow)["done"] is True
    after = served.service()
    assert after["latestReadyRevision"].endswith("/api-two")
    assert "reconciling" not in after


def test_a_probe_asks_the_path_it_names(served):
    served.house.programs.start_wait = 0.6
    image = built(served.state, "a")
    probe = {"httpGet": {"path": "/broken"}, "periodSeconds": 1, "failureThreshold": 3}
    service = served.create(template={"containers": [{"image": image, "startupProbe": probe}]})
    served.house.programs.start_wait = 10.0
    assert "latestReadyRevision" not in service
    assert "did not answer GET /broken on PORT within 0.6 s" in service["terminalCondition"]["message"]
    probe["httpGet"]["path"] = "/fine"
    after = served.patch({"template": {"containers": [{"image": image, "startupProbe": probe}]}}, "updateMask=template")
    assert after["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"


def test_a_deleted_service_ends_its_trial(served, gate):
    first(served)
    name = deploy(served, built(served.state, "e", WAIT_FOR=str(gate)), revision="api-two")
    served.ok("DELETE", f"{served.v2}/services/api")
    served.clock.now += 1
    assert served.call("GET", f"{served.v2}/services/api")[0] == 404
    served.settle()
    assert "deleted meanwhile" in operation(served, name)["error"]["message"]


def test_a_trial_that_a_killed_server_left_is_begun_again(tmp_path):
    gate = tmp_path / "gate"
    image = built(tmp_path, "a", WAIT_FOR=str(gate))
    address = join_or_start(tmp_path, idle=20, settle=0.02)
    location = "v2/projects/demo-project/locations/us-west2"

    def call(address, path, body=None):
        raw = None if body is None else json.dumps(body).encode()
        return json.loads(urlopen(Request(f"{address.url}/{path}", raw), timeout=10).read())

    made = call(address, f"{location}/services?serviceId=api", {"template": {"containers": [{"image": image}]}})
    os.kill(client.health(address)["pid"], signal.SIGKILL)
    again = join_or_start(tmp_path, idle=20, settle=0.02)
    assert "done" not in call(again, f"v2/{made['name']}")
    gate.touch()
    deadline = time.monotonic() + 10
    while not (ended := call(again, f"v2/{made['name']}")).get("done") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert ended["response"]["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    client.stop(again)


def test_a_trivial_program_is_ready_at_once(tmp_path):
    image = built(tmp_path, "a")
    address = join_or_start(tmp_path, idle=20, settle=0.02)
    raw = json.dumps({"template": {"containers": [{"image": image}]}}).encode()
    began = time.monotonic()
    location = f"{address.url}/v2/projects/demo-project/locations/us-west2"
    name = json.loads(urlopen(Request(f"{location}/services?serviceId=api", raw), timeout=10).read())["name"]
    waited = json.loads(urlopen(Request(f"{address.url}/v2/{name}:wait", b"{}"), timeout=10).read())
    took = time.monotonic() - began
    client.stop(address)
    assert waited["done"] is True
    assert took < 2.0  # 0.2 on a machine with nothing else to do
