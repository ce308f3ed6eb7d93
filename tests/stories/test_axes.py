"""Every state and every verdict, asked over HTTP and read from each kind of fleet file: all must say the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.adapters.fake_cloudrun import FakeCloudRun, error_body
from tests.adapters.shapes import v1_service, v2_job, v2_pinned, v2_revision, v2_service
from tests.stories.conftest import SERVICES, Cloud, Fleet, P, Project, R, Shop, Way, labelled

REVISION, LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
NEWEST, OLD = "api-00007-abc", "api-00003-old"
FAILED = {"type": "Ready", "state": "CONDITION_FAILED", "reason": "HEALTH_CHECK_CONTAINER_ERROR"}
BASE = f"projects/{P}/locations/{R}/services/api/revisions"


def row(revision: str | None, percent: int, **more: Any) -> dict[str, Any]:
    return {"type": REVISION, "revision": revision, "percent": percent, **more} if revision else latest(percent)


def latest(percent: int = 100) -> dict[str, Any]:
    return {"type": LATEST, "percent": percent}


def api(commit: str, *rows: dict[str, Any], old: str | None = None, **changes: Any) -> Fleet:
    """The service `api` at `commit`; `rows` are asked for and effective; `old` is the commit of its old revision."""
    traffic = {"traffic": list(rows), "trafficStatuses": list(rows)} if rows else {}
    service = v2_service("api", template=labelled(commit), **{**traffic, **changes})
    revisions = [v2_revision(OLD, labels={"commit-sha": old})] if old else []
    newest = v2_revision(NEWEST, labels={"commit-sha": commit})
    return {"services": [service], "revisions": [*revisions, newest]}


def nothing_ready(commit: str) -> Fleet:
    fleet = api(commit, terminalCondition=FAILED)
    del fleet["services"][0]["latestReadyRevision"]
    del fleet["services"][0]["trafficStatuses"]
    fleet["revisions"][-1]["conditions"] = [FAILED]
    return fleet


def newest_failed(new: str, old: str, **changes: Any) -> Fleet:
    fleet = api(new, old=old, terminalCondition=FAILED, latestReadyRevision=f"{BASE}/{OLD}", **changes)
    fleet["revisions"][-1]["conditions"] = [FAILED]
    return fleet


Made = Callable[[dict[str, str]], Fleet]
# title: (fleet, verdict, code, serving, exit code)
STATES: dict[str, tuple[Made, str, str, str, int]] = {
    "latest": (lambda c: api(c["main"]), "current", "current", "latest", 0),
    "same content, other commit": (lambda c: api(c["web"]), "current", "current", "latest", 0),
    "behind": (lambda c: api(c["first"]), "stale", "behind", "latest", 1),
    "ahead": (lambda c: api(c["future"]), "stale", "ahead", "latest", 1),
    "diverged": (lambda c: api(c["hotfix"]), "stale", "diverged", "latest", 1),
    "no common history": (lambda c: api(c["other"]), "stale", "diverged", "latest", 1),
    "pinned": (lambda c: api(c["main"], row(NEWEST, 100)), "current", "current", "pinned", 0),
    "no traffic rows": (lambda c: api(c["main"], traffic=[]), "current", "current", "latest", 0),
    "a tag does not serve": (
        lambda c: api(c["main"], row(OLD, 0, tag="old"), latest(), old=c["first"]),
        *("current", "current", "latest", 0),
    ),
    "not serving the newest": (
        lambda c: api(c["main"], row(OLD, 100), old=c["api"]),
        *("misrouted", "current", "newest-not-serving", 1),
    ),
    "split, same content": (
        lambda c: api(c["main"], row(OLD, 30), row(NEWEST, 70), old=c["api"]),
        *("misrouted", "current", "split", 1),
    ),
    "split, one stale": (
        lambda c: api(c["main"], row(OLD, 5), row(NEWEST, 95), old=c["first"]),
        *("stale", "behind", "split", 1),
    ),
    "split, one unknown": (
        lambda c: api(c["main"], row(OLD, 5), row(NEWEST, 95), old="0" * 40),
        *("unknown", "unknown", "split", 3),
    ),
    "split, one stale and one unknown": (
        lambda c: api("0" * 40, row(OLD, 5), row(NEWEST, 95), old=c["first"]),
        *("stale", "behind", "split", 1),
    ),
    "asked for another": (
        lambda c: api(c["main"], traffic=[row(OLD, 100)], old=c["api"]),
        *("misrouted", "current", "desired-differs", 1),
    ),
    "asked for another, and stale": (
        lambda c: api(c["first"], traffic=[row(OLD, 100)], old=c["main"]),
        *("stale", "behind", "desired-differs", 1),
    ),
    "newest not ready": (
        lambda c: newest_failed(c["main"], c["api"]),
        *("misrouted", "current", "newest-not-ready", 1),
    ),
    "newest not ready, the old one stale": (
        lambda c: newest_failed(c["main"], c["first"]),
        *("stale", "behind", "newest-not-ready", 1),
    ),
    "newest not ready, as Cloud Run leaves it": (
        lambda c: newest_failed(c["main"], c["first"], observedGeneration="6"),
        *("stale", "behind", "newest-not-ready", 1),
    ),
    "never ready": (lambda c: nothing_ready(c["main"]), "missing", "unknown", "none", 1),
}


@pytest.mark.parametrize("title", STATES)
def test_each_state_has_its_verdict(way: Way, shop: Shop, title: str) -> None:
    made, verdict, code, serving, ends = STATES[title]
    ran = way(made(shop.commits), "api")
    assert ran.out, ran.err
    entry = ran.entry("api")
    assert (entry["verdict"], entry["code"], entry["serving"], ran.code) == (verdict, code, serving, ends), entry
    assert ran.json["verdict"] == verdict
    assert entry["reason"]


def test_what_serves_after_a_failure_is_named(way: Way, shop: Shop) -> None:
    ran = way(STATES["newest not ready, as Cloud Run leaves it"][0](shop.commits), "api")
    (serves,) = ran.entry("api")["revisions"]
    assert (serves["name"], serves["percent"], serves["commit"]) == (OLD, 100, shop.commits["first"])


def test_two_revisions_with_two_commits_are_both_listed_and_the_worst_speaks(way: Way, shop: Shop) -> None:
    ran = way(STATES["split, one stale"][0](shop.commits), "api")
    entry = ran.entry("api")
    shares = [(one["percent"], one["commit"]) for one in entry["revisions"]]
    assert shares == [(95, shop.commits["main"]), (5, shop.commits["first"])]
    assert entry["behind"] == 1
    assert [file["path"] for file in entry["files"]] == ["api/main.py"]


def test_a_stale_service_says_that_a_part_of_it_is_unknown(way: Way, shop: Shop) -> None:
    ran = way(STATES["split, one stale and one unknown"][0](shop.commits), "api")
    assert "95% of traffic on an unknown commit" in ran.entry("api")["reason"]


@pytest.mark.parametrize(
    "changes",
    [
        {"reconciling": True, "terminalCondition": {"type": "Ready", "state": "CONDITION_RECONCILING"}},
        {"observedGeneration": "6"},
        {"terminalCondition": {"type": "Ready", "state": "CONDITION_PENDING"}},
    ],
)
def test_on_its_way_is_unknown(project: Project, shop: Shop, changes: dict[str, Any]) -> None:
    ran = project.drift("api", "--fleet", project.file("fleet.json", api(shop.commits["main"], **changes)))
    entry = ran.entry("api")
    assert (entry["verdict"], entry["serving"], ran.code) == ("unknown", "reconciling", 3), entry


def test_on_its_way_over_http_is_unknown(project: Project, shop: Shop) -> None:
    fleet = api(shop.commits["main"], reconciling=True)
    with FakeCloudRun() as server:
        server.lists[f"projects/{P}/locations/{R}/services"] = [{"services": fleet["services"]}]
        ran = project.drift("api", CLOUD_RUN_EMULATOR_HOST=server.endpoint.removeprefix("http://"))
    assert (ran.entry("api")["serving"], ran.code) == ("reconciling", 3)


def test_a_file_from_the_future_is_unknown(project: Project, shop: Shop) -> None:
    odd: list[dict[str, Any]] = [
        {"terminalCondition": {"type": "Ready", "state": "CONDITION_DREAMING"}},
        {"terminalCondition": {"type": "Ready", "state": 17}},
        {"traffic": [{"type": "BY_MOOD", "percent": 100}]},
        {"trafficStatuses": [{"type": 9, "percent": 100}]},
        {"trafficStatuses": [{"type": LATEST, "percent": "many"}]},
        {"trafficStatuses": [latest(60)]},
        {"traffic": None},
        {"template": None},
        {"generation": [7]},
        {"latestReadyRevision": None},
        {"deleteTime": "2026-01-01T00:00:00Z"},
    ]
    for changes in odd:
        fleet = api(shop.commits["main"])
        fleet["services"][0] |= changes
        ran = project.drift("api", "--fleet", project.file("fleet.json", fleet))
        assert ran.entry("api")["verdict"] == "unknown", changes
        assert ran.code == 3, changes


def test_fields_from_the_future_do_no_harm(way: Way, shop: Shop) -> None:
    fleet = api(shop.commits["main"], mood="good", moods=[{"a": None}])
    fleet["services"][0]["template"]["containers"][0]["gpu"] = {"x": 1}
    assert way({**fleet, "poems": []}, "api").verdicts() == {f"api@{R}": "current"}


# what is not there, and what nobody asked for


def test_what_is_not_in_cloud_run_is_missing(way: Way, shop: Shop) -> None:
    ran = way(api(shop.commits["main"]))
    assert ran.verdicts() == {f"api@{R}": "current", f"web@{R}": "missing"}
    entry = ran.entry("web")
    assert (entry["code"], entry["serving"], entry["revisions"]) == ("unknown", "none", [])
    assert (ran.code, ran.json["verdict"]) == (1, "missing")
    assert ran.json["counts"] == {"current": 1, "stale": 0, "misrouted": 0, "missing": 1, "unknown": 0}


def test_what_nobody_manages_is_listed_and_changes_nothing(way: Way, shop: Shop) -> None:
    fleet = api(shop.commits["main"])
    fleet["services"].append(v2_service("blog", template=labelled("0" * 40)))
    ran = way(fleet, "api")
    assert ran.code == 0
    assert ran.json["unmanaged"] == [{"name": "blog", "region": R, "kind": "service"}]


@pytest.mark.parametrize("text", ["[]", "{}", '{"services": []}', '{"items": []}', ""])
def test_an_empty_fleet_is_never_in_sync(project: Project, text: str) -> None:
    ran = project.drift("--fleet", project.file("fleet.json", text))
    assert ran.code in (1, 3), ran.said
    if ran.out:
        assert set(ran.verdicts().values()) <= {"missing", "unknown"}


def test_an_empty_cloud_is_missing(project: Project, cloud: Cloud) -> None:
    cloud.holds({"services": []})
    ran = project.drift(CLOUD_RUN_EMULATOR_HOST=cloud.host)
    assert (ran.code, set(ran.verdicts().values())) == (1, {"missing"})


BROKEN = {
    "empty": b"",
    "blank": b" \n",
    "truncated": b'{"services": [{"name": "projects/shop-pr',
    "html": b"<!doctype html><title>Sign in</title>",
    "text": b"ERROR: (gcloud.run.services.list) There was a problem refreshing your credentials",
    "number": b"7",
    "null": b"null",
    "other": b'{"hello": "world"}',
    "other list": b'[{"hello": "world"}]',
    "bytes": b"\xff\xfe\x00\x01",
    "utf-16": '{"services": []}'.encode("utf-16"),
    "drift report": b'{"schema": "deploytool/drift/1", "services": []}',
    "deep": b"[" * 100_000,
    "digits": b'{"services": [' + b"9" * 10_000 + b"]}",
    "services not a list": b'{"services": {}}',
    "directory": b"",
}


@pytest.mark.parametrize("title", BROKEN)
def test_what_is_no_fleet_ends_with_3_and_a_hint(project: Project, title: str) -> None:
    file = str(project.folder) if title == "directory" else project.file("fleet.json", BROKEN[title])
    ran = project.drift("--fleet", file)
    assert ran.code == 3, ran.said
    assert ran.err.startswith("error: ")
    assert "hint: " in ran.err
    if title != "directory":
        assert project.drift("--fleet", "-", stdin=BROKEN[title]).code == 3
        assert project.run("status", "--fleet", file).code == 3
        assert project.run("where", "shared", "--fleet", file).code == 3


def test_a_file_that_is_not_there_is_said(project: Project) -> None:
    ran = project.drift("--fleet", "nowhere.json")
    assert ran.code == 3
    assert "nowhere.json" in ran.err


# whose fleet


def test_a_project_number_is_taken_for_the_project(project: Project, shop: Shop) -> None:
    service = v1_service("api", namespace="123456789012")
    service["spec"]["template"]["metadata"]["labels"] = {"commit-sha": shop.commits["main"]}
    ran = project.drift("api", "--fleet", project.file("fleet.json", [service]))
    assert (ran.code, ran.verdicts()) == (0, {f"api@{R}": "current"})


def test_a_fleet_of_another_project_is_unknown(project: Project, shop: Shop) -> None:
    fleet = [v2_service("api", project="shop-test", template=labelled(shop.commits["main"]))]
    ran = project.drift("--fleet", project.file("fleet.json", {"services": fleet}))
    assert (ran.code, set(ran.verdicts().values())) == (3, {"unknown"})
    assert "shop-test" in ran.json["errors"][0]["message"]


# regions


TWO_REGIONS = SERVICES.replace('["europe-west1"]', '["europe-west1", "us-east1"]')


def test_two_regions_are_two_entries(way: Way, project: Project, shop: Shop) -> None:
    project.services(TWO_REGIONS)
    fleet = api(shop.commits["main"])
    fleet["services"].append(v2_service("api", region="us-east1", template=labelled(shop.commits["first"])))
    ran = way(fleet, "api")
    assert (ran.code, ran.verdicts()) == (1, {f"api@{R}": "current", "api@us-east1": "stale"})
    assert ran.json["counts"]["stale"] == 1


@pytest.mark.parametrize(("commit", "verdict", "ends"), [("main", "current", 3), ("first", "stale", 1)])
def test_one_region_that_fails_leaves_the_other_judged(
    project: Project, shop: Shop, commit: str, verdict: str, ends: int
) -> None:
    project.services(TWO_REGIONS)
    fleet = api(shop.commits[commit])
    with FakeCloudRun() as server:
        server.lists[f"projects/{P}/locations/{R}/services"] = [{"services": fleet["services"]}]
        for revision in fleet["revisions"]:
            server.things[revision["name"]] = revision
        server.fail(f"projects/{P}/locations/us-east1/services", [(403, {}, error_body(403, "DENIED", "no."))])
        ran = project.drift("api", CLOUD_RUN_EMULATOR_HOST=server.endpoint.removeprefix("http://"))
        status = project.run("status", "--format", "json", CLOUD_RUN_EMULATOR_HOST=server.endpoint[7:])
    assert ran.verdicts() == {f"api@{R}": verdict, "api@us-east1": "unknown"}
    assert (ran.code, ran.json["verdict"]) == (ends, "unknown")
    (error,) = ran.json["errors"]
    assert error["region"] == "us-east1"
    assert "permission denied" in error["message"]
    assert status.code == 3
    again = project.drift("api", "--fleet", "-", stdin=status.out.encode())
    assert (again.code, again.verdicts()) == (ran.code, ran.verdicts())
    assert again.json["errors"] == ran.json["errors"]


def test_a_list_of_jobs_that_fails_hides_no_missing_service(project: Project, shop: Shop) -> None:
    """Services were listed in full: what is not among them is missing, whatever the jobs are."""
    with FakeCloudRun() as server:
        server.lists[f"projects/{P}/locations/{R}/services"] = [{"services": api(shop.commits["main"])["services"]}]
        server.fail(f"projects/{P}/locations/{R}/jobs", [(403, {}, error_body(403, "DENIED", "no."))])
        for revision in api(shop.commits["main"])["revisions"]:
            server.things[revision["name"]] = revision
        ran = project.drift(CLOUD_RUN_EMULATOR_HOST=server.endpoint.removeprefix("http://"))
    assert ran.verdicts() == {f"api@{R}": "current", f"web@{R}": "missing"}
    assert ran.code == 1


@pytest.mark.parametrize(("declared", "code"), [("service", 0), ("job", 3)])
def test_a_list_that_nobody_declared_needs_is_a_remark(project: Project, shop: Shop, declared: str, code: int) -> None:
    """An account that may not list jobs can still check services; with a job declared it cannot tell."""
    names = ["api"]
    if declared == "job":
        project.services(SERVICES + KINDS)
        names.append("nightly")
    with FakeCloudRun() as server:
        server.lists[f"projects/{P}/locations/{R}/services"] = [{"services": api(shop.commits["main"])["services"]}]
        server.fail(f"projects/{P}/locations/{R}/jobs", [(403, {}, error_body(403, "DENIED", "no."))])
        for revision in api(shop.commits["main"])["revisions"]:
            server.things[revision["name"]] = revision
        ran = project.drift(*names, CLOUD_RUN_EMULATOR_HOST=server.endpoint.removeprefix("http://"))
    assert ran.code == code
    assert bool(ran.json["errors"]) is (declared == "job")
    assert any("jobs" in remark["message"] for remark in ran.json["remarks"]) is (declared == "service")


# kinds


KINDS = """
[services.nightly]
kind = "job"
paths = ["nightly"]

