"""What programs write and are asked, as Cloud Logging tells it."""

import http.client
import json
import time

import pytest

from deploytool.emulator import client
from deploytool.emulator.errors import EmulatorError
from deploytool.emulator.journal import Journal
from deploytool.emulator.log_store import Bounds, LogStore, Place

RUN = "/run/demo-project/us-west2"
DIGEST = "5c" * 32
IMAGE = f"us-docker.pkg.dev/demo-project/repo/api@sha256:{DIGEST}"
PROGRAM = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(self.path.strip("/").partition("?")[0] or 200) if self.headers["host"] else 400)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *_):
        pass
print("plain words", flush=True)
print(json.dumps({"severity": "warn", "message": "told", "n": 1, "logging.googleapis.com/labels": {"k": "v"}}))
print(json.dumps({"message": "no level"}))
print("{ not json", flush=True)
print("oh dear", file=sys.stderr, flush=True)
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""


@pytest.fixture
def api(served):
    """A served service whose program writes; answers its revision's short name."""
    folder = served.state / "images" / DIGEST
    (folder / "rootfs").mkdir(parents=True, exist_ok=True)
    (folder / "rootfs/main.py").write_text(PROGRAM)
    (folder / "config.json").write_text(json.dumps({"cmd": ["python", "main.py"], "workdir": "/"}))
    return served.create(template=served.template(IMAGE))["latestReadyRevision"].rsplit("/", 1)[1]


def logs(served, text="", **more):
    body = {"resourceNames": ["projects/demo-project"], "filter": text} | more
    return served.ok("POST", "/v2/entries:list", body)


def visit(served, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request("GET", f"{RUN}/api{path}", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def eventually(ask, wanted):
    deadline = time.monotonic() + 5
    while (found := ask()) != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def test_lines_become_entries(served, api):
    def told(stream):
        entries = logs(served, f'logName:"%2F{stream}"').get("entries", [])
        return [(e["severity"], e.get("textPayload", e.get("jsonPayload"))) for e in entries]

    assert eventually(lambda: told("stdout"), wanted := [
        ("DEFAULT", "plain words"),
        ("WARNING", {"message": "told", "n": 1}),
        ("DEFAULT", {"message": "no level"}),
        ("DEFAULT", "{ not json"),
    ]) == wanted  # fmt: skip
    assert told("stderr") == [("DEFAULT", "oh dear")]
    entry = logs(served, 'jsonPayload.message="told"')["entries"][0]
    labels = {"project_id": "demo-project", "location": "us-west2", "service_name": "api"}
    labels |= {"revision_name": api, "configuration_name": "api"}
    assert entry["resource"] == {"type": "cloud_run_revision", "labels": labels}
    assert entry["logName"] == "projects/demo-project/logs/run.googleapis.com%2Fstdout"
    assert entry["labels"] == {"k": "v"}
    assert entry["timestamp"].endswith("Z")
    assert len(entry["timestamp"]) == len("2026-01-01T00:00:00.000000Z")
    assert entry["insertId"]


def test_requests_are_noted_without_their_query(served, api):
    assert visit(served, "/200?token=secret", **{"user-agent": "curl/8"}) == 200
    assert [visit(served, f"/{status}") for status in (404, 500)] == [404, 500]
    entries = logs(served, 'logName:"%2Frequests"')["entries"]
    told = [(e["severity"], e["httpRequest"]["status"]) for e in entries]
    assert told == [("INFO", 200), ("WARNING", 404), ("ERROR", 500)]
    request = entries[0]["httpRequest"]
    assert request["requestUrl"] == f"http://127.0.0.1:{served.port}{RUN}/api/200"
    assert (request["requestMethod"], request["userAgent"], request["remoteIp"]) == ("GET", "curl/8", "127.0.0.1")
    assert 0 < float(request["latency"].removesuffix("s")) < 5
    assert "secret" not in json.dumps(logs(served))
    found = logs(served, f'resource.labels.revision_name="{api}" severity>=ERROR httpRequest.status>=500')
    assert [entry["httpRequest"]["status"] for entry in found["entries"]] == [500]


def test_a_start_that_fails_is_noted(served, api):
    program = served.state / "images" / DIGEST / "rootfs/main.py"
    program.write_text("raise SystemExit('no database')")
    template = served.template(IMAGE, revision="api-bad")
    served.patch({"template": template}, "updateMask=template")
    entries = logs(served, "resource.labels.revision_name=api-bad", orderBy="timestamp desc")["entries"]
    assert entries[0]["severity"] == "ERROR"
    assert entries[0]["logName"].endswith("/run.googleapis.com%2Fvarlog%2Fsystem")
    assert "ended with code 1" in entries[0]["textPayload"]
    assert entries[1]["textPayload"] == "no database"


def test_pages_stay_the_same_while_entries_come(served):
    journal, revision = served.house.journal, {"name": f"{served.location}/services/api/revisions/api-1"}

    def note(numbers):
        for number in numbers:
            served.clock.now += 1
            journal.system(revision, "INFO", f"n{number}")

    def pages(order):
        token, seen = "", []
        while token is not None:
            page = logs(served, "textPayload:n", orderBy=order, pageSize=3, pageToken=token)
            seen += [int(entry["textPayload"][1:]) for entry in page.get("entries", [])]
            token = page.get("nextPageToken")
            note([100 + len(seen)])
        return seen

    note(range(8))
    assert pages("timestamp asc") == [0, 1, 2, 3, 4, 5, 6, 7]
    assert pages("timestamp desc")[-8:] == [7, 6, 5, 4, 3, 2, 1, 0]
    token = logs(served, "textPayload:n", pageSize=3)["nextPageToken"]
    body = {"resourceNames": ["projects/demo-project"], "filter": "severity=INFO", "pageToken": token}
    assert served.call("POST", "/v2/entries:list", body)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"resourceNames": ["projects/a", "projects/b"]},
        {"resourceNames": ["organizations/1"]},
        {"resourceNames": ["projects/a"], "filter": "severity>="},
        {"resourceNames": ["projects/a"], "filter": 7},
        {"resourceNames": ["projects/a"], "orderBy": "severity"},
        {"resourceNames": ["projects/a"], "pageSize": -1},
        {"resourceNames": ["projects/a"], "pageToken": "x"},
    ],
)
def test_questions_that_cannot_be_answered(served, body):
    status, answer = served.call("POST", "/v2/entries:list", body)
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_other_projects_see_nothing(served, api):
    assert served.ok("POST", "/v2/entries:list", {"resourceNames": ["projects/other"]}) == {}


