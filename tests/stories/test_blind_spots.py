"""The four ways in which a drift script says "all up to date" and is wrong. None of them may end with 0 here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.adapters.fake_cloudrun import FakeCloudRun, error_body
from tests.adapters.shapes import v2_pinned, v2_revision, v2_service
from tests.stories.conftest import P, Project, R, Way, labelled

DIGEST = "eu.gcr.io/p/api@sha256:" + "a" * 64
NEVER_PUSHED = "e41d7b9e41d7b9e41d7b9e41d7b9e41d7b9e41d7"


def assert_never_fine(ran: Any) -> None:
    assert ran.code in (1, 3), ran.said
    assert ran.json["verdict"] != "current"
    assert "up to date" not in ran.said


# 1. a commit that this repository has never seen


@pytest.mark.parametrize("label", [NEVER_PUSHED, NEVER_PUSHED[:8], "latest", "main", "--output=x", "HEAD"])
def test_a_commit_nobody_knows_is_unknown(way: Way, project: Project, label: str) -> None:
    ran = way({"services": [v2_service("api", template=labelled(label))]}, "api")
    assert_never_fine(ran)
    assert ran.code == 3
    entry = ran.entry("api")
    assert (entry["verdict"], entry["code"], entry["provenance"]) == ("unknown", "unknown", "none")
    assert entry["revisions"][0]["commit"] is None
    assert "commit" in entry["reason"]
    assert not (project.folder / "x").exists()


# 2. credentials that are refused


@pytest.mark.parametrize(
    ("status", "word"), [(401, "401"), (403, "permission denied"), (404, "not found"), (400, "refused")]
)
def test_refused_credentials_are_unknown(project: Project, status: int, word: str) -> None:
    refused = (status, {}, error_body(status, "PERMISSION_DENIED", "no."))
    with FakeCloudRun() as server:
        for kind in ("services", "jobs"):
            server.fail(f"projects/{P}/locations/{R}/{kind}", [refused])
        host = server.endpoint.removeprefix("http://")
        ran = project.drift(CLOUD_RUN_EMULATOR_HOST=host)
        status_ran = project.run("status", CLOUD_RUN_EMULATOR_HOST=host)
        where = project.run("where", "shared", CLOUD_RUN_EMULATOR_HOST=host)
    assert_never_fine(ran)
    assert ran.code == 3
    assert set(ran.verdicts().values()) == {"unknown"}
    assert ran.json["errors"]
    assert all(word in entry["reason"] for entry in ran.json["services"])
    assert status_ran.code == 3
    assert where.code == 3


def test_a_disabled_api_names_the_command_that_enables_it(project: Project) -> None:
    disabled = (403, {}, error_body(403, "PERMISSION_DENIED", "Cloud Run Admin API ...", "SERVICE_DISABLED"))
    with FakeCloudRun() as server:
        for kind in ("services", "jobs"):
            server.fail(f"projects/{P}/locations/{R}/{kind}", [disabled])
        ran = project.drift(CLOUD_RUN_EMULATOR_HOST=server.endpoint.removeprefix("http://"))
    assert ran.code == 3
    assert "gcloud services enable run.googleapis.com" in ran.entry("api")["hint"]


def test_no_credentials_at_all_are_unknown(project: Project) -> None:
    """Google's own address: without credentials nothing may leave, and nothing may be fine."""
    ran = project.program("drift", "--format", "json", NO_GCE_CHECK="true", **DEAD_PROXY)
    assert_never_fine(ran)
    assert ran.code == 3
    assert "no Google credentials" in ran.entry("api")["reason"]
    assert ran.entry("api")["hint"] == "gcloud auth application-default login"


# Whatever would still leave this machine ends at a port where nobody listens.
DEAD_PROXY = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")


def test_expired_credentials_are_unknown(project: Project) -> None:
    """A login whose refresh token was taken back, as `gcloud auth revoke` and time leave it."""
    with FakeCloudRun() as server:
        secret = "a-refresh-token-that-nobody-may-see"
        login = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": secret}
        login["token_uri"] = f"{server.endpoint}/token"
        ran = project.program(
            "drift",
            "--format",
            "json",
            GOOGLE_APPLICATION_CREDENTIALS=project.file("login.json", login),
            GOOGLE_CLOUD_QUOTA_PROJECT="x",
            **DEAD_PROXY,
        )
    assert_never_fine(ran)
    assert ran.code == 3
    assert set(ran.verdicts().values()) == {"unknown"}
    assert secret not in ran.said


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"type": "authorized_user"}', '{"type": "from the future"}'])
def test_a_broken_credentials_file_is_unknown(project: Project, content: str) -> None:
    ran = project.drift(GOOGLE_APPLICATION_CREDENTIALS=project.file("login.json", content), NO_GCE_CHECK="true")
    assert_never_fine(ran)
    assert ran.code == 3


