"""Who may come in: loopback names and gcloud's proxy form; no web page, no other host."""

import http.client
import socket

import pytest

from deploytool.emulator.gate import Gate
from deploytool.emulator.hosts import region_of


def ask(served, target, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.putrequest("GET", target, skip_host=True)
    for key, value in headers.items():
        connection.putheader(key, value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]:8080"])
def test_loopback_names_come_in(served, host):
    assert ask(served, f"{served.v2}/services", Host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "run.googleapis.com",
        "10.0.0.1",
        "",
        "0x7f.1",
    ],
)
def test_other_names_stay_out(served, host):
    assert ask(served, f"{served.v2}/services", Host=host) == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
def test_pages_of_other_sites_stay_out(served, origin):
    assert ask(served, f"{served.v2}/services", Host="127.0.0.1", Origin=origin) == 403
    assert ask(served, f"{served.v2}/services", Host="127.0.0.1", Origin="http://localhost:3000") == 200


def test_as_a_proxy_it_leads_to_what_is_answered_here_only(served):
    inside, outside = "us-west2-run.googleapis.com", "iam.googleapis.com"
    assert ask(served, f"http://{inside}{served.v2}/services", Host=inside) == 200
    assert ask(served, "http://storage.googleapis.com/storage/v1/b/none", Host="storage.googleapis.com") == 404
    assert ask(served, "http://storage.googleapis.com/x", Host="storage.googleapis.com.evil.example") == 404
    assert ask(served, f"http://{outside}/x", Host=outside) == 403
    assert ask(served, f"http://{outside}/x", Host="127.0.0.1") == 403
    assert ask(served, "http://run.googleapis.com.evil.example/x", Host="127.0.0.1") == 403


def test_as_a_proxy_it_leads_to_the_logs_too(served):
    inside = "logging.googleapis.com"
    assert ask(served, f"http://{inside}/v2/entries:list", Host=inside) == 405  # a GET; the door is there
    assert ask(served, "http://logging.googleapis.com.evil.example/x", Host="127.0.0.1") == 403
    assert ask(served, "/v2/entries:list", Host=inside) == 403


def test_tunnels_are_refused(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as line:
        line.sendall(b"CONNECT oauth2.googleapis.com:443 HTTP/1.1\r\nHost: oauth2.googleapis.com:443\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 502")


def test_the_region_is_in_the_host_name():
    assert region_of("us-west2-run.googleapis.com") == "us-west2"
    assert region_of("northamerica-northeast1-run.googleapis.com") == "northamerica-northeast1"
    assert region_of("run.googleapis.com") is None
    assert region_of("127.0.0.1:80") is None


def test_idle_counts_from_the_end_of_the_last_request():
    now = [100.0]
    gate = Gate(None, clock=lambda: now[0])
    now[0] = 130.0
    assert gate.idle_for() == 30.0
    gate.inside = 1
    assert gate.idle_for() == 0.0
