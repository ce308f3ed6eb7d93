"""JSON as Firestore writes it: each value under the name of its type."""

from __future__ import annotations

from typing import Any


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
