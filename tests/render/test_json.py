"""The JSON contract: names, order, nulls, and schemas that say the same as the code."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from deploytool.domain.model import Kind
from deploytool.domain.report import CodeState, Contains, Precision, Relevance, ServingState, Source, Verdict
from deploytool.render import Format, render
from tests.render.reports import NOW, drift_report, status_report, where_report
from tests.render.strategies import reports

SCHEMAS = Path(__file__).parents[2] / "deploytool" / "schemas"


def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text())
    return schema


CHECKS = {name: Draft202012Validator(schema_of(name)) for name in ("drift", "explain", "status", "where")}


def document(report: Any, fleet: dict[str, Any] | None = None) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(render(report, Format.JSON, now=NOW, fleet=fleet))
    return said


@given(reports)
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
        ("status", "serving", ServingState),
        ("status", "provenance", Source),
    ],
)
def test_the_schema_knows_every_word(schema: str, name: str, kind: type[StrEnum]) -> None:
    assert schema_of(schema)["$defs"][name]["enum"] == list(kind)


def test_the_schema_knows_every_word_of_where_and_precision() -> None:
    assert schema_of("where")["$defs"]["served"]["properties"]["contains"]["enum"] == list(Contains)
    assert schema_of("drift")["$defs"]["service"]["properties"]["precision"]["enum"] == list(Precision)


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
