"""What pydantic found, said as a person would: what is wrong with which key, and what was probably meant."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from deploytool.config.checks import KINDS
from deploytool.config.mistake import Key, Mistake
from deploytool.config.nearest import listed, shown
from deploytool.config.spelling import unknown_key

WANTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "float_type": "a number",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "date_type": "a date such as 2027-01-01, without quotes",
}


def mistakes_of(error: ValidationError) -> Iterator[Mistake]:
    """One mistake per finding of pydantic's, less what `rules` says in better words."""
    for found in error.errors(include_url=False):
        if found["type"] in ("union_tag_not_found", "union_tag_invalid"):
            continue  # the kind of a check
        if found["type"] == "too_short" and found["input"]:
            continue  # its members are wrong, which makes it short for pydantic
        yield _mistake(_key(found["loc"]), dict(found))


def value_text(value: Any) -> str:
    """What stands there, in few words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if isinstance(value, int | float):
        return _number_text(value)
    kinds: tuple[tuple[Any, str], ...] = (
        ((list, tuple), "a list"),
        (dict, "a table"),
        ((datetime.date, datetime.time), "a date or time"),
    )
    return next((text for kind, text in kinds if isinstance(value, kind)), "something else")


def _number_text(value: Any) -> str:
    small = isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**18)
    return f"the number {value}" if small else "a very large number"


def _key(location: Iterable[str | int]) -> Key:
    """Pydantic's place without the tag that it puts behind `services.NAME.checks.N`."""
    key = tuple(location)
    tagged = len(key) > 4 and key[0] == "services" and key[2] == "checks" and key[4] in KINDS
    return key[:4] + key[5:] if tagged else key


def _mistake(key: Key, found: dict[str, Any]) -> Mistake:
    kind, value = found["type"], found["input"]
    if kind == "extra_forbidden":
        return unknown_key(key)
    if kind in ("literal_error", "enum"):
        choices = re.findall(r"'([^']*)'", str(found["ctx"]["expected"]))
        if isinstance(value, str):
            return Mistake(key, f"must be {listed(choices)}, not {shown(value)}", value, choices)
        return Mistake(key, f"must be {listed(choices)}, not {value_text(value)}")
    return Mistake(key, _sentence(key, kind, found.get("ctx") or {}, value) or found["msg"])


def _sentence(key: Key, kind: str, context: dict[str, Any], value: Any) -> str | None:
    if kind == "missing":
        return _missing(key)
    if kind in WANTED:
        return _wrong_type(WANTED[kind], value)
    if kind == "value_error":
        return str(context["error"])
    return _out_of_bounds(kind, context, value)


def _missing(key: Key) -> str:
    if key == ("project", "cloud"):
        return 'is missing; write cloud = "local" (the embedded Cloud Run) or cloud = "google" (the real one)'
    if key == ("services",):
        return "is missing: no service is described; write a table [services.NAME] for each"
    return "is missing"


def _wrong_type(wanted: str, value: Any) -> str:
    remedy = ""
    if wanted == "a list" and isinstance(value, str):
        remedy = f"; write [{shown(value)}]"
    elif wanted == "true or false" and isinstance(value, str) and value.lower() in ("true", "false"):
        remedy = f"; write {value.lower()} without quotes"
    elif wanted in ("a whole number", "a number") and isinstance(value, str) and re.fullmatch(r"\d{1,9}", value):
        remedy = f"; write {value} without quotes"
    return f"must be {wanted}, not {value_text(value)}{remedy}"


def _out_of_bounds(kind: str, context: dict[str, Any], value: Any) -> str | None:
    if kind == "too_short":
        return "is empty; write at least one, or leave the key out"
    bounds = {
        "greater_than_equal": ("at least", "ge"),
        "greater_than": ("more than", "gt"),
        "less_than_equal": ("at most", "le"),
        "less_than": ("less than", "lt"),
    }
    if kind in bounds:
        word, name = bounds[kind]
        return f"must be {word} {context[name]}, not {value_text(value).removeprefix('the number ')}"
    if kind == "finite_number":
        return "must be a number that is written out, not inf or nan"
    return None
