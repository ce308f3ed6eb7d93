"""The real repository at the real moment, where a clone of it and the fleet of that evening are at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.stories.conftest import SOURCE, Project, Ran

SEED = SOURCE.parent / "shared" / "data" / "seed"
CLONE = "PLATFORM_CLONE"  # environment: a clone of the repository that the seed's services.toml names
REACHING = ("imported", "build-input", "data", "cannot-prove")
NEEDED = pytest.mark.skipif(
    not os.environ.get(CLONE) or not (SEED / "fleet.json").exists(),
    reason=f"needs {CLONE} and the seed beside the project",
)


def asked(project: Project, *argv: str) -> Ran:
    return project.program(
        *argv,
        *("--config", str(SEED / "services.toml"), "--repository", str(Path(os.environ[CLONE]).absolute())),
        *("--fleet", str(SEED / "fleet.json"), "--format", "json"),
        DEPLOYTOOL_NOW="2026-02-05T00:45:00Z",
    )


@NEEDED
def test_the_evening_is_told_by_what_can_be_imported(project: Project) -> None:
    expected = json.loads((SEED / "expected.json").read_text())
    ran = asked(project, "drift")
    assert ran.code == 1, ran.said
    for entry in ran.json["services"]:
        told = expected["services"][entry["name"]]
        assert entry["verdict"] == told["verdict"], entry["name"]
        words = {file["path"]: file["relevance"] for file in entry["files"]}
        reaching = [path for path, word in words.items() if word in REACHING]
        assert reaching == told.get("reaching_files", reaching), entry["name"]
        assert all(words[path] == "not-imported" for path in told.get("not_imported", ()))
    for name, told in expected["services"].items():
        missing = asked(project, "explain", name).json["services"][0]["missing_modules"]
        errors = {one["name"] for one in missing if one["level"] == "error"}
        assert errors >= set(told.get("missing_modules", ()))


@NEEDED
def test_the_lock_sits_in_a_twin(project: Project) -> None:
    path = "data_processors/precompute/precompute_base.py"
    answer = asked(project, "explain", "nba-phase4-precompute-processors", path).json["path"]
    assert answer["relevance"] == "not-imported"
    assert answer["importers"] == []
    assert answer["twin"]["path"] == "data_processors/precompute/base/precompute_base.py"


@NEEDED
def test_the_evening_is_told_at_image_precision(project: Project) -> None:
    expected = json.loads((SEED / "expected.json").read_text())
    ran = asked(project, "drift", "--precision", "image")
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
