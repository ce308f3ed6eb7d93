"""Whole fleets in and out."""

import json
from pathlib import Path

import pytest

from deploytool.emulator import client
from deploytool.emulator.errors import EmulatorError

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
LOCATION = "projects/demo-project/locations/us-west2"
SEED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "seed" / "fleet.json"


def a_service(name="api", newest="api-00007-abc", **more):
    full = f"{LOCATION}/services/{name}"
    return {
        "name": full,
        "generation": "9",
        "template": {"containers": [{"image": "x/y:7"}], "labels": {"commit-sha": "abc"}},
        "traffic": [{"type": LATEST, "percent": 100}],
        "trafficStatuses": [{"type": LATEST, "percent": 100}],
        "latestReadyRevision": f"{full}/revisions/{newest}",
        "latestCreatedRevision": f"{full}/revisions/{newest}",
        "observedGeneration": "9",
        "updateTime": "2026-02-04T03:07:00Z",
        "uri": "https://api-abcde-wl.a.run.app",
        "etag": '"of-google"',
        "fieldOfTomorrow": {"a": [None, 1]},
    } | more


def meant(fleet):
    return {"services", "revisions"} & set(fleet)


@pytest.fixture
def address(served):
    return client.Address("127.0.0.1", served.port, served.token)


def test_what_goes_in_comes_out(address):
    job = {"name": f"{LOCATION}/jobs/nightly", "template": {}}
    told = client.import_fleet(address, {"services": [a_service()], "jobs": [job], "unreachable": ["r"]})
    assert told == {"services": 1, "revisions": 0, "jobs": 1, "made": 1, "ignored": ["unreachable"]}
    out = client.export_fleet(address)
    assert out["services"] == [a_service()]
    assert out["jobs"] == [job]
    client.reset(address)
    assert client.export_fleet(address) == {"services": [], "revisions": [], "jobs": []}
    client.import_fleet(address, out)
    assert client.export_fleet(address) == out


def test_readers_get_a_local_address_and_never_the_real_one(served, address):
    client.import_fleet(address, {"services": [a_service()]})
    assert served.service() == a_service(uri=f"http://127.0.0.1:{served.port}/run/demo-project/us-west2/api")


def test_the_newest_revision_is_told_from_the_template_and_an_older_one_is_not(served, address):
    rows = [{"type": REVISION, "revision": "api-00005-old", "percent": 100}]
    client.import_fleet(address, {"services": [a_service(traffic=rows, trafficStatuses=rows)]})
    newest, old = served.revisions()
    assert (newest["containers"], newest["labels"]) == ([{"image": "x/y:7"}], {"commit-sha": "abc"})
    assert "containers" not in old
    assert old["conditions"][0]["state"] == "CONDITION_SUCCEEDED"


def test_numbers_go_on_where_the_import_stood(served, address):
    client.import_fleet(address, {"services": [a_service()]})
    after = served.patch({"template": {"containers": [{"image": "x/y:8"}]}}, "updateMask=template.containers")
    assert "/api-00008-" in after["latestReadyRevision"]
    assert after["generation"] == "10"
    assert after["fieldOfTomorrow"] == {"a": [None, 1]}
    assert after["template"]["labels"] == {"commit-sha": "abc"}


def test_an_imported_service_can_be_pinned_by_its_own_etag(served, address):
    client.import_fleet(address, {"services": [a_service()]})
    rows = [{"type": REVISION, "revision": "api-00007-abc", "percent": 100}]
    after = served.patch({"etag": '"of-google"', "traffic": rows}, "updateMask=traffic")
    assert after["trafficStatuses"] == rows
    assert after["template"] == a_service()["template"]


@pytest.mark.parametrize(
    "fleet",
    [
        {},
        {"items": []},
        {"services": {}},
        {"services": [1]},
        {"services": [{"name": "api"}]},
        {"services": [{"apiVersion": "serving.knative.dev/v1", "metadata": {"name": "api"}}]},
        {"revisions": [{"name": f"{LOCATION}/services/api"}]},
    ],
)
def test_what_is_no_fleet_is_refused_whole(address, fleet):
    client.import_fleet(address, {"services": [a_service("before")]})
    with pytest.raises(EmulatorError):
        client.import_fleet(address, {"jobs": [{"name": f"{LOCATION}/jobs/j"}]} | fleet if meant(fleet) else fleet)
    assert client.export_fleet(address)["jobs"] == []


def test_a_restart_on_another_port_changes_nothing_but_the_address(serve, tmp_path):
    first = serve(tmp_path)
    service = first.create(traffic=[{"type": LATEST, "percent": 100, "tag": "live"}])
    first.house.stop()
    second = serve(tmp_path)
    assert second.port != first.port
    moved = json.loads(json.dumps(service).replace(f":{first.port}/", f":{second.port}/"))
    assert second.service() == moved


@pytest.mark.skipif(not SEED.exists(), reason="the recorded fleet is not beside the repository")
def test_the_recorded_fleet_round_trips(served, address):
    fleet = json.loads(SEED.read_text())
    client.import_fleet(address, fleet)
    out = client.export_fleet(address)
    assert sorted(out["services"], key=lambda s: s["name"]) == sorted(fleet["services"], key=lambda s: s["name"])
    assert sorted(out["revisions"], key=lambda s: s["name"]) == sorted(fleet["revisions"], key=lambda s: s["name"])
