"""The table that the sandbox is there for, worked out with plain git, and once more from the Dockerfiles."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

SERVICES = (
    "prediction-worker",
    "prediction-coordinator",
    "nba-phase1-scrapers",
    "nba-phase2-raw-processors",
    "nba-phase3-analytics-processors",
    "nba-phase4-precompute-processors",
    "nba-grading-service",
    "nba-monitoring-alerts",
)
CONFIG = tomllib.loads((Path(__file__).parents[2] / "services.toml").read_text())["services"]


def test_every_service_is_in_the_table_and_in_services_toml(expected):
    assert set(SERVICES) == set(expected["services"]) == set(CONFIG)
    assert {name: row["dockerfile"] for name, row in expected["services"].items()} == {
        name: service["dockerfile"] for name, service in CONFIG.items()
    }


def test_the_target_is_what_main_says(sandbox, expected):
    assert sandbox.git("rev-parse", "main").strip() == expected["target"]


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "nba-phase2-raw-processors"])
class TestDeployed:
    def test_behind_by_log(self, sandbox, expected, name):
        row = expected["services"][name]
        commits = f"{row['commit']}..main"
        log = sandbox.git("log", "--no-merges", "--full-history", "--format=%H", commits, "--", *row["image"])
        assert len(log.split()) == row["behind"]

    def test_files_by_diff(self, sandbox, expected, name):
        row = expected["services"][name]
        diff = sandbox.git("diff-tree", "-r", "--no-renames", "--name-only", row["commit"], "main", "--", *row["image"])
        assert diff.split() == row["files"]

    def test_files_by_what_the_dockerfiles_take(self, sandbox, expected, read_image, name):
        row = expected["services"][name]
        before, after = (self.content(sandbox, read_image, name, commit) for commit in (row["commit"], "main"))
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        assert sorted(changed) == row["files"]

    def content(self, sandbox, read_image, name, commit):
        """Everything the image is made of, by path in the repository, less what services.toml ignores."""
        dockerfile, ignore = CONFIG[name]["dockerfile"], CONFIG[name].get("ignore", [])
        taken = {*read_image(commit, dockerfile).taken.values(), dockerfile, ".dockerignore"}
        files = sandbox.files(commit)
        return {path: files[path] for path in taken if not any(fnmatch(f"/{path}", rule[2:]) for rule in ignore)}

    def test_it_is_an_ancestor_of_main(self, sandbox, expected, name):
        assert (
            sandbox.git("merge-base", expected["services"][name]["commit"], "main").strip()
            == (expected["services"][name]["commit"])
        )


def test_the_unknown_commit_is_the_beginning_of_no_object(sandbox, expected):
    written = expected["services"]["nba-phase2-raw-processors"]["written"]
    objects = sandbox.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    assert len(objects) > 200
    assert not [name for name in objects if name.startswith(written)]


class TestStory:
    def test_a_docs_commit_changes_code(self, sandbox, expected):
        row = expected["services"]["prediction-coordinator"]
        log = sandbox.git("log", "--format=%s", f"{row['commit']}..main", "--", "predictions/coordinator")
        assert log.splitlines() == ["docs: handoff for the evening of 3 February"]

    def test_the_lock_of_phase_4_is_in_a_module_that_nobody_imports(self, sandbox):
        folder = "data_processors/precompute"
        assert "processing_lock" in sandbox.text("main", f"{folder}/precompute_base.py")
        assert "processing_lock" not in sandbox.text("main", f"{folder}/base/precompute_base.py")
        sources = [path for path in sandbox.files("main") if path.endswith(".py")]
        assert not [path for path in sources if "precompute.precompute_base" in sandbox.text("main", path)]

    def test_the_lock_of_phase_4_came_after_the_deploy(self, sandbox):
        came = sandbox.git("log", "-1", "--format=%ct", "main", "--", "data_processors/precompute/precompute_base.py")
        assert int(came) == 1770251800  # 2026-02-05T00:36:40Z, five minutes after 00:31

    def test_links(self, sandbox):
        links = {path for path, (mode, _) in sandbox.files("main").items() if mode == "120000"}
        assert links == {"docs/handoff/latest.md", "scrapers/team_codes.json"}

    def test_history(self, sandbox):
        assert int(sandbox.git("rev-list", "--count", "main")) == 37
        assert int(sandbox.git("rev-list", "--count", "--merges", "main")) == 3
        dates = sandbox.git("log", "--format=%cs", "main").split()
        assert (min(dates), max(dates)) == ("2026-01-20", "2026-02-04")

    def test_nobody_is_named(self, sandbox):
        people = set(sandbox.git("log", "--format=%an <%ae>%n%cn <%ce>", "main").splitlines())
        assert people == {
            "Data Platform <data@example.com>",
            "Ingestion <ingestion@example.com>",
            "Operations <operations@example.com>",
            "Predictions <predictions@example.com>",
        }