def test_logs_survive_a_restart_and_a_reset_forgets_them(tmp_path, served, api):
    store = LogStore(tmp_path / "logs.sqlite")
    Journal(store).system({"name": f"{served.location}/services/api/revisions/api-1"}, "ERROR", "x")
    store.close()
    store = LogStore(tmp_path / "logs.sqlite")
    assert store.newest() == 1
    store.close()
    assert logs(served)["entries"]
    client.reset(client.Address("127.0.0.1", served.port, served.token))
    assert logs(served) == {}


def test_the_oldest_entries_go(tmp_path, monkeypatch):
    monkeypatch.setattr("deploytool.emulator.log_store.MAX_ENTRIES", 100)
    monkeypatch.setattr("deploytool.emulator.log_store.SPARE", 10)
    store = LogStore(tmp_path / "logs.sqlite")
    journal = Journal(store, clock=lambda: 1_770_000_000.0)
    for number in range(250):
        journal.system({"name": "projects/p/locations/r/services/s/revisions/s-1"}, "INFO", str(number))
        store.flush()
    kept = store.piece("p", Bounds(), after=None, upto=999, newest_first=True, size=999)
    assert 100 <= len(kept) <= 111
    assert [entry["textPayload"] for _, entry in kept[:2]] == ["249", "248"]
    assert kept[-1][0] == Place(1_770_000_000_000_000, 250 - len(kept) + 1)
    store.close()


def address(served):
    return client.Address("127.0.0.1", served.port, served.token)


WHERE = {"project": "demo-project", "region": "us-west2", "service": "api"}


def requests_of(served):
    return logs(served, 'logName:"%2Frequests"', pageSize=1000).get("entries", [])


def test_visitors_come_until_they_are_told_to_stop(served, api):
    client.visit(address(served), **WHERE, per_second=100, seconds=30, path="/404?x=1")
    deadline = time.monotonic() + 5
    while len(requests_of(served)) < 10 and time.monotonic() < deadline:
        time.sleep(0.02)
    client.visit(address(served), **WHERE, per_second=100, seconds=0)
    assert eventually(served.house.visitors.any, False) is False
    seen = requests_of(served)
    assert len(seen) >= 10
    assert {entry["httpRequest"]["status"] for entry in seen} == {404}
    assert seen[0]["httpRequest"]["requestUrl"].endswith("/run/demo-project/us-west2/api/404")
    time.sleep(0.1)
    assert len(requests_of(served)) == len(seen)


def test_as_many_visitors_come_as_were_asked_for(served, api):
    client.visit(address(served), **WHERE, per_second=1, seconds=10)
    client.visit(address(served), **WHERE, per_second=100, seconds=0.2)
    assert eventually(served.house.visitors.any, False) is False
    assert len(requests_of(served)) in {20, 21}


@pytest.mark.parametrize(
    "wrong",
    [{"service": "other"}, {"per_second": -1}, {"per_second": 1e6}, {"path": "x"}, {"path": "/a b"}, {"seconds": None}],
)
def test_visits_that_cannot_be(served, api, wrong):
    with pytest.raises(EmulatorError):
        client.visit(address(served), **({**WHERE, "per_second": 1, "seconds": 1, "path": "/"} | wrong))
