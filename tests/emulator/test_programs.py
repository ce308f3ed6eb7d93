"""Programs behind addresses: started when asked for, routed by effective traffic, ended with the server."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

import pytest

from deploytool.emulator import client
from deploytool.emulator.daemon import join_or_start
from deploytool.emulator.forwarding import chosen, nth_draw
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


@pytest.fixture
def short_wait(served, monkeypatch):
    monkeypatch.setattr(served.house.programs, "start_wait", 0.4)


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


@pytest.mark.parametrize("percent", [1, 5, 10, 25, 50, 99])
def test_any_hundred_requests_in_a_row_are_split_to_the_point(percent):
    for start in range(100):
        drawn = [nth_draw(number) for number in range(start, start + 100)]
        assert sum(draw * 100 < percent for draw in drawn) == percent
    shorter = [sum(nth_draw(n) < 0.1 for n in range(start, start + 20)) for start in range(100)]
    assert max(shorter) <= 3
    assert min(shorter) >= 1


def test_nobody_takes_requests_where_nothing_is_effective():
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


def imported(served, image, revision="api-00001-abc"):
    """A service that an imported fleet says is ready, whatever its program does."""
    name = "projects/demo-project/locations/us-west2/services/api"
    full = f"{name}/revisions/{revision}"
    service = {"name": name, "uid": "1", "generation": "1", "template": {"containers": [{"image": image}]}}
    service |= {"trafficStatuses": [{"type": LATEST, "percent": 100}], "traffic": [{"type": LATEST, "percent": 100}]}
    service |= {"latestReadyRevision": full, "latestCreatedRevision": full}
    client.import_fleet(client.Address("127.0.0.1", served.port, served.token), {"services": [service]})


def test_a_program_that_ends_at_once_is_said(served):
    imported(served, build(served.state, "ef" * 32, "import a_module_that_is_not_copied"))
    status, body = get(served, "/run/demo-project/us-west2/api/health")
    assert status == 503
    assert "ended with code 1" in body["error"]["message"]
    log = served.state / "logs/demo-project/us-west2/api/api-00001-abc.log"
    assert "a_module_that_is_not_copied" in log.read_text()


def test_a_program_that_crashes_again_and_again_rests_for_a_moment(served, monkeypatch):
    counter = served.state / "starts"
    imported(served, build(served.state, "1f" * 32, f"open({str(counter)!r}, 'a').write('x')"))
    monkeypatch.setattr("deploytool.emulator.programs.REST", 0.6)
    messages = [get(served, "/run/demo-project/us-west2/api/")[1]["error"]["message"] for _ in range(5)]
    assert counter.read_text() == "xxx"
    assert "is started again in" in messages[3]
    time.sleep(0.6)
    assert "ended with code 0" in get(served, "/run/demo-project/us-west2/api/")[1]["error"]["message"]


def test_a_program_that_never_listens_is_given_up(served, short_wait):
    imported(served, build(served.state, "0a" * 32, "import time; time.sleep(60)"))
    status, body = get(served, "/run/demo-project/us-west2/api/health")
    assert status == 503
    assert "did not listen" in body["error"]["message"]


def test_who_waits_for_a_start_that_fails_does_not_begin_another(served, short_wait):
    imported(served, build(served.state, "0b" * 32, "import time; time.sleep(60)"))
    began = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: get(served, "/run/demo-project/us-west2/api/")[0], range(6)))
    assert answers == [503] * 6
    assert time.monotonic() - began < 1.6


def test_a_program_without_visitors_ends_and_comes_back(served, monkeypatch):
    build(served.state)
    monkeypatch.setattr(served.house, "scale_down", 0.2)
    served.create(template=served.template(IMAGE))
    pid = get(served, "/run/demo-project/us-west2/api/")[1]["pid"]
    assert gone(pid)
    assert get(served, "/run/demo-project/us-west2/api/")[1]["pid"] != pid


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


CHILDREN = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
open(os.environ["TOLD"], "w").write(str(child.pid))
exec(open("other.py").read())
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_children_of_programs_end_with_them(tmp_path, ending):
    build(tmp_path, program=CHILDREN, env={"TOLD": str(tmp_path / "child")})
    (tmp_path / f"images/{DIGEST}/rootfs/app/other.py").write_text(PROGRAM)
    address = join_or_start(tmp_path, idle=20, settle=0.0)
    imported(Addressed(address), IMAGE)
    told = json.loads(urlopen(f"{address.url}/run/demo-project/us-west2/api/", timeout=10).read())
    child = int((tmp_path / "child").read_text())
    os.kill(client.health(address)["pid"], ending)
    assert gone(told["pid"])
    assert gone(child)


class Addressed:
    """As much of a served world as an import needs."""

    def __init__(self, address):
        self.port, self.token = address.port, address.token


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
