"""Programs behind addresses: started when asked for, routed by effective traffic, ended with the server."""

import json
import os
import signal
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from deploytool.emulator import client
from deploytool.emulator.daemon import join_or_start
from deploytool.emulator.gateway import chosen
from deploytool.emulator.images import NotRunnable, launch_of

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
DIGEST = "ab" * 32
IMAGE = f"us-docker.pkg.dev/demo-project/repo/api@sha256:{DIGEST}"
PROGRAM = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        size = int(self.headers.get("content-length") or 0)
        told = {k: os.environ.get(k) for k in ("K_SERVICE", "K_REVISION", "K_CONFIGURATION", "COLOUR", "SIZE", "HOME")}
        told |= {"path": self.path, "pid": os.getpid(), "cwd": os.getcwd(), "body": self.rfile.read(size).decode()}
        raw = json.dumps(told).encode()
        self.send_response(207)
        self.send_header("X-Mine", "yes")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
    do_POST = do_GET
print("listening", flush=True)
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""


def build(state, digest=DIGEST, program=PROGRAM, **config):
    folder = state / "images" / digest
    (folder / "rootfs/app").mkdir(parents=True, exist_ok=True)
    (folder / "rootfs/app/main.py").write_text(program)
    settings = {"cmd": ["python", "/app/main.py"], "env": {"COLOUR": "blue", "SIZE": "1"}, "workdir": "/app"}
    (folder / "config.json").write_text(json.dumps(settings | config))
    return f"x/y@sha256:{digest}"


def get(served, path, method="GET", body=None):
    return served.call(method, path, body)


def test_a_request_reaches_the_program_with_its_environment(served):
    build(served.state)
    env = [{"name": "SIZE", "value": "2"}]
    service = served.create(template={"containers": [{"image": IMAGE, "env": env}]})
    base = service["uri"].removeprefix(f"http://127.0.0.1:{served.port}")
    status, told = get(served, f"{base}/he%2Falth?a=1&b=%20", "POST", {"x": 1})
    assert status == 207
    assert (told["path"], json.loads(told["body"])) == ("/he%2Falth?a=1&b=%20", {"x": 1})
    revision = service["latestReadyRevision"].rsplit("/", 1)[1]
    assert (told["K_SERVICE"], told["K_REVISION"], told["K_CONFIGURATION"]) == ("api", revision, "api")
    assert (told["COLOUR"], told["SIZE"], told["HOME"]) == ("blue", "2", None)
    assert told["cwd"] == str((served.state / f"images/{DIGEST}/rootfs/app").resolve())
    assert get(served, base)[1]["pid"] == told["pid"]
    log = served.state / f"logs/demo-project/us-west2/api/{revision}.log"
    assert "listening" in log.read_text()


def test_tags_and_revisions_have_addresses_of_their_own(served):
    build(served.state)
    first = served.create(template={"containers": [{"image": IMAGE}], "revision": "api-one"})
    template = {"containers": [{"image": IMAGE}], "revision": "api-two"}
    rows = [
        {"type": REVISION, "revision": "api-one", "percent": 100},
        {"type": REVISION, "revision": "api-two", "tag": "next"},
    ]
    after = served.patch({"template": template, "traffic": rows}, "updateMask=template,traffic")
    path = after["trafficStatuses"][1]["uri"].removeprefix(f"http://127.0.0.1:{served.port}")
    assert get(served, f"{path}/")[1]["K_REVISION"] == "api-two"
    assert get(served, "/run/demo-project/us-west2/api/")[1]["K_REVISION"] == "api-one"
    assert get(served, "/run-revision/demo-project/us-west2/api/api-two/x")[1]["K_REVISION"] == "api-two"
    status, body = get(served, "/run/demo-project/us-west2/gone---api/")
    assert (status, body["error"]["status"]) == (503, "UNAVAILABLE")
    assert first["uri"] == after["uri"]


