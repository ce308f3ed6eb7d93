"""The JSON contract: names, order, nulls, and schemas that say the same as the code."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from deploytool.domain.check_report import CheckVerdict
from deploytool.domain.check_rules import RULES
from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.finding import Severity
from deploytool.domain.ledger_report import Standing
from deploytool.domain.model import Kind
from deploytool.domain.plan import Risk
from deploytool.domain.preflight import Word
from deploytool.domain.proof import MissingLevel
from deploytool.domain.release import EventKind, Outcome
from deploytool.domain.release import Kind as ReleaseKind
from deploytool.domain.report import (
    CodeState,
    Contains,
    DriftReport,
    Precision,
    Relevance,
    ServingState,
    Source,
    Verdict,
)
from deploytool.errors import ExitCode
from deploytool.render import Format, render
from tests.render.check_strategies import check_reports
from tests.render.checks import check_report
from tests.render.locks import lock_report
from tests.render.proofs import (
    BASE,
    IDLE,
    OLD_SCOPE,
    PHASE4,
    SCOPE,
    commit_report,
    path_report,
    phase4,
    troubled_report,
)
from tests.render.reports import NOW, change, drift_report, status_report, where_report
from tests.render.strategies import reports, told_reports

SCHEMAS = Path(__file__).parents[2] / "deploytool" / "schemas"


def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text())
    return schema


CHECKS = {
    name: Draft202012Validator(schema_of(name))
    for name in ("check", "deploy", "drift", "errors", "explain", "lock", "logs", "releases", "status", "where")
}


def document(report: Any, fleet: dict[str, Any] | None = None) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(render(report, Format.JSON, now=NOW, fleet=fleet))
    return said


@given(reports | told_reports | check_reports)
def test_every_output_keeps_its_schema(report: Any) -> None:
    said = document(report)
    CHECKS[said["schema"].split("/")[1]].validate(said)


@pytest.mark.parametrize("name", CHECKS)
def test_the_schemas_are_schemas(name: str) -> None:
    Draft202012Validator.check_schema(schema_of(name))


def test_drift_as_the_contract_has_it() -> None:
    said = document(drift_report())
    assert list(said) == [
        *("schema", "generated_at", "target", "verdict", "counts", "services"),
        *("unmanaged", "errors", "remarks"),
    ]
    assert said["generated_at"] == "2026-02-05T00:45:00Z"
    assert said["counts"] == {"current": 1, "stale": 2, "misrouted": 1, "missing": 1, "unknown": 1}
    assert list(said["counts"]) == ["current", "stale", "misrouted", "missing", "unknown"]
    assert said["verdict"] == "unknown"
    coordinator = said["services"][1]
    assert coordinator["stale_since"] == "2026-02-04T03:42:00Z"
    assert coordinator["revisions"][0]["deployed_at"] == "2026-02-04T03:47:00Z"
    assert coordinator["commits"][0]["files"][0] == {
        "path": "predictions/coordinator/signal_calculator.py",
        "relevance": "imported",
        "chain": [],
        "note": "",
    }
    assert [service["name"] for service in said["services"]][-1] == "nba-grading-service"
    assert said["services"][4]["behind"] is None
    assert said["services"][4]["revisions"][0]["commit"] is None


def test_status_carries_the_fleet_it_was_made_from() -> None:
    fleet = {"services": [{"name": "caf\udce9"}], "revisions": [], "jobs": [], "unreachable": []}
    said = document(status_report(), fleet)
    CHECKS["status"].validate(said)
    assert said["fleet"]["services"] == [{"name": r"caf\xe9"}]
    assert said["rows"][3]["revision"] is None
    assert "fleet" not in document(status_report())


def test_where_names_the_commit_that_stands_for_it() -> None:
    said = document(where_report())
    CHECKS["where"].validate(said)
    assert [row["contains"] for row in said["answers"][0]["services"]] == ["yes", "equivalent", "no", "unknown"]
    assert said["answers"][0]["services"][1]["by"].startswith("c0c74715")


@pytest.mark.parametrize(
    ("schema", "name", "kind"),
    [
        ("drift", "verdict", Verdict),
        ("drift", "code", CodeState),
        ("drift", "serving", ServingState),
        ("drift", "provenance", Source),
        ("drift", "relevance", Relevance),
        ("drift", "kind", Kind),
        ("drift", "doubted", DoubtKind),
        ("explain", "verdict", Verdict),
        ("explain", "code", CodeState),
        ("explain", "serving", ServingState),
        ("explain", "provenance", Source),
        ("explain", "relevance", Relevance),
        ("explain", "kind", Kind),
        ("explain", "doubted", DoubtKind),
        ("explain", "served", Contains),
        ("deploy", "relevance", Relevance),
        ("deploy", "release_kind", ReleaseKind),
        ("deploy", "outcome", Outcome),
        ("releases", "release_kind", ReleaseKind),
        ("releases", "outcome", Outcome),
        ("check", "severity", Severity),
        ("status", "serving", ServingState),
        ("status", "provenance", Source),
    ],
)
def test_the_schema_knows_every_word(schema: str, name: str, kind: type[StrEnum]) -> None:
    assert schema_of(schema)["$defs"][name]["enum"] == list(kind)


def test_the_schema_knows_every_word_of_where_and_precision() -> None:
    assert schema_of("where")["$defs"]["served"]["properties"]["contains"]["enum"] == list(Contains)
    for name in ("drift", "explain"):
        assert schema_of(name)["$defs"]["service"]["properties"]["precision"]["enum"] == list(Precision)
    levels = schema_of("explain")["$defs"]["missing_module"]["properties"]["level"]["enum"]
    assert levels == list(MissingLevel)


def test_the_schema_knows_every_word_of_releases() -> None:
    deploy, ledger = schema_of("deploy")["$defs"], schema_of("releases")["$defs"]
    assert deploy["line"]["properties"]["word"]["enum"] == list(Word)
    assert deploy["plan"]["properties"]["risk"]["enum"] == list(Risk)
    assert deploy["ended"]["properties"]["exit_code"]["enum"] == list(ExitCode)
    assert ledger["event"]["properties"]["kind"]["enum"] == list(EventKind)
    assert ledger["release"]["properties"]["standing"]["enum"] == [*Outcome, *Standing]
    for name in ("relevance", "file", "undeployed", "moment", "commit", "percent"):
        assert deploy[name] == schema_of("drift")["$defs"][name]


@pytest.mark.parametrize("name", ["drift", "explain"])
def test_what_two_documents_share_is_described_alike(name: str) -> None:
    shared = ("file", "revision", "scope", "doubted", "relevance", "moment", "commit", "error", "remark")
    assert [schema_of(name)["$defs"][word] for word in shared] == [schema_of("drift")["$defs"][word] for word in shared]
    service = schema_of(name)["$defs"]["service"]
    assert list(service["properties"]) == service["required"]


def test_drift_tells_scopes_notes_and_doubts() -> None:
    noted = replace(change("a.py", Relevance.CANNOT_PROVE), note="b.py:3 loads by a name that it computes")
    doubt = Doubt("b.py", 3, "loads by a name that it computes", DoubtKind.UNBOUNDED_IMPORT)
    drift = phase4(files=(noted,), doubts=(doubt,))
    said = document(DriftReport(NOW, "main", drift_report().target_commit, (drift,)))
    CHECKS["drift"].validate(said)
    [service] = said["services"]
    assert service["scope"] == SCOPE
    assert service["revisions"][0]["scope"] == OLD_SCOPE
    assert service["files"][0]["note"] == noted.note
    assert service["doubts"] == [{"path": "b.py", "line": 3, "why": doubt.why, "kind": "unbounded-import"}]
    assert "scope" not in document(status_report())["rows"][0]["revision"]


def test_explain_as_the_contract_has_it() -> None:
    said = document(troubled_report())
    CHECKS["explain"].validate(said)
    assert list(said) == [
        *("schema", "generated_at", "target", "question", "services"),
        *("path", "commit", "errors", "remarks"),
    ]
    assert (said["schema"], said["question"], said["path"], said["commit"]) == ("deploytool/explain/1", "", None, None)
    here, there = said["services"]
    assert (here["name"], here["scope"]) == (PHASE4, SCOPE)
    assert (len(here["changed"]), len(there["changed"])) == (5, 0)
    assert len(here["files"]) == 267
    assert here["starts"] == ["data_processors/precompute/main_precompute_service.py"]
    assert here["missing_modules"][1]["level"] == "error"
    assert here["third_party"][-1] == {
        "name": "pytz",
        "distribution": None,
        "spec": "==1.0",
        "path": "data_processors/precompute/main_precompute_service.py",
        "line": 12,
    }
    assert here["doubts"][0]["line"] == 88
    assert here["outside"] == ["models/catboost_v9.cbm"]


def test_a_path_and_a_commit_are_answered_for_machines_too() -> None:
    said = document(path_report())
    CHECKS["explain"].validate(said)
    assert (said["question"], said["path"]["path"], said["path"]["relevance"]) == (IDLE, IDLE, "not-imported")
    assert said["path"]["twin"]["path"] == BASE
    assert said["path"]["importers"] == [
        {"path": "tests/processors/precompute/test_base.py", "line": 7, "reachable": False}
    ]
    assert said["path"]["served"] == "no"
    assert said["path"]["changed"]["sha"].startswith("35cff5c8")
    said = document(commit_report())
    CHECKS["explain"].validate(said)
    assert said["path"] is None
    assert said["commit"]["sha"] == said["question"]
    assert [file["relevance"] for file in said["commit"]["files"]] == ["not-imported", "build-input", "imported"]
    assert said["commit"]["files"][1]["note"].startswith("google-cloud-bigquery 3.13.0")


def test_lock_as_the_contract_has_it() -> None:
    said = document(lock_report())
    CHECKS["lock"].validate(said)
    assert list(said) == ["schema", "generated_at", "max_age_seconds", "leases", "week"]
    [old, new] = said["leases"]
    assert (old["service"], old["region"], old["too_old"], new["too_old"]) == ("api", "us-west2", True, False)
    assert (old["age_seconds"], old["seconds_left"], old["waited_seconds"]) == (4000, 500, 0)
    assert said["week"] == {"holds": 3, "longest_hold_seconds": 4000, "longest_wait_seconds": 70}
    assert list(said["leases"][0]) == schema_of("lock")["$defs"]["lease"]["required"]
    CHECKS["lock"].validate(document(replace(lock_report(), held=(), max_age=None)))


def test_check_as_the_contract_has_it() -> None:
    said = document(check_report())
    CHECKS["check"].validate(said)
    assert list(said) == [
        *("schema", "generated_at", "verdict", "base", "head", "counts", "findings", "forecast"),
        *("services", "accepted", "errors", "remarks"),
    ]
    assert (said["schema"], said["verdict"]) == ("deploytool/check/1", "fail")
    assert said["base"] == {"ref": "origin/main", "commit": check_report().base.commit}
    assert said["counts"] == {"error": 2, "warning": 2, "note": 1, "existing": 1}
    assert said["forecast"] == {"stale": ["prediction-worker", "prediction-coordinator"]}
    first, last = said["findings"][0], said["findings"][-1]
    assert list(first) == [
        *("rule", "severity", "service", "path", "line", "message", "hint", "existing", "detail", "fingerprint")
    ]
    assert (first["rule"], first["severity"], first["line"]) == ("DT201", "error", 41)
    assert first["detail"]["chain"] == ["predictions/worker/worker.py", "shared/alerts/__init__.py"]
    assert first["fingerprint"] == check_report().findings[0].fingerprint
    assert (first["existing"], last["existing"]) == (False, True)
    assert [(one["reason"], one["until"]) for one in said["accepted"]] == [
        ("one-off scripts", "2027-01-01"),
        ("asked for", None),
    ]
    defs = schema_of("check")["$defs"]
    assert schema_of("check")["properties"]["verdict"]["enum"] == list(CheckVerdict)
    assert list(defs["finding"]["properties"]) == defs["finding"]["required"] == list(first)
    assert list(defs["accepted"]["properties"]) == defs["accepted"]["required"] == list(said["accepted"][0])
    assert all(re.fullmatch(defs["rule"]["pattern"], rule) for rule in RULES)


@pytest.mark.parametrize("break_it", ["extra key", "wrong type", "missing key", "unknown word", "local time"])
def test_the_schema_refuses(break_it: str) -> None:
    said = document(drift_report())
    service = said["services"][0]
    match break_it:
        case "extra key":
            service["colour"] = "green"
        case "wrong type":
            service["behind"] = "3"
        case "missing key":
            del service["reason"]
        case "unknown word":
            service["verdict"] = "fine"
        case "local time":
            said["generated_at"] = "2026-02-05T00:45:00+01:00"
    assert not CHECKS["drift"].is_valid(said)