[services.hook]
kind = "function"
paths = ["hook"]
"""


@pytest.mark.parametrize("asked", ["api", "v2 file"])
@pytest.mark.parametrize(("commit", "verdict", "ends"), [("main", "current", 0), (None, "unknown", 3)])
def test_jobs_and_functions_are_judged(
    project: Project, cloud: Cloud, shop: Shop, asked: str, commit: str | None, verdict: str, ends: int
) -> None:
    project.services(SERVICES + KINDS)
    named = labelled(shop.commits[commit] if commit else None)
    job = v2_job(template={"labels": named.get("labels", {}), "template": {"containers": named["containers"]}})
    hook = v2_service("hook", template=named, labels={"goog-managed-by": "cloudfunctions"})
    fleet = {"services": [hook], "jobs": [job]}
    cloud.holds(fleet)
    where = ["--fleet", project.file("fleet.json", fleet)] if asked == "v2 file" else []
    ran = project.drift("nightly", "hook", *where, CLOUD_RUN_EMULATOR_HOST=cloud.host)
    assert (ran.code, ran.verdicts()) == (ends, {f"nightly@{R}": verdict, f"hook@{R}": verdict})
    entry = ran.entry("nightly")
    assert (entry["kind"], entry["serving"], entry["revisions"][0]["percent"]) == ("job", "latest", 100)
    assert ran.entry("hook")["kind"] == "function"


def test_a_job_where_a_service_was_declared_is_unknown(project: Project, shop: Shop) -> None:
    fleet = {"jobs": [v2_job("api", template=labelled(shop.commits["main"]))]}
    ran = project.drift("api", "--fleet", project.file("fleet.json", fleet))
    assert (ran.code, ran.verdicts()) == (3, {f"api@{R}": "unknown"})
    assert "job" in ran.entry("api")["reason"]


def test_a_job_and_a_service_of_one_name_are_two_things(project: Project, shop: Shop) -> None:
    fleet = {**api(shop.commits["main"]), "jobs": [v2_job("api")]}
    ran = project.drift("api", "--fleet", project.file("fleet.json", fleet))
    assert (ran.code, ran.verdicts()) == (0, {f"api@{R}": "current"})


def test_stale_beats_unknown_beats_missing_beats_misrouted(project: Project, shop: Shop) -> None:
    """Within one service; and of several services the worst is said first, with doubt above all."""
    pinned = v2_pinned("web-00003-old", "web", template=labelled(shop.commits["main"]))
    old = v2_revision("web-00003-old", "web", labels={"commit-sha": shop.commits["web"]})
    fleet = {"services": [pinned], "revisions": [old]}
    ran = project.drift("--fleet", project.file("fleet.json", fleet))
    assert ran.verdicts() == {f"api@{R}": "missing", f"web@{R}": "misrouted"}
    assert (ran.json["verdict"], ran.code) == ("misrouted", 1)
