"""JSON as Firestore writes it: each value under the name of its type."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from deploytool.adapters.googleapi import Answer, NoAnswer


def fields_of(value: dict[str, Any]) -> dict[str, Any]:
    return {name: _typed(below) for name, below in value.items()}


def _typed(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {"nullValue": None}
        case bool():
            return {"booleanValue": value}
        case int():
            return {"integerValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list():
            return {"arrayValue": {"values": [_typed(below) for below in value]}}
        case dict():
            return {"mapValue": {"fields": fields_of(value)}}
    raise TypeError(f"Firestore has no {type(value).__name__}")


def value_from(typed: dict[str, Any]) -> Any:
    """Raises ValueError for a type that `fields_of` never writes, such as a time that a person put in."""
    match typed:
        case {"nullValue": _}:
            return None
        case {"booleanValue": bool(value)} | {"stringValue": str(value)}:
            return value
        case {"integerValue": int(value) | str(value)}:
            return int(value)
        case {"doubleValue": int(value) | float(value)}:
            return float(value)
        case {"arrayValue": dict(value)}:
            return [value_from(below) for below in value.get("values", [])]
        case {"mapValue": dict(value)}:
            return {name: value_from(below) for name, below in value.get("fields", {}).items()}
    raise ValueError(f"a value of the kind {', '.join(map(str, typed))[:60]}")


def looked_value(typed: Any) -> Any:
    """Any value as JSON has it, a time as a datetime. Raises ValueError for a type that this version does not know."""
    match typed:
        case {"timestampValue": said}:
            return moment_of(said)
        case {"bytesValue": str(said)} | {"referenceValue": str(said)}:
            return said
        case {"geoPointValue": dict(said)}:
            return {"latitude": said.get("latitude", 0), "longitude": said.get("longitude", 0)}
        case {"doubleValue": str(said)} if said in ("NaN", "Infinity", "-Infinity"):
            return float(said) if said != "NaN" else math.nan
        case {"arrayValue": dict(said)}:
            return [looked_value(below) for below in said.get("values", [])]
        case {"mapValue": dict(said)}:
            return {name: looked_value(below) for name, below in said.get("fields", {}).items()}
        case dict():
            return value_from(typed)
    raise ValueError("a value without a type")


def rows_of(answer: Answer) -> list[dict[str, Any]]:
    """The rows of a streamed answer. Raises NoAnswer for anything else."""
    try:
        rows = json.loads(answer.content)
    except (ValueError, RecursionError) as problem:
        raise strange(type(problem).__name__) from problem
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise strange("it is not a list")
    return rows


def moment_of(said: Any) -> datetime:
    """Raises NoAnswer for what is no moment with a zone."""
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", said))
        if found.tzinfo is None:
            raise ValueError("a time without a zone")
        return found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as problem:
        raise strange("it does not say what time it is") from problem


def strange(what: str) -> NoAnswer:
    return NoAnswer(f"The answer of Firestore cannot be used: {what}.", hint="Is a proxy in between?", acted=False)
