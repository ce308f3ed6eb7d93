"""One comparison of a log filter: how a field of an entry is compared with a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from deploytool.emulator.log_entries import SEVERITIES, Entry

Test = Callable[[Any], bool]  # of the field's value, which is there

ORDER: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
TIMES = {("timestamp",), ("receiveTimestamp",)}
LATENCY = ("httpRequest", "latency")
SIZES = {("httpRequest", "requestSize"), ("httpRequest", "responseSize")}  # numbers that JSON carries as text
UNITS = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "m": 60.0, "h": 3600.0}
REPEATED_REPEAT = re.compile(r"[*+}]\)(?:[*+]|\{\d*,)")  # (a+)+
DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|ms|us|ns|m|h)?")
MAX_PATTERN = 500  # letters of a regular expression

ROOTS = {
    "logName", "resource", "timestamp", "receiveTimestamp", "severity", "insertId", "httpRequest", "labels",
    "textPayload", "jsonPayload", "protoPayload", "operation", "trace", "spanId", "traceSampled", "sourceLocation",
    "split", "metadata",
}  # fmt: skip


class Unfit(ValueError):
    """This word cannot be compared with this field; the text says why."""


def field_path(path: tuple[str, ...]) -> tuple[str, ...]:
    """The path with its first words in camelCase; Unfit when entries have no such field."""
    root = _camel(path[0])
    if root not in ROOTS:
        raise Unfit(f"log entries have no field '{path[0]}'")
    rest = path[1:]
    return (root, *map(_camel, rest)) if root == "httpRequest" else (root, *rest)


def _camel(word: str) -> str:
    head, *others = word.split("_")
    return head + "".join(other.capitalize() for other in others)


def test_of(path: tuple[str, ...], operator: str, word: str) -> Test:
    """What the operator asks of the field's value; Unfit when the word is no such value."""
    if operator in {"=~", "!~"}:
        return _pattern(word, operator == "=~")
    if operator == ":" and word == "*":
        return lambda value: True
    if path == ("severity",):
        level, order = level_of(word), ORDER["=" if operator == ":" else operator]
        return lambda value: order(SEVERITIES.get(str(value), 0), level)
    if path in TIMES and operator in ORDER:
        at, order = moment_of(word), ORDER[operator]
        return lambda value: order(moment_of(str(value)), at)
    if path == LATENCY and operator in ORDER:
        seconds, order = seconds_of(word), ORDER[operator]
        return lambda value: order(seconds_of(str(value)), seconds)
    if operator == ":":
        folded = word.casefold()
        return lambda value: _has(value, folded)
    ordered = _ordered(operator, word)
    return (lambda value: ordered(int(value))) if path in SIZES else ordered


def _ordered(operator: str, word: str) -> Test:
    order, number, folded = ORDER[operator], _number(word), word.casefold()

    def test(value: Any) -> bool:
        if isinstance(value, list):
            return any(test(item) for item in value)
        if isinstance(value, bool):
            return order(str(value).lower(), folded)
        if isinstance(value, int | float):
            return number is not None and order(value, number)
        return isinstance(value, str) and order(value.casefold(), folded)

    return test


def _pattern(word: str, wanted: bool) -> Test:
    if len(word) > MAX_PATTERN:
        raise Unfit(f"a regular expression has at most {MAX_PATTERN} letters")
    if REPEATED_REPEAT.search(word):
        raise Unfit("a repetition of a repetition: Google's matcher takes it, and this one could take for ever")
    try:
        pattern = re.compile(word)
    except (re.error, RecursionError, OverflowError) as problem:
        raise Unfit(f"not a regular expression: {problem}") from None
    return lambda value: isinstance(value, str) and bool(pattern.search(value)) == wanted


def _has(value: Any, folded: str) -> bool:
    """A part of a text, a key of a map, an item of a list."""
    if isinstance(value, dict):
        return any(key.casefold() == folded for key in value)
    if isinstance(value, list):
        return any(_has(item, folded) for item in value)
    return folded in _text(value).casefold()


def value_at(entry: Entry, path: tuple[str, ...]) -> Any:
    """The field's value; None when the entry does not have it."""
    value: Any = entry
    for word in path:
        if not isinstance(value, dict) or word not in value:
            return None
        value = value[word]
    return value


def says(entry: Entry, folded: str) -> bool:
    """Does some value of the entry hold this text, whatever its case?"""
    return any(folded in text.casefold() for text in _texts(entry))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    else:
        yield _text(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def level_of(word: str) -> int:
    """A severity by name or number."""
    if word.upper() in SEVERITIES:
        return SEVERITIES[word.upper()]
    if word.isdecimal() and len(word) < 5:
        return int(word)
    raise Unfit(f"'{word}' is no severity; there are {', '.join(SEVERITIES)}")


def moment_of(word: str) -> int:
    """Microseconds since 1970 of an RFC 3339 time or a date, in UTC unless it says otherwise."""
    try:
        at = datetime.fromisoformat(word)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return round(at.timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        raise Unfit(f"'{word}' is no time; write it as 2026-01-31T12:00:00Z") from None


def seconds_of(word: str) -> float:
    found = DURATION.fullmatch(word)
    if not found:
        raise Unfit(f"'{word}' is no duration; write it as 0.5s")
    return float(found.group(1)) * UNITS[found.group(2) or ""]
