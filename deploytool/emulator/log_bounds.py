"""What every match of a filter must have, so that the store need not read everything."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.emulator.log_filter import All, Compare, Filter
from deploytool.emulator.log_match import level_of, moment_of
from deploytool.emulator.log_store import Bounds

LABELS = ("resource", "labels")
COLUMN_OF = {("logName",): "log", (*LABELS, "service_name"): "service", (*LABELS, "revision_name"): "revision"}


def bounds_of(wanted: Filter) -> Bounds:
    """Bounds of the comparisons that are joined by AND; what is under OR or NOT bounds nothing."""
    since: list[int] = []
    until: list[int] = []
    severity, equal = 0, []
    for part in _joined(wanted):
        if part.path == ("timestamp",) and part.operator in {">", ">=", "="}:
            since.append(moment_of(part.word))
        if part.path == ("timestamp",) and part.operator in {"<", "<=", "="}:
            until.append(moment_of(part.word))
        if part.path == ("severity",) and part.operator in {">", ">=", "="}:
            severity = max(severity, level_of(part.word))
        if part.operator == "=" and part.path in COLUMN_OF and part.word.isascii():
            equal.append((COLUMN_OF[part.path], part.word))
    return Bounds(max(since, default=None), min(until, default=None), severity, tuple(equal))


def _joined(wanted: Filter) -> Iterator[Compare]:
    if isinstance(wanted, Compare):
        yield wanted
    elif isinstance(wanted, All):
        for part in wanted.parts:
            yield from _joined(part)