def test_a_region_that_a_file_calls_unreachable_is_unknown(project: Project) -> None:
    for gone in (
        {"region": R, "message": "401, the credentials were refused"},
        f"projects/{P}/locations/{R}",
        R,
        {},
        7,
    ):
        ran = project.drift("--fleet", project.file("fleet.json", {"services": [], "unreachable": [gone]}))
        assert_never_fine(ran)
        assert ran.code == 3
        assert set(ran.verdicts().values()) == {"unknown"}, gone


# 3. traffic that is pinned


def test_pinned_to_an_old_revision_is_judged_by_what_serves(way: Way, project: Project) -> None:
    """The newest revision has the newest commit and serves nobody."""
    commits = project.shop.commits
    old = v2_revision(labels={"commit-sha": commits["first"]})
    ran = way({"services": [v2_pinned(template=labelled(commits["main"]))], "revisions": [old]}, "api")
    assert_never_fine(ran)
    assert ran.code == 1
    entry = ran.entry("api")
    assert (entry["verdict"], entry["code"], entry["serving"]) == ("stale", "behind", "newest-not-serving")
    assert [row["name"] for row in entry["revisions"]] == ["api-00003-old"]


def test_pinned_to_an_old_revision_with_the_same_content_is_misrouted(way: Way, project: Project) -> None:
    commits = project.shop.commits
    old = v2_revision(labels={"commit-sha": commits["web"]})  # after it, nothing of api changed
    ran = way({"services": [v2_pinned(template=labelled(commits["main"]))], "revisions": [old]}, "api")
    assert_never_fine(ran)
    assert ran.code == 1
    entry = ran.entry("api")
    assert (entry["verdict"], entry["code"], entry["serving"]) == ("misrouted", "current", "newest-not-serving")


def test_pinned_to_a_revision_that_nobody_describes_is_unknown(project: Project) -> None:
    fleet = {"services": [v2_pinned(template=labelled(project.shop.commits["main"]))]}
    ran = project.drift("api", "--fleet", project.file("fleet.json", fleet))
    assert_never_fine(ran)
    assert ran.code == 3
    assert ran.entry("api")["serving"] == "newest-not-serving"
    assert "api-00003-old" in ran.entry("api")["reason"]


# 4. an old image, deployed again without a label


def test_an_image_without_any_commit_is_unknown(way: Way) -> None:
    ran = way({"services": [v2_service("api", template=labelled(None))]}, "api")
    assert_never_fine(ran)
    assert ran.code == 3
    assert ran.entry("api")["verdict"] == "unknown"
    assert "nothing says which commit it runs" in ran.entry("api")["reason"]


def test_a_digest_that_another_service_proves_is_proven(way: Way, project: Project) -> None:
    """The old image came back by its digest; another service that runs the same image says its commit."""
    image: dict[str, Any] = {"containers": [{"image": DIGEST}]}
    bare = v2_service("api", template=image)
    proven = v2_service("web", template={"labels": {"commit-sha": project.shop.commits["first"]}, **image})
    ran = way({"services": [bare, proven]})
    assert_never_fine(ran)
    assert ran.code == 1
    entry = ran.entry("api")
    assert (entry["verdict"], entry["provenance"]) == ("stale", "digest")
    assert entry["revisions"][0]["commit"] == project.shop.commits["first"]


def test_a_digest_that_an_older_revision_proves_is_proven(way: Way, project: Project) -> None:
    bare = v2_service("api", template={"containers": [{"image": DIGEST}]})
    older = v2_revision(labels={"commit-sha": project.shop.commits["first"]}, containers=[{"image": DIGEST}])
    ran = way({"services": [bare], "revisions": [older]}, "api")
    assert_never_fine(ran)
    entry = ran.entry("api")
    assert (ran.code, entry["verdict"], entry["provenance"]) == (1, "stale", "digest")


def test_the_table_says_the_same(project: Project) -> None:
    fleet = {"services": [v2_service("api", template=labelled(None))]}
    ran = project.run("drift", "--fleet", project.file("fleet.json", json.dumps(fleet)))
    assert ran.code == 1
    assert "up to date" not in ran.said
    assert "unknown" in ran.out
    assert "missing" in ran.out


def test_a_history_out_of_reach_leaves_the_others_judged(project: Project) -> None:
    """Only for the image without a commit older revisions are asked for; their list is refused."""
    with FakeCloudRun() as server:
        base = f"projects/{P}/locations/{R}"
        bare = v2_service("api", template={"containers": [{"image": DIGEST}]})
        current = v2_service("web", template=labelled(project.shop.commits["main"]))
        server.lists[f"{base}/services"] = [{"services": [bare, current]}]
        for service in (bare, current):
            server.things[service["latestReadyRevision"]] = {
                **service["template"],
                "name": service["latestReadyRevision"],
            }
        server.fail(f"{base}/services/api/revisions", [(403, {}, error_body(403, "PERMISSION_DENIED", "no."))])
        ran = project.drift(CLOUD_RUN_EMULATOR_HOST=server.endpoint.removeprefix("http://"))
    assert ran.code == 3, ran.err
    assert ran.verdicts() == {f"api@{R}": "unknown", f"web@{R}": "current"}
    assert "permission denied" in ran.entry("api")["reason"]
