"""The real client against a small server on loopback: what is asked, what is understood, what never leaves."""

import subprocess
import sys
from dataclasses import replace

import pytest

from deploytool.adapters.cloudrun import CloudRun, Patience
from deploytool.adapters.fleet import v2json
from deploytool.domain.model import Kind, Place
from deploytool.domain.report import ServingState
from deploytool.domain.traffic import serving_of
from tests.adapters.fake_cloudrun import FakeCloudRun
from tests.adapters.shapes import P, R, v2_job, v2_pinned, v2_revision, v2_service

QUICK = Patience(total=3.0, call=1.0, attempts=3, first_wait=0.02)
SERVICES, JOBS = f"projects/{P}/locations/{R}/services", f"projects/{P}/locations/{R}/jobs"
OLD = f"{SERVICES}/api/revisions/api-00003-old"


@pytest.fixture
def server():
    with FakeCloudRun() as running:
        yield running


def look(server, regions=(R,), kinds=tuple(Kind)):
    return CloudRun(P, regions, server.endpoint, QUICK).fleet(kinds)


def named(fleet):
    return {service.place.name: service for service in fleet.services}


def test_one_list_per_region_and_kind(server):
    server.lists[SERVICES] = [{"services": [v2_service("a"), v2_service("b")]}]
    server.lists[JOBS] = [{"jobs": [v2_job()]}]
    fleet = look(server)
    assert set(named(fleet)) == {"a", "b", "nightly"}
    assert fleet.unreachable == ()
    assert sorted(server.paths()) == sorted([SERVICES, JOBS])


def test_what_comes_over_the_wire_is_what_the_json_says(server):
    env = [{"name": "A", "value": "b"}, {"name": "K", "valueSource": {"secretKeyRef": {"secret": "s"}}}, {"name": "E"}]
    containers = [{"image": "x", "env": env}, {"image": "main", "ports": [{"containerPort": 80}]}]
    rows = [
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "full-1", "percent": 30, "tag": "t"},
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 70},
    ]
    failed = {"type": "Ready", "state": "CONDITION_FAILED", "revisionReason": "HEALTH_CHECK_CONTAINER_ERROR"}
    documents = [
        v2_service("plain", annotations={"note": "x"}),
        v2_service("env", template={"containers": [{"image": "i", "env": env}], "revision": "env-1"}),
        v2_service("many", template={"containers": containers}),
        v2_service("rows", traffic=rows, trafficStatuses=[{**row, "uri": "https://t"} for row in rows]),
        v2_service("leaving", deleteTime="2026-02-04T03:07:00Z"),
        v2_service("moving", reconciling=True, observedGeneration="6"),
        v2_service("failed", terminalCondition=failed, latestReadyRevision=""),
    ]
    server.lists[SERVICES] = [{"services": documents}]
    server.lists[JOBS] = [{"jobs": [v2_job()]}]
    found = named(look(server, kinds=()))
    for document in documents:
        said = v2json.service_of(document)
        read = found[said.place.name]  # its serving revision is not there to be read, which is a problem of its own
        assert replace(read, problems=()) == replace(said, problems=())
        assert set(said.problems) <= set(read.problems)
    assert found["leaving"].problems == ("it is being deleted",)
    assert found["failed"].ready_reason == "HEALTH_CHECK_CONTAINER_ERROR"
    assert found["nightly"] == v2json.job_of(v2_job())


def test_pages_are_followed(server):
    server.lists[SERVICES] = [
        {"services": [v2_service("a")], "nextPageToken": "1"},
        {"nextPageToken": "2"},
        {"services": [v2_service("b")]},
    ]
    assert set(named(look(server))) == {"a", "b"}


def test_a_list_without_an_end_is_no_list(server):
    server.lists[SERVICES] = [{"services": [v2_service("a")], "nextPageToken": "0"}]
    fleet = look(server)
    assert fleet.services == ()
    assert "no end" in fleet.unreachable[0].message


def test_a_pinned_revision_is_read_by_name(server):
    server.lists[SERVICES] = [{"services": [v2_pinned(), v2_service("latest")]}]
    server.things[OLD] = v2_revision()
    fleet = look(server)
    assert server.paths().count(OLD) == 1
    assert len(server.asked) == 3
    assert fleet.revisions[Place(P, R, "api"), "api-00003-old"].labels == {"commit-sha": "f" * 40}
    assert serving_of(named(fleet)["api"], fleet.revisions).state is ServingState.NEWEST_NOT_SERVING


def test_a_serving_revision_that_cannot_be_read_is_a_problem_of_its_service(server):
    server.lists[SERVICES] = [{"services": [v2_pinned(), v2_service("other")]}]
    found = named(look(server))
    assert "api-00003-old could not be read" in found["api"].problems[0]
    assert found["other"].problems == ()


def test_a_revision_name_that_would_be_another_path_is_never_asked_for(server):
    server.lists[SERVICES] = [{"services": [v2_pinned(".."), v2_pinned("a?b", name="other")]}]
    found = named(look(server))
    assert found["api"].problems
    assert found["other"].problems
    assert not any("revisions" in path for path in server.paths())


def test_another_revision_than_the_one_asked_for_is_refused(server):
    server.lists[SERVICES] = [{"services": [v2_pinned()]}]
    server.things[OLD] = v2_revision("api-00004-other")
    fleet = look(server)
    assert fleet.revisions == {}
    assert named(fleet)["api"].problems


def test_what_a_newer_api_says_is_never_healthy(server):
    row = {"type": 9, "revision": "api-00007-abc", "percent": 100}
    server.lists[SERVICES] = [
        {
            "services": [
                v2_service("number", terminalCondition={"type": "Ready", "state": 77}),
                v2_service("name", terminalCondition={"type": "Ready", "state": "CONDITION_SPLENDID"}),
                v2_service("row", traffic=[row], trafficStatuses=[row]),
                v2_service("fields", shiny={"new": [1]}),
            ]
        }
    ]
    fleet = look(server)
    problems = {name: bool(serving_of(service, fleet.revisions).problems) for name, service in named(fleet).items()}
    assert problems == {"number": True, "name": True, "row": True, "fields": False}


def test_a_service_without_a_usable_name_makes_its_region_uncertain(server):
    server.lists[SERVICES] = [{"services": [v2_service("a"), {"name": "projects/p/locations/r/services/../x"}]}]
    fleet = look(server)
    assert set(named(fleet)) == {"a"}
    assert [entry.region for entry in fleet.unreachable] == [R]


def test_history_is_listed_in_pages(server):
    place = Place(P, R, "api")
    server.lists[f"{SERVICES}/api/revisions"] = [
        {"revisions": [v2_revision("api-00003-old")], "nextPageToken": "1"},
        {"revisions": [v2_revision("api-00002-old")]},
    ]
    history = CloudRun(P, [R], server.endpoint, QUICK).history(place)
    assert [revision.name for revision in history] == ["api-00003-old", "api-00002-old"]


def test_no_credential_goes_to_an_address_of_our_own(server, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password s3cr3t\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.lists[SERVICES] = [{"services": [v2_pinned()]}]
    server.things[OLD] = v2_revision()
    fleet = look(server)
    assert fleet.unreachable == ()
    assert len(server.asked) == 3
    assert all("authorization" not in {name.lower() for name in headers} for _, headers in server.asked)


def test_importing_the_room_loads_nothing_of_google():
    program = (
        "import sys; import deploytool.adapters.cloudrun, deploytool.adapters.fleet;"
        "print([m for m in ('google', 'requests', 'grpc', 'stamina', 'concurrent.futures') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
