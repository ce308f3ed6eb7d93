"""Fleet files: every shape people have, every way a file can be wrong, and the way out and back."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from deploytool.adapters.fleet import fleet_document, read_fleet, source
from deploytool.domain.model import Fleet, Kind, Place, Unreachable
from deploytool.domain.provenance import candidates_of, hexes_of
from deploytool.domain.report import ServingState
from deploytool.domain.traffic import serving_of
from deploytool.errors import CouldNotLook, ExitCode, UsageError
from tests.adapters.shapes import SHA, P, R, v1_service, v2_job, v2_pinned, v2_revision, v2_service


def read(document, project=P, regions=(R,)) -> Fleet:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_fleet(["-"], io.BytesIO(content), project, regions)


def v1_list(*items, kind="List"):
    return {"apiVersion": "v1", "kind": kind, "metadata": {}, "items": list(items)}


SHAPES = {
    "fleet": {"services": [v2_service()], "revisions": [], "jobs": [], "unreachable": []},
    "status": {"schema": "deploytool/status/1", "rows": [], "fleet": {"services": [v2_service()]}},
    "v2 list answer": {"services": [v2_service()]},
    "v2 single": v2_service(),
    "v2 bare list": [v2_service()],
    "gcloud list": [v1_service()],
    "gcloud describe": v1_service(),
    "knative List": v1_list(v1_service()),
    "knative ServiceList without kinds": v1_list(
        {key: value for key, value in v1_service().items() if key != "kind"}, kind="ServiceList"
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_holds_the_same_service(shape):
    fleet = read(SHAPES[shape])
    assert [service.place for service in fleet.services] == [Place(P, R, "api")]
    assert fleet.unreachable == ()
    serving = serving_of(fleet.services[0], fleet.revisions)
    assert (serving.state, serving.problems) == (ServingState.LATEST, ())


def test_a_byte_order_mark_is_fine():
    assert read(b"\xef\xbb\xbf" + json.dumps([v2_service()]).encode()).services


WRONG = {
    "empty": (b"", "empty"),
    "blank": (b" \n", "empty"),
    "truncated": (json.dumps({"services": [v2_service()]}).encode()[:-9], "ends too early"),
    "yaml": (b"kind: Service\n", "not JSON"),
    "an error message": (b"ERROR: (gcloud.run.services.list) permission denied", "not JSON"),
    "UTF-16": ("[]".encode("utf-16"), "not UTF-8"),
    "text": (b'"hello"', "neither"),
    "null": (b"null", "neither"),
    "empty object": (b"{}", "empty object"),
    "other object": (b'{"a": 1}', "another shape"),
    "services no list": (b'{"services": {}}', "not as a list"),
    "services null": (b'{"services": null}', "not as a list"),
    "a list of other things": (b'[{"displayPercent": "0%"}, 3]', "nothing that is a service"),
    "a kind that is no text": (b'{"kind": []}', "another shape"),
    "a pod": (b'{"kind": "Pod", "metadata": {"name": "x"}}', "another shape"),
    "a drift report": (b'{"schema": "deploytool/drift/1", "services": []}', "no fleet"),
    "a status without fleet": (b'{"schema": "deploytool/status/1", "fleet": {}}', "no fleet"),
    "nested bomb": (b"[" * 200_000, "looks like"),
    "number bomb": (b'{"services": [' + b"9" * 9_000 + b"]}", "looks like"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_fleet_is_said_in_one_sentence(name):
    content, words = WRONG[name]
    with pytest.raises(CouldNotLook) as caught:
        read(content)
    assert words in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code is ExitCode.UNDETERMINED
    assert "\n" not in caught.value.message


def test_a_file_that_is_too_large(monkeypatch):
    monkeypatch.setattr(source, "LIMIT", 10)
    with pytest.raises(CouldNotLook, match="larger"):
        read([v2_service()])


def test_paths_that_cannot_be_read(tmp_path: Path):
    for path in (tmp_path / "absent", tmp_path, "a\0b"):
        with pytest.raises(CouldNotLook, match="cannot be read"):
            read_fleet([str(path)], None, P, [R])
    with pytest.raises(UsageError):
        read_fleet(["-", "-"], io.BytesIO(b"[]"), P, [R])


def test_an_empty_list_is_an_empty_fleet():
    assert read(b"[]") == Fleet(source="standard input")


def test_files_are_merged(tmp_path: Path):
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    first.write_text(json.dumps([v2_pinned()]))
    second.write_text(json.dumps({"revisions": [v2_revision()], "jobs": [v2_job()]}))
    fleet = read_fleet([str(first), str(second)], None, P, [R])
    assert {service.kind for service in fleet.services} == {Kind.SERVICE, Kind.JOB}
    assert list(fleet.revisions) == [(Place(P, R, "api"), "api-00003-old")]
    assert fleet.source == f"{first}, {second}"


def test_a_job_may_have_the_name_of_a_service():
    fleet = read({"services": [v2_service("same")], "jobs": [v2_job("same")]})
    assert len(fleet.services) == 2
    assert all(service.problems == () for service in fleet.services)


def test_twice_the_same_is_once_and_twice_different_is_a_problem():
    assert read([v2_service(), v2_service()]).services[0].problems == ()
    differing = read([v2_service(), v2_service(generation="9")])
    assert len(differing.services) == 1
    assert "twice" in differing.services[0].problems[0]
    revisions = read({"services": [v2_pinned()], "revisions": [v2_revision(), v2_revision(labels={})]})
    assert "twice" in revisions.services[0].problems[0]


@pytest.mark.parametrize(
    "document",
    [
        {"services": [v2_service()], "nextPageToken": "more"},
        {**v1_list(v1_service()), "metadata": {"continue": "more"}},
        {"services": [v2_service(), 5]},
        {"services": [v2_service(), {"name": "x"}]},
        {"services": [v2_service()], "jobs": [v2_service("other")]},
        [v1_service(), v1_service("other", labels={})],
        {"services": [v2_service()], "revisions": [{"name": "x"}]},
        {"services": [v2_service()], "unreachable": [5]},
    ],
    ids=lambda document: json.dumps(document)[-60:],
)
def test_what_may_be_missing_from_a_file_makes_the_regions_unreachable(document):
    fleet = read(document, regions=(R, "us-west2"))
    assert [service.place.name for service in fleet.services] == ["api"]
    assert {entry.region for entry in fleet.unreachable} == {R, "us-west2"}


def test_unreachable_regions_of_a_file():
    ours = {"region": "us-west2", "message": "503", "hint": "later", "kinds": ["job"]}
    fleet = read({"services": [], "unreachable": [ours, "projects/1/locations/asia-east1"]})
    assert fleet.unreachable[0] == Unreachable(P, "us-west2", "503", "later", (Kind.JOB,))
    assert fleet.unreachable[1].region == "asia-east1"


def test_another_project_is_never_taken_for_this_one():
    fleet = read([v2_service("api"), v2_service("web", project="other-project")])
    assert {service.place for service in fleet.services} == {Place(P, R, "api"), Place("other-project", R, "web")}
    assert [(entry.project, entry.region) for entry in fleet.unreachable] == [(P, R)]
    assert "other-project" in fleet.unreachable[0].message


def test_a_project_number_is_this_project_but_two_numbers_cannot_be():
    one = read([v1_service("api"), v1_service("web")])
    assert {service.place.project for service in one.services} == {P}
    two = read([v1_service("api"), v1_service("web", namespace="111")])
    assert {service.place.project for service in two.services} == {P, "111"}
    assert two.unreachable


def test_a_number_in_services_toml_is_compared_as_it_is():
    assert read([v1_service(namespace="222")], project="111").unreachable
    assert read([v1_service(namespace="111")], project="111").unreachable == ()


SPLIT = [{"type": 2, "revision": "api-00003-old", "percent": 40, "tag": "a"}, {"type": 1, "percent": 60}]
FLEETS = {
    "healthy": {"services": [v2_service()], "jobs": [v2_job()]},
    "pinned": {"services": [v2_pinned()], "revisions": [v2_revision()]},
    "split and moving": {"services": [v2_service(traffic=SPLIT, trafficStatuses=SPLIT, reconciling=True)]},
    "malformed": {"services": [v2_service(trafficStatuses=[{"type": 7, "percent": "x"}])]},
    "failed": {"services": [v2_service(terminalCondition={"state": "CONDITION_FAILED", "reason": "X"})]},
    "knative": [v1_service(), v1_service("web", traffic=[{"revisionName": "web-1", "percent": 100}])],
    "other project": [v2_service(project="other")],
    "incomplete": {"services": [v2_service(labels=3)], "nextPageToken": "x", "unreachable": [{"region": "a"}]},
}


@pytest.mark.parametrize("name", FLEETS)
def test_export_and_read_back_give_the_same_judgement(name):
    fleet = read(FLEETS[name])
    document = fleet_document(fleet)
    again = read({"schema": "deploytool/status/1", "fleet": json.loads(json.dumps(document))})
    assert [judgement(again, service) for service in again.services] == [
        judgement(fleet, service) for service in fleet.services
    ]
    assert set(fleet.unreachable) <= set(again.unreachable)
    assert fleet_document(again) == document


def judgement(fleet, service):
    serving = serving_of(service, fleet.revisions)
    known = {name: revision for (place, name), revision in fleet.revisions.items() if place == service.place}
    commits = hexes_of(candidates_of(service, service.template, True))
    return service.place, service.kind, serving.state, serving.shares, bool(serving.problems), commits, known


def test_no_secret_leaves_by_an_export():
    env = [
        {"name": "API_KEY", "value": "s3cr3t-1"},
        {"name": "BUILD_COMMIT", "value": SHA},
        {"name": "GIT_SHA", "value": "s3cr3t-2"},
        {"name": "COMMIT_SHA", "value": "s3cr3t-3-dirty"},
        {"name": "SOURCE_COMMIT", "value": "s3cr3t-4-gabc1234"},
        {"name": "MINE", "value": "abc1234"},
    ]
    raw = v2_service(template={"containers": [{"image": "i", "env": env}]})
    fleet = read({"services": [raw], "revisions": [v2_revision(containers=[{"image": "i", "env": env}])]})
    document = fleet_document(fleet, env_names=["MINE"])
    assert "s3cr3t" not in json.dumps(document)
    kept = {row["name"]: row.get("value") for row in document["services"][0]["template"]["containers"][0]["env"]}
    assert kept == {
        "API_KEY": None,  # that it is set, never to what
        "BUILD_COMMIT": SHA,
        "GIT_SHA": "(left out)",
        "COMMIT_SHA": "dirty",
        "SOURCE_COMMIT": "abc1234",
        "MINE": "abc1234",
    }


def test_unreadable_parts_stay_problems_after_an_export():
    fleet = read([v2_service()])
    fleet = replace(fleet, services=(replace(fleet.services[0], problems=("odd",)),))
    assert read(fleet_document(fleet)).services[0].problems == ("odd",)
