"""SARIF as code scanning services take it: what must be there, what must agree, what is never in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from jsonschema import Draft202012Validator

from deploytool.domain.check_report import CheckReport
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.report import DriftReport
from deploytool.render.findings import ALL_RULES
from deploytool.render.sarif import MOST_RESULTS, MOST_TEXT, sarif
from tests.render.checks import (
    ACCEPTED,
    MODULE,
    NOT_INSTALLED,
    UNOWNED,
    blind_check,
    check_report,
    many_findings,
    passing_check,
    strict_check,
)
from tests.render.reports import OLD, TARGET, drift_report


def shape(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these keys and no other."""
    properties = {**required, **optional}
    return {"type": "object", "required": [*required], "properties": properties, "additionalProperties": False}


def many(of: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": of, "minItems": least}


# The part of SARIF 2.1.0 that we write, from the text of the standard.
WORDS = {"type": "string", "minLength": 1}
MESSAGE = shape({"text": {"type": "string"}})
LEVEL = {"enum": ["error", "warning", "note"]}
PHYSICAL = shape(
    {
        "artifactLocation": shape({"uri": {**WORDS, "pattern": r"^[A-Za-z0-9._~%/-]+$"}, "uriBaseId": WORDS}),
        "region": shape({"startLine": {"type": "integer", "minimum": 1}}),
    }
)
LOCATION = shape(
    {"physicalLocation": PHYSICAL}, logicalLocations=many(shape({"name": WORDS, "kind": WORDS}), 1), message=MESSAGE
)
RULE = shape(
    {
        "id": WORDS,
        "name": WORDS,
        "shortDescription": MESSAGE,
        "fullDescription": MESSAGE,
        "help": MESSAGE,
        "defaultConfiguration": shape({"level": LEVEL}),
    }
)
RESULT = shape(
    {
        "ruleId": WORDS,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": shape({"text": WORDS}),  # a result without words is refused by GitHub
        "locations": many(LOCATION, 1),
        "partialFingerprints": {"type": "object", "additionalProperties": WORDS, "minProperties": 1},
    },
    baselineState={"enum": ["new", "unchanged"]},
    suppressions=many(shape({"kind": {"const": "external"}, "status": {"const": "accepted"}, "justification": WORDS})),
    codeFlows=many(shape({"threadFlows": many(shape({"locations": many(shape({"location": LOCATION}), 1)}), 1)}), 1),
)
RUN = shape(
    {
        "tool": shape({"driver": shape({"name": WORDS, "rules": many(RULE)}, version=WORDS)}),
        "automationDetails": shape({"id": WORDS}),
        "originalUriBaseIds": {"type": "object", "additionalProperties": shape({"description": MESSAGE})},
        "invocations": many(
            shape(
                {
                    "executionSuccessful": {"type": "boolean"},
                    "toolExecutionNotifications": many(shape({"level": LEVEL, "message": MESSAGE})),
                }
            ),
            1,
        ),
        "results": many(RESULT),
    }
)
LOG = Draft202012Validator(
    shape({"$schema": WORDS, "version": {"const": "2.1.0"}, "runs": {**many(RUN, 1), "maxItems": 1}})
)
REPORTS = (
    check_report(),
    passing_check(),
    blind_check(),
    strict_check(),
    many_findings(300),
    drift_report(),
    replace(drift_report(), services=(), errors=()),
)


def run_of(report: CheckReport | DriftReport) -> dict[str, Any]:
    said = sarif(report)
    assert said.isascii()
    assert said.endswith("}\n")
    log = json.loads(said)
    LOG.validate(log)
    return log["runs"][0]  # type: ignore[no-any-return]


def of(*findings: Finding) -> list[dict[str, Any]]:
    return run_of(replace(passing_check(), findings=findings))["results"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("report", REPORTS)
def test_what_must_agree_agrees(report: CheckReport | DriftReport) -> None:
    run = run_of(report)
    rules = run["tool"]["driver"]["rules"]
    assert {result["ruleId"] for result in run["results"]} == {rule["id"] for rule in rules}
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [one["ruleId"] for one in run["results"]]
    for key in ("baselineState", "suppressions"):
        assert len({key in result for result in run["results"]}) <= 1
    prints = [(result["ruleId"], result["partialFingerprints"]["deploytool/1"]) for result in run["results"]]
    assert len(set(prints)) == len(prints)


@pytest.mark.parametrize("report", REPORTS)
def test_the_same_report_is_the_same_bytes(report: CheckReport | DriftReport) -> None:
    assert sarif(report) == sarif(report)


def test_a_finding_has_its_place_its_level_and_its_chain() -> None:
    [result] = of(NOT_INSTALLED)
    [place] = result["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "shared/lock.py", "uriBaseId": "%SRCROOT%"}
    assert place["physicalLocation"]["region"] == {"startLine": 7}
    assert place["logicalLocations"] == [{"name": "prediction-worker", "kind": "service"}]
    assert (result["ruleId"], result["level"], result["baselineState"]) == ("DT203", "error", "new")
    assert result["message"]["text"].split("\n") == [NOT_INSTALLED.message, f"hint: {NOT_INSTALLED.hint}"]
    [flow] = result["codeFlows"]
    uris = [
        step["location"]["physicalLocation"]["artifactLocation"]["uri"]
        for step in flow["threadFlows"][0]["locations"]
    ]  # fmt: skip
    assert uris == ["predictions/worker/worker.py", "shared/state.py", "shared/lock.py"]


def test_what_was_there_before_is_unchanged_and_what_is_accepted_is_suppressed() -> None:
    report = check_report()
    results = run_of(report)["results"]
    states = {result["ruleId"]: result["baselineState"] for result in results}
    assert (states["DT201"], states["DT202"]) == ("new", "unchanged")
    reasons = [one["justification"] for result in results for one in result["suppressions"]]
    assert reasons == ["one-off scripts (until 2027-01-01)", "asked for (for this run)"]
    assert len(results) == len(report.findings) + 2
    assert not any("suppressions" in result for result in run_of(replace(report, accepted=()))["results"])


def test_a_fingerprint_knows_neither_commit_nor_line() -> None:
    [one] = of(MODULE)
    [moved] = of(replace(MODULE, line=99, message="said otherwise", path="moved.py"))
    assert one["partialFingerprints"] == moved["partialFingerprints"]
    assert OLD[:8] not in str(one)
    assert TARGET[:8] not in str(one)
    [other] = of(replace(MODULE, service="web"))
    assert one["partialFingerprints"] != other["partialFingerprints"]


def test_two_of_one_kind_are_told_apart() -> None:
    """GitHub takes two results of one rule, place and fingerprint for one alert."""
    prints = [result["partialFingerprints"] for result in of(MODULE, replace(MODULE, line=50))]
    assert [one["primaryLocationLineHash"][-2:] for one in prints] == [":1", ":2"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/ü#?.py", "a%20b/%C3%BC%23%3F.py"),
        ("src/[id].tsx", "src/%5Bid%5D.tsx"),
        ("a:b", "a%3Ab"),
        ("100%.py", "100%25.py"),
        ("caf\udce9", "caf%E9"),
        ("x\ud800", "x%3F"),
        (":x/a", "%3Ax/a"),
        (None, "services.toml"),
        ("", "services.toml"),
        ("/etc/passwd", "services.toml"),
        ("//host/x", "services.toml"),
        ("../up.py", "services.toml"),
        ("a/../../up.py", "services.toml"),
        ("a/", "services.toml"),
    ],
)
def test_a_place_is_a_relative_uri_that_stays_in_the_repository(path: str | None, uri: str) -> None:
    [result] = of(replace(UNOWNED, path=path))
    found = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert found == uri
    if path and uri != "services.toml" and "\ud800" not in path:
        assert unquote_to_bytes(found) == path.encode("utf-8", "surrogateescape")


def test_what_belongs_to_no_file_is_shown_where_services_toml_lies() -> None:
    report = replace(passing_check(), findings=(replace(UNOWNED, path=None),), config_path="deploy/services.toml")
    [result] = run_of(report)["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "deploy/services.toml"
    outside = replace(report, config_path=None)
    [result] = run_of(outside)["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "services.toml"


@pytest.mark.parametrize("line", [None, 0, -3, 1])
def test_a_line_is_never_less_than_one(line: int | None) -> None:
    [result] = of(replace(MODULE, line=line))
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_what_was_not_looked_at_is_no_success() -> None:
    [invocation] = run_of(blind_check())["invocations"]
    assert invocation["executionSuccessful"] is False
    said = [(one["level"], one["message"]["text"]) for one in invocation["toolExecutionNotifications"]]
    assert said == [
        ("error", "could not look at us-west2: 403 Forbidden: run.services.list is not allowed"),
        ("error", "could not look: bad object"),
    ]
    [invocation] = run_of(replace(drift_report(), services=(), errors=()))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert run_of(passing_check())["invocations"][0]["executionSuccessful"] is True


def test_drift_is_a_result_for_each_entry_that_is_not_current() -> None:
    run = run_of(drift_report())
    assert [result["ruleId"] for result in run["results"]] == [
        "drift-stale", "drift-stale", "drift-misrouted", "drift-unknown", "drift-missing"
    ]  # fmt: skip
    assert all(result["level"] == "error" for result in run["results"])
    assert not any("baselineState" in result for result in run["results"])  # nothing was compared with
    said = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    assert said[-1] == "2 not in services.toml: playground (us-west2), nightly (us-west2, job)"
    assert run["automationDetails"]["id"] != run_of(check_report())["automationDetails"]["id"]


def test_a_message_is_neither_link_nor_placeholder_nor_longer_than_a_screen() -> None:
    [result] = of(replace(MODULE, message="see [here](https://example.test) {0} {x}", hint=""))
    assert result["message"]["text"] == "see [here] (https://example.test) {{0}} {{x}}"
    [result] = of(replace(MODULE, message="x" * 5_000))
    assert result["message"]["text"] == "x" * (MOST_TEXT - 3) + "..."


def test_more_than_code_scanning_takes_is_cut_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_RESULTS == 25_000
    monkeypatch.setattr("deploytool.render.sarif.MOST_RESULTS", 100)
    notes = tuple(replace(MODULE, severity=Severity.NOTE, subject=f"{number}") for number in range(100))
    run = run_of(replace(check_report(), findings=(NOT_INSTALLED, *notes)))
    assert len(run["results"]) == 100
    assert run["results"][0]["ruleId"] == "DT203"  # the gravest is there
    said = run["invocations"][0]["toolExecutionNotifications"][-1]
    assert said == {"level": "warning", "message": {"text": "3 results left out: code scanning takes 100"}}
    assert ACCEPTED.rule not in {rule["id"] for rule in run["tool"]["driver"]["rules"]}


def test_every_rule_can_be_said() -> None:
    found = [replace(MODULE, rule=rule) for rule in ALL_RULES if rule.startswith("DT")]
    assert len({result["ruleIndex"] for result in of(*found)}) == len(found)


@pytest.mark.parametrize("key", ["ruleId", "message", "locations", "partialFingerprints"])
def test_our_schema_refuses(key: str) -> None:
    log = json.loads(sarif(check_report()))
    del log["runs"][0]["results"][0][key]
    assert not LOG.is_valid(log)
