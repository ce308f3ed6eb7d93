"""The published schema says of a document what `load` says of it, as far as a schema can."""

from __future__ import annotations

import copy
import datetime
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from deploytool.config import schema_of, schema_text

EVERY_KEY = Path(__file__).with_name("every_key.toml")
PUBLISHED = Path(__file__).parents[2] / "deploytool" / "schemas" / "config.json"


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda date: date.isoformat()))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return as_json(tomllib.loads(EVERY_KEY.read_text()))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = schema_of()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def test_the_published_file_is_what_the_models_say() -> None:
    assert PUBLISHED.read_text() == schema_text()


def test_a_file_with_every_key_is_valid(document: dict[str, Any], validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(document)


def test_every_key_of_the_schema_is_described_and_in_the_example(document: dict[str, Any]) -> None:
    schema = schema_of()
    used = set(_keys(document))
    for name, table in {**schema["$defs"], "top": schema}.items():
        for key, value in table.get("properties", {}).items():
            assert "description" in value, f"{name}.{key}"
            assert key in used | {"bucket"}, f"{name}.{key} is in no example"


def _keys(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for one in value.values() for key in _keys(one))]
    return [key for one in value for key in _keys(one)] if isinstance(value, list) else []


WRONG: dict[str, Callable[[dict[str, Any]], Any]] = {
    "unknown key": lambda d: d["project"].update(colour="red"),
    "null": lambda d: d["project"].update(target=None),
    "no cloud": lambda d: d["project"].pop("cloud"),
    "other cloud": lambda d: d["project"].update(cloud="azure"),
    "number for text": lambda d: d["project"].update(project=5),
    "region": lambda d: d["project"].update(regions=["US"]),
    "no region": lambda d: d["project"].update(regions=[]),
    "service name": lambda d: d["services"].update({"Bad": {"paths": ["a"]}}),
    "no services": lambda d: d.update(services={}),
    "made of nothing": lambda d: d["services"].update(a={}),
    "path upwards": lambda d: d["services"]["worker"].update(paths=["a/../b"]),
    "absolute path": lambda d: d["services"]["worker"].update(paths=["/a"]),
    "git's folder": lambda d: d["services"]["worker"].update(context="a/.git"),
    "two commits": lambda d: d["services"]["worker"].update(commit={"env": "A", "label": "a"}),
    "steps": lambda d: d["services"]["worker"]["release"].update(steps=[0, 100]),
    "flag": lambda d: d["services"]["worker"]["release"]["settings"].update(cpu_throttling="true"),
    "two kinds": lambda d: d["services"]["worker"]["checks"][0].update(logs="x", min=1),
    "no kind": lambda d: d["services"]["worker"]["checks"][0].pop("http"),
    "no bound": lambda d: d["services"]["worker"]["checks"][2].pop("max"),
    "since": lambda d: d["services"]["worker"]["checks"][2].update(since="yesterday"),
    "rule": lambda d: d["ignore"][0].update(rule="X1"),
    "until": lambda d: d["ignore"][0].update(until="soon"),
    "locks": lambda d: d["locks"].pop("collection"),
    "bucket of another backend": lambda d: d["locks"].update(bucket="abc"),
    "mirror": lambda d: d["ledger"].update(mirror="s3://x"),
    "sandbox in the cloud": lambda d: d["project"].update(cloud="google"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused(
    change: Callable[[dict[str, Any]], Any], document: dict[str, Any], validator: jsonschema.Draft202012Validator
) -> None:
    wrong = copy.deepcopy(document)
    change(wrong)
    assert not validator.is_valid(wrong)


def test_dates_are_iso_text() -> None:
    assert as_json({"until": datetime.date(2027, 1, 1)}) == {"until": "2027-01-01"}
