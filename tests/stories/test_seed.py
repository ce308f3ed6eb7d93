"""The real repository at the real moment, where a clone of it and the fleet of that evening are at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.stories.conftest import SOURCE, Project

SEED = SOURCE.parent / "shared" / "data" / "seed"
CLONE = "PLATFORM_CLONE"  # environment: a clone of the repository that the seed's services.toml names
NEEDED = pytest.mark.skipif(
    not os.environ.get(CLONE) or not (SEED / "fleet.json").exists(),
    reason=f"needs {CLONE} and the seed beside the project",
)


@NEEDED
def test_the_evening_is_told_at_image_precision(project: Project) -> None:
    expected = json.loads((SEED / "expected.json").read_text())
    ran = project.program(
        "drift",
        *("--config", str(SEED / "services.toml"), "--repository", str(Path(os.environ[CLONE]).absolute())),
        *("--fleet", str(SEED / "fleet.json"), "--format", "json", "--precision", "image"),
        DEPLOYTOOL_NOW="2026-02-05T00:45:00Z",
    )
    assert ran.code == 1, ran.said
    assert ran.json["target"]["commit"] == expected["target"]
    found = {entry["name"]: entry for entry in ran.json["services"]}
    assert found.keys() == expected["services"].keys()
    for name, entry in found.items():
        told = expected["services"][name]
        assert entry["verdict"] == ("missing" if told["verdict"] == "missing" else "stale"), name
        if "commit" in told:
            assert [row["commit"] for row in entry["revisions"]] == [told["commit"]]
        if "image_files_changed" in told:
            assert len(entry["files"]) == told["image_files_changed"], name
        if "behind_image_commits" in told:
            assert entry["behind"] == told["behind_image_commits"]
        paths = {file["path"] for file in entry["files"]}
        assert {*told.get("reaching_files", ()), *told.get("not_imported", ())} <= paths
    assert found["nba-phase1-scrapers"]["behind"] > 100  # of 1,282 commits that this clone has since
