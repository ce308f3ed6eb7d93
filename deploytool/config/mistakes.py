"""What pydantic found, said as a person would: what is wrong with which key, and what was probably meant."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pydantic import ValidationError

from deploytool.config.checks import KINDS
from deploytool.config.lines import Key
from deploytool.config.nearest import did_you_mean, listed, shown
from deploytool.config.spelling import unknown_key

BARE = re.compile(r"[A-Za-z0-9_-]{1,100}")
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
SECRETS = {("notify", "slack_webhook_env"), ("notify", "webhook_env")}  # people paste the address itself


class Mistake(NamedTuple):
    key: Key
    says: str


def mistakes_of(error: ValidationError) -> Iterator[Mistake]:
    """One mistake per finding of pydantic's, less what `rules` says in better words."""
    for found in error.errors(include_url=False):
        if found["type"] not in ("union_tag_not_found", "union_tag_invalid"):  # kinds of checks
            key = _key(found["loc"])
            yield Mistake(key, _sentence(key, dict(found)))


def one_line(text: str) -> str:
    """The text with nothing in it that is not printed: the last fence between a file and a terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def key_text(key: Key) -> str:
    """`services.worker.checks[0].http`; parts that TOML would want in quotes are in quotes."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if BARE.fullmatch(part) else shown(part))
    return text


def value_text(value: Any, key: Key = ()) -> str:
    """What stands there, in few words."""
    words: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, str(value).lower() if isinstance(value, bool) else ""),
        (str, "text" if key in SECRETS else f"the text {shown(value)}" if isinstance(value, str) else ""),
        (int, _number_text(value)),
        (float, _number_text(value)),
        ((list, tuple), "a list"),
        (dict, "a table"),
        ((datetime.date, datetime.time), "a date or time"),
    )
    return next((text for kind, text in words if isinstance(value, kind)), "something else")


def _number_text(value: Any) -> str:
    small = isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**18)
    return f"the number {value}" if small else "a very large number"


def _key(location: Iterable[str | int]) -> Key:
    """Pydantic's place without the tag that it puts behind `services.NAME.checks.N`."""
    key = tuple(location)
    tagged = len(key) > 4 and key[0] == "services" and key[2] == "checks" and key[4] in KINDS
    return key[:4] + key[5:] if tagged else key


def _sentence(key: Key, found: dict[str, Any]) -> str:
    kind, context, value = found["type"], found.get("ctx") or {}, found["input"]
    if kind == "extra_forbidden":
        return unknown_key(key)
    if kind == "missing":
        return _missing(key)
    if kind in WANTED:
        return _wrong_type(key, WANTED[kind], value)
    if kind in ("literal_error", "enum"):
        return _wrong_word(re.findall(r"'([^']*)'", str(context.get("expected"))), value, key)
    if kind == "value_error":
        return str(context["error"])
    return _out_of_bounds(kind, context, value, key) or found["msg"]


def _missing(key: Key) -> str:
    if key == ("project", "cloud"):
        return 'is missing; write cloud = "local" (the embedded Cloud Run) or cloud = "google" (the real one)'
    if key == ("services",):
        return "is missing: no service is described; write a table [services.NAME] for each"
    return "is missing"


def _wrong_type(key: Key, wanted: str, value: Any) -> str:
    remedy = ""
    if wanted == "a list" and isinstance(value, str) and key not in SECRETS:
        remedy = f"; write [{shown(value)}]"
    elif wanted == "text in quotes" and isinstance(value, bool | int | float):
        remedy = f'; write "{str(value).lower()}"' if "very" not in _number_text(value) else ""
    elif wanted == "true or false" and isinstance(value, str) and value.lower() in ("true", "false"):
        remedy = f"; write {value.lower()} without quotes"
    elif wanted in ("a whole number", "a number") and isinstance(value, str) and re.fullmatch(r"\d{1,9}", value):
        remedy = f"; write {value} without quotes"
    return f"must be {wanted}, not {value_text(value, key)}{remedy}"


def _wrong_word(choices: list[str], value: Any, key: Key) -> str:
    if not isinstance(value, str):
        return f"must be {listed(choices)}, not {value_text(value, key)}"
    return f"must be {listed(choices)}, not {shown(value)}{did_you_mean(value, choices)}"


def _out_of_bounds(kind: str, context: dict[str, Any], value: Any, key: Key) -> str | None:
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
        return f"must be {word} {context[name]}, not {value_text(value, key).removeprefix('the number ')}"
    if kind == "finite_number":
        return "must be a number that is written out, not inf or nan"
    return None
