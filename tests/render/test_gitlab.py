"""Code quality as GitLab documents it: a list of entries, each with its place and a fingerprint of its own."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from deploytool.domain.check_report import CheckReport
from deploytool.domain.report import DriftReport
from deploytool.render.gitlab import gitlab
from tests.render.checks import MODULE, UNOWNED, blind_check, check_report, many_findings, passing_check
from tests.render.reports import drift_report


def entries_of(report: CheckReport | DriftReport) -> list[dict[str, Any]]:
    said = gitlab(report)
    assert said.isascii()
    assert said == gitlab(report)
    entries = json.loads(said)
    for entry in entries:
        assert [*entry] == ["description", "check_name", "fingerprint", "severity", "location"]
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert re.fullmatch("[0-9a-f]{32}", entry["fingerprint"])
        assert entry["description"]
        assert entry["check_name"]
        assert [*entry["location"]] == ["path", "lines"]
        assert not entry["location"]["path"].startswith(("./", "/"))
        assert entry["location"]["lines"]["begin"] >= 1
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    return entries  # type: ignore[no-any-return]


def test_a_finding_is_an_entry() -> None:
    report = check_report()
    entries = entries_of(report)
    assert [entry["check_name"] for entry in entries] == [finding.rule for finding in report.findings]
    assert entries[0] == {
        "description": f"{MODULE.message} (hint: {MODULE.hint})",
        "check_name": "DT201",
        "fingerprint": MODULE.fingerprint,
        "severity": "critical",
        "location": {"path": "predictions/worker/worker.py", "lines": {"begin": 41}},
    }
    assert {entry["check_name"]: entry["severity"] for entry in entries} == {
        "DT201": "critical", "DT203": "critical", "DT303": "minor", "DT301": "minor", "DT401": "info",
        "DT202": "critical",
    }  # fmt: skip


def test_a_fingerprint_stays_when_the_line_moves() -> None:
    [before] = entries_of(replace(passing_check(), findings=(MODULE,)))
    [after] = entries_of(replace(passing_check(), findings=(replace(MODULE, line=900),)))
    assert before["fingerprint"] == after["fingerprint"]


def test_two_of_one_kind_are_both_shown() -> None:
    entries = entries_of(replace(passing_check(), findings=(MODULE, MODULE, replace(MODULE, line=9))))
    assert entries[0]["fingerprint"] == MODULE.fingerprint
    assert len(entries_of(many_findings(300))) == 300


def test_what_was_not_looked_at_is_no_empty_list() -> None:
    [one, two] = entries_of(blind_check())
    assert one["description"] == "could not look at us-west2: 403 Forbidden: run.services.list is not allowed"
    assert (one["check_name"], one["location"]["path"]) == ("could-not-look", "services.toml")
    assert two["description"] == "could not look: bad object"
    assert len(entries_of(replace(drift_report(), services=(), errors=()))) == 1
    assert entries_of(passing_check()) == []


def test_drift_is_an_entry_for_each_service_that_is_not_current() -> None:
    names = [entry["check_name"] for entry in entries_of(drift_report())]
    assert names == [
        "could-not-look", "drift-stale", "drift-stale", "drift-misrouted", "drift-unknown", "drift-missing"
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["src/[id].tsx", "a b/ü.py"])
def test_a_path_is_as_it_is(path: str) -> None:
    [entry] = entries_of(replace(passing_check(), findings=(replace(UNOWNED, path=path),)))
    assert entry["location"]["path"] == path
