"""A neighbour that fails: one sentence and a hint, the other regions still judged, and always an end."""

import socket
import threading
import time

import pytest

from deploytool.adapters.cloudrun import CloudRun, Patience
from deploytool.adapters.cloudrun.faults import could_not_look
from deploytool.adapters.cloudrun.parallel import answers_of
from deploytool.domain.model import Kind, Place
from deploytool.errors import CouldNotLook
from tests.adapters.fake_cloudrun import FakeCloudRun, error_body
from tests.adapters.shapes import P, R, v2_service

QUICK = Patience(total=3.0, call=1.0, attempts=3, first_wait=0.02)
SERVICES, JOBS = f"projects/{P}/locations/{R}/services", f"projects/{P}/locations/{R}/jobs"
SERVICE_KINDS = (Kind.SERVICE, Kind.FUNCTION)


@pytest.fixture
def server():
    with FakeCloudRun() as running:
        running.lists[SERVICES] = [{"services": [v2_service("a")]}]
        yield running


def look(endpoint, patience=QUICK, kinds=tuple(Kind), regions=(R,)):
    return CloudRun(P, regions, endpoint, patience).fleet(kinds)


DENIED = error_body(403, "PERMISSION_DENIED", "Permission 'run.services.list' denied on resource")
DISABLED = error_body(403, "PERMISSION_DENIED", "It is disabled", "SERVICE_DISABLED")
FINAL = {
    "401": ((401, {}, error_body(401, "UNAUTHENTICATED", "no token")), "401", "CLOUD_RUN_EMULATOR_HOST"),
    "403": ((403, {}, DENIED), "permission denied (Permission 'run.services.list'", "roles/run.viewer"),
    "API disabled": ((403, {}, DISABLED), "API is disabled in " + P, "gcloud services enable run.googleapis.com"),
    "404": ((404, {}, error_body(404, "NOT_FOUND", "no project")), "404, not found (no project)", "services.toml"),
    "400": ((400, {}, error_body(400, "INVALID_ARGUMENT", "no region")), "refused (no region)", "services.toml"),
    "HTML": ((200, {}, b"<!doctype html><title>Sign in</title>"), "not one of Cloud Run", "login page"),
    "a list": ((200, {}, b"[]"), "not one of Cloud Run", "login page"),
    "nothing": ((200, {}, b""), "not one of Cloud Run", "login page"),
    "truncated": ((200, {}, b'{"services": [{"name": "x'), "not one of Cloud Run", "login page"),
    "wrong type": ((200, {}, b'{"services": 5}'), "not one of Cloud Run", "login page"),
    "an error that is no error body": ((403, {}, b"[1]"), "could not be read", "roles/run.viewer"),
}


@pytest.mark.parametrize("name", FINAL)
def test_a_final_fault_is_said_once_and_not_asked_again(server, name):
    fault, words, hint = FINAL[name]
    server.fail(SERVICES, [fault])
    fleet = look(server.endpoint)
    (entry,) = fleet.unreachable
    assert words in entry.message
    assert hint in entry.hint
    assert "\n" not in entry.message
    assert "http://" not in entry.message
    assert (entry.region, entry.kinds) == (R, SERVICE_KINDS)
    assert server.paths().count(SERVICES) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_fault_is_asked_again(server, status):
    server.fail(SERVICES, (status, {}, error_body(status, "X", "later")), (status, {}, b"<html>"))
    fleet = look(server.endpoint)
    assert [service.place.name for service in fleet.services] == ["a"]
    assert fleet.unreachable == ()
    assert server.paths().count(SERVICES) == 3


def test_retry_after_is_honoured(server):
    server.fail(SERVICES, (429, {"Retry-After": "1"}, error_body(429, "RESOURCE_EXHAUSTED", "quota")))
    start = time.monotonic()
    assert look(server.endpoint).unreachable == ()
    assert time.monotonic() - start >= 1.0


def test_a_retry_after_beyond_patience_is_not_waited_for(server):
    server.fail(SERVICES, [(429, {"Retry-After": "3600"}, error_body(429, "RESOURCE_EXHAUSTED", "quota"))])
    start = time.monotonic()
    (entry,) = look(server.endpoint).unreachable
    assert "429" in entry.message
    assert time.monotonic() - start < 15


