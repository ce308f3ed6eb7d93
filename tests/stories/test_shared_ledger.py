"""CI machines are thrown away: what one of them released, the next one must know, hold back, and bring to an end."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from deploytool.emulator import client
from deploytool.emulator.lockfile import claim_in
from tests.stories.conftest import SOURCE, Project, Ran, Shop

NAME = "prediction-coordinator"
SHARED = '\n[ledger]\nmirror = "gs://team-ledger/runs"\n'
NOW = "2026-02-05T12:00:00Z"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[Project, Project]]:
    """Two folders: in the first one the sandbox is made, the second one uses its server and its repository."""
    first, second = (Project(tmp_path_factory.mktemp(name), shop, {"DEPLOYTOOL_NOW": NOW}) for name in "ab")
    for one in (first, second):
        one.environ["XDG_CACHE_HOME"] = str(one.folder / "cache")
    text = (SOURCE / "services.toml").read_text().replace("steps = [10, 50, 100]", "steps = [100]")
    text = text.replace('backend = "sqlite"', 'backend = "gcs"\nbucket = "team-locks"') + SHARED
    repository = str(first.folder / ".deploytool" / "sandbox" / "platform")
    (first.folder / "services.toml").write_text(text)
    text = text.replace(".deploytool/sandbox/platform", repository)
    (second.folder / "services.toml").write_text(re.sub(r"\[sandbox\]\nstory = .*\n", "", text))
    try:
        first.program("status")  # a process of its own, for its server is to outlive it
        claim = claim_in(first.folder / ".deploytool")
        assert claim is not None
        second.environ["CLOUD_RUN_EMULATOR_HOST"] = f"127.0.0.1:{claim.address.port}"
        yield first, second
    finally:
        claim = claim_in(first.folder / ".deploytool")
        if claim is not None:
            client.stop(claim.address)


def outcomes(project: Project) -> list[str | None]:
    """Of all releases, newest first."""
    ran = project.run("releases", "--format", "json")
    assert ran.code == 0, ran.said
    return [release["outcome"] for release in ran.json["releases"]]


def ended(ran: Ran, code: int = 0) -> Ran:
    assert ran.code == code, ran.said
    return ran


def test_one_machine_leaves_a_release_and_another_one_ends_it(pair: tuple[Project, Project]) -> None:
    first, second = pair
    ended(first.run("deploy", NAME, "--yes", "--no-traffic"))
    refused = ended(second.run("deploy", NAME, "--yes"), 1)
    assert "has not ended" in refused.said
    ended(second.run("deploy", NAME, "--abort", "--yes"))
    assert outcomes(first) == outcomes(second) == ["aborted"]

    ended(first.run("deploy", NAME, "--yes"))
    ended(second.run("rollback", NAME, "--yes"))
    held = ended(first.run("deploy", NAME, "--dry-run"), 1)
    assert "rolled back by" in held.said
    for project in pair:
        assert outcomes(project) == ["succeeded", "succeeded", "aborted"]
        ended(project.run("releases", "--verify"))


def test_a_bucket_that_cannot_be_read_stops_whoever_must_know(pair: tuple[Project, Project]) -> None:
    _, second = pair
    ran = ended(second.run("deploy", NAME, "--yes", STORAGE_EMULATOR_HOST="127.0.0.1:1"), 3)
    assert "gs://team-ledger/runs" in ran.err
    assert "Traceback" not in ran.said
