"""The fleet that a story begins with: the shape of the API, and the commits of the repository."""

from __future__ import annotations

import json

import pytest

from deploytool.errors import UsageError
from deploytool.sandbox import fleet_of, images_of

HOME = "projects/nba-props-platform/locations/us-west2/services"
FLEET = fleet_of("platform")
SERVICES = {service["name"].rsplit("/", 1)[1]: service for service in FLEET["services"]}
REVISIONS = {revision["name"].rsplit("/", 1)[1]: revision for revision in FLEET["revisions"]}


def serving(service: dict) -> str:
    """The short name of the only revision that serves."""
    (row,) = service["trafficStatuses"]
    assert row["percent"] == 100
    return row.get("revision") or service["latestReadyRevision"].rsplit("/", 1)[1]


def environment(revision: dict) -> dict:
    return {given["name"]: given.get("value") for given in revision["containers"][0]["env"]}


def test_it_is_json_and_the_same_every_time():
    assert json.loads(json.dumps(FLEET)) == fleet_of("platform") == FLEET
    assert set(FLEET) == {"services", "revisions", "jobs"}


def test_all_eight_are_there(expected):
    assert set(SERVICES) == set(expected["services"])


@pytest.mark.parametrize("name", SERVICES)
def test_what_serves_was_built_from_the_commit_of_the_table(expected, name):
    row, revision = expected["services"][name], REVISIONS[serving(SERVICES[name])]
    written = row["commit"] or row["written"]
    assert written.startswith(environment(revision)["BUILD_COMMIT"])
    assert {"commit-sha": written[: len(environment(revision)["BUILD_COMMIT"])]} == revision["labels"] or (
        row["provenance"] == "env" and revision["labels"] == {}
    )


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_settled_and_its_template_is_that_of_its_newest_revision(name):
    service = SERVICES[name]
    newest = REVISIONS[service["latestCreatedRevision"].rsplit("/", 1)[1]]
    assert service["name"] == f"{HOME}/{name}"
    assert newest["name"].startswith(f"{HOME}/{name}/revisions/{name}-00")
    assert service["generation"] == service["observedGeneration"]
    assert service["traffic"] == service["trafficStatuses"]
    assert service["template"].items() <= newest.items()
    assert service["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"


def test_traffic_of_the_scrapers_is_pinned_and_their_newest_revision_is_retired(expected):
    service = SERVICES["nba-phase1-scrapers"]
    row = {
        "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
        "revision": "nba-phase1-scrapers-00027-vbt",
        "percent": 100,
    }
    assert service["traffic"] == [row]
    newest = REVISIONS[service["latestReadyRevision"].rsplit("/", 1)[1]]
    ready, active, _ = newest["conditions"]
    assert (ready["state"], ready["revisionReason"]) == ("CONDITION_SUCCEEDED", "RETIRED")
    assert (active["state"], active["severity"]) == ("CONDITION_FAILED", "INFO")
    assert expected["services"]["nba-phase1-scrapers"]["newest_commit"].startswith(newest["labels"]["commit-sha"])


def test_a_latest_row_names_no_revision():
    latest = [row for service in FLEET["services"] for row in service["traffic"] if row["type"].endswith("LATEST")]
    assert len(latest) == 7
    assert all(set(row) == {"type", "percent"} for row in latest)


def test_a_secret_is_named_and_never_given():
    secrets = [
        given for revision in FLEET["revisions"] for given in revision["containers"][0]["env"] if "value" not in given
    ]
    assert {given["name"] for given in secrets} == {"ODDS_API_KEY", "SLACK_URL"}
    assert all(set(given["valueSource"]["secretKeyRef"]) == {"secret", "version"} for given in secrets)


class TestImages:
    def test_each_stands_for_one_service_at_one_commit(self):
        references = [revision["containers"][0]["image"] for revision in FLEET["revisions"]]
        assert len(set(references)) == len(references) == 9
        for revision, reference in zip(FLEET["revisions"], references, strict=True):
            name, _, digest = reference.partition("@sha256:")
            assert name == f"us-west2-docker.pkg.dev/nba-props-platform/nba-props/{revision['service']}"
            assert len(bytes.fromhex(digest)) == 32

    def test_all_but_the_one_whose_sources_nobody_has(self, sandbox):
        images = images_of("platform")
        assert {image.revision for image in images} == REVISIONS.keys() - {"nba-phase2-raw-processors-00088-t5m"}
        for image in images:
            assert image.reference == REVISIONS[image.revision]["containers"][0]["image"]
            assert sandbox.git("cat-file", "-t", image.commit).strip() == "commit"
            assert image.dockerfile in sandbox.files(image.commit)


def test_a_story_that_does_not_exist():
    with pytest.raises(UsageError, match="no sandbox story 'platfrom'") as caught:
        fleet_of("platfrom")
    assert '"platform"' in caught.value.hint