def test_a_split_follows_the_percentages():
    rows = [{"type": REVISION, "revision": "a", "percent": 10}, {"type": LATEST, "percent": 90, "tag": "t"}]
    service = {"trafficStatuses": rows, "latestReadyRevision": "x/revisions/b"}
    counted = [chosen(service, None, at / 100) for at in range(100)]
    assert (counted.count("a"), counted.count("b")) == (10, 90)
    assert chosen(service, "t", 0.0) == "b"
    assert chosen({}, None, 0.5) is None


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("gcr.io/demo-project/api:1", "has no digest"),
        (f"x/y@sha256:{'cd' * 32}", "not in the local image store"),
    ],
)
def test_an_image_that_is_not_there_is_said(served, image, why):
    served.create(template=served.template(image))
    status, body = get(served, "/run/demo-project/us-west2/api/health")
    assert (status, body["error"]["status"]) == (503, "UNAVAILABLE")
    assert why in body["error"]["message"]


def test_a_program_that_ends_at_once_is_said(served):
    image = build(served.state, "ef" * 32, "import a_module_that_is_not_copied")
    service = served.create(template=served.template(image))
    status, body = get(served, "/run/demo-project/us-west2/api/health")
    assert status == 503
    assert "ended with code 1" in body["error"]["message"]
    revision = service["latestReadyRevision"].rsplit("/", 1)[1]
    assert (
        "a_module_that_is_not_copied" in (served.state / f"logs/demo-project/us-west2/api/{revision}.log").read_text()
    )


def test_a_program_that_never_listens_is_given_up(served):
    served.house.programs.start_wait = 0.4
    image = build(served.state, "0a" * 32, "import time; time.sleep(60)")
    served.create(template=served.template(image))
    status, body = get(served, "/run/demo-project/us-west2/api/health")
    served.house.programs.start_wait = 10.0
    assert status == 503
    assert "did not listen" in body["error"]["message"]


def test_a_killed_program_is_started_again(served):
    build(served.state)
    served.create(template=served.template(IMAGE))
    pid = get(served, "/run/demo-project/us-west2/api/")[1]["pid"]
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    assert get(served, "/run/demo-project/us-west2/api/")[1]["pid"] != pid


def test_programs_of_deleted_services_end(served):
    build(served.state)
    served.create(template=served.template(IMAGE))
    pid = get(served, "/run/demo-project/us-west2/api/")[1]["pid"]
    served.ok("DELETE", f"{served.v2}/services/api")
    served.settle()
    assert served.ok("GET", f"{served.v2}/services") == {}
    assert gone(pid)


def gone(pid):
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_programs_end_with_their_server_however_it_ends(tmp_path, ending):
    build(tmp_path)
    address = join_or_start(tmp_path, idle=20, settle=0.0)
    name = "projects/demo-project/locations/us-west2/services/api"
    revision = f"{name}/revisions/api-00001-abc"
    container = {"containers": [{"image": IMAGE}]}
    traffic = [{"type": LATEST, "percent": 100}]
    service = {"name": name, "template": container, "trafficStatuses": traffic}
    service |= {"latestReadyRevision": revision, "latestCreatedRevision": revision}
    client.import_fleet(address, {"services": [service]})
    told = json.loads(urlopen(f"{address.url}/run/demo-project/us-west2/api/", timeout=10).read())
    os.kill(client.health(address)["pid"], ending)
    assert gone(told["pid"])


def launch(state, container=None, **config):
    build(state, **config)
    revision = {"name": "x/revisions/api-1", "service": "api", "containers": [{"image": IMAGE} | (container or {})]}
    return launch_of(state / "images", revision)


def test_paths_that_lead_out_of_the_image_are_refused(tmp_path):
    with pytest.raises(NotRunnable, match="out of the image"):
        launch(tmp_path, workdir="../../..")
    (tmp_path / f"images/{DIGEST}/rootfs/out").symlink_to("/etc/passwd")
    with pytest.raises(NotRunnable, match="out of the image"):
        launch(tmp_path, cmd=["python", "/out"])


def test_command_and_args_follow_dockers_rule(tmp_path):
    def words(container=None, **config):
        return launch(tmp_path, container, **config).command[-2:]

    assert words(entrypoint=["run"], cmd=["a"]) == ("run", "a")
    assert words({"args": ["b"]}, entrypoint=["run"], cmd=["a"]) == ("run", "b")
    assert words({"command": ["other"]}, entrypoint=["run"], cmd=["a"]) == ("other",)