def test_a_region_that_fails_for_ever_leaves_the_others(server):
    other = "us-west2"
    path = f"projects/{P}/locations/{other}/services"
    server.fail(path, [(503, {}, b"<html>busy</html>")])
    fleet = look(server.endpoint, regions=(R, other))
    assert [service.place for service in fleet.services] == [Place(P, R, "a")]
    (entry,) = fleet.unreachable
    assert (entry.region, entry.message) == (
        other,
        "Cloud Run services in us-west2 could not be read: 503, Cloud Run failed, also after asking again.",
    )
    assert server.paths().count(path) == QUICK.attempts


def test_jobs_that_fail_matter_to_jobs_only(server):
    server.fail(JOBS, [(503, {}, b"")])
    fleet = look(server.endpoint, kinds=SERVICE_KINDS)
    assert [service.place.name for service in fleet.services] == ["a"]
    assert [entry.kinds for entry in fleet.unreachable] == [(Kind.JOB,)]
    assert server.paths().count(JOBS) == 1  # nobody needs them: not asked again


def test_a_server_that_does_not_answer_is_left(server):
    server.fail(SERVICES, [("hang", {}, 3)])
    start = time.monotonic()
    (entry,) = look(server.endpoint, Patience(total=0.6, call=0.3, attempts=5, first_wait=0.01)).unreachable
    assert "did not answer in time" in entry.message
    assert time.monotonic() - start < 15


def test_a_server_that_answers_one_byte_at_a_time_is_left():
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip(connection):
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not stop.wait(0.05):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    start = time.monotonic()
    endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    fleet = look(endpoint, Patience(total=0.5, call=0.3, attempts=2, first_wait=0.01))
    stop.set()
    listener.close()
    assert {kind for entry in fleet.unreachable for kind in entry.kinds} == set(Kind)
    assert "no answer within" in fleet.unreachable[0].message
    assert time.monotonic() - start < 15


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    fleet = look(f"http://127.0.0.1:{port}")
    assert all("the connection was refused" in entry.message for entry in fleet.unreachable)
    assert all("deploytool emulator serve" in entry.hint for entry in fleet.unreachable)


def test_tls_against_a_server_without_it(server):
    fleet = look(server.endpoint.replace("http:", "https:"))
    assert "TLS failed" in fleet.unreachable[0].message


def test_no_credentials_makes_every_region_unreachable(monkeypatch, tmp_path):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent.json"))
    fleet = look(None, regions=(R, "us-west2"))
    assert [entry.region for entry in fleet.unreachable] == [R, "us-west2"]
    assert all("no Google credentials" in entry.message for entry in fleet.unreachable)
    assert all("application-default login" in entry.hint for entry in fleet.unreachable)


def test_history_raises_what_a_person_can_act_on(server):
    with pytest.raises(CouldNotLook, match="The revisions of api could not be read: 404"):
        CloudRun(P, [R], server.endpoint, QUICK).history(Place(P, R, "api"))


def test_credentials_and_network_in_words():
    import requests
    from google.auth import exceptions as auth
    from urllib3.exceptions import MaxRetryError, NameResolutionError

    def words(error):
        said = could_not_look(error, "It", P, local=False)
        return said.message, said.hint

    lookup = NameResolutionError("run.googleapis.com", None, socket.gaierror(-2, "unknown"))
    assert "host name" in words(requests.exceptions.ConnectionError(MaxRetryError(None, "/", lookup)))[0]
    assert words(auth.RefreshError("Token has been expired or revoked."))[1] == "gcloud auth application-default login"
    assert "token server" in words(auth.TransportError("x"))[0]
    assert "proxy" in words(requests.exceptions.ProxyError("x"))[0]
    assert "broke" in words(requests.exceptions.ChunkedEncodingError("x"))[0]


def test_a_bug_of_ours_is_not_blamed_on_the_network(server, monkeypatch):
    monkeypatch.setattr(CloudRun, "_service", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        look(server.endpoint)


def test_answers_come_in_order_and_errors_in_their_place():
    def fails():
        raise ValueError("x")

    answers = answers_of([lambda: 1, fails, lambda: time.sleep(5), lambda: 4], at_once=4, seconds=0.3)
    assert (answers[0], answers[3]) == (1, 4)
    assert isinstance(answers[1], ValueError)
    assert isinstance(answers[2], TimeoutError)
    assert answers_of([], at_once=4, seconds=1) == []
