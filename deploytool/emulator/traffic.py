"""Traffic: what is asked for, what is effective, and who serves."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from deploytool.emulator.errors import invalid
from deploytool.emulator.names import check_tag, short

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"

Row = dict[str, Any]
FIELD = "service.traffic"


def checked_traffic(rows: Any, service: str, known: Collection[str]) -> list[Row]:
    """The rows of a request, valid: 400 otherwise. `known` holds the short names of the revisions there are.

    No rows at all stay no rows; they mean 100 % to the latest ready revision.
    """
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise invalid("Traffic is a list of targets.", FIELD)
    result = [_checked_row({k: v for k, v in row.items() if v is not None}, service, known) for row in rows]
    total = sum(row.get("percent", 0) for row in result)
    if result and total != 100:
        raise invalid(f"The traffic percentages must sum to 100, not {total}.", FIELD)
    tags = [row["tag"] for row in result if row.get("tag")]
    if len(tags) != len(set(tags)):
        raise invalid("Each traffic tag can name one target only.", f"{FIELD}.tag")
    return result


def _checked_row(row: Row, service: str, known: Collection[str]) -> Row:
    revision = row.get("revision")
    kind = row.get("type") or (REVISION if revision else LATEST)
    percent = row.get("percent", 0)
    if type(percent) is not int or not 0 <= percent <= 100:
        raise invalid(f"A percentage is a whole number from 0 to 100, not {percent!r}.", f"{FIELD}.percent")
    if kind not in {LATEST, REVISION}:
        raise invalid(f"Unknown traffic target type '{kind}'.", f"{FIELD}.type")
    if kind == LATEST and revision:
        raise invalid("A target of type LATEST names no revision.", f"{FIELD}.revision")
    if kind == REVISION and not revision:
        raise invalid("A target of type REVISION needs a revision.", f"{FIELD}.revision")
    if kind == REVISION and revision not in known:
        raise invalid(f"Revision '{revision}' of service '{service}' does not exist.", f"{FIELD}.revision")
    if row.get("tag"):
        check_tag(str(row["tag"]), service)
    return {"type": kind} | {key: value for key, value in row.items() if key != "type"}


def effective(rows: list[Row], ready: Collection[str], latest_ready: str | None) -> list[Row] | None:
    """What can be served of what is asked for; None when some target is not ready.

    LATEST rows carry no revision, as in the real answers.
    """
    if not rows:
        return [{"type": LATEST, "percent": 100}] if latest_ready else None
    for row in rows:
        if row["type"] == LATEST and latest_ready is None:
            return None
        if row["type"] == REVISION and row["revision"] not in ready:
            return None
    return [{key: row[key] for key in ("type", "revision", "percent", "tag") if row.get(key)} for row in rows]


def shares(statuses: list[Row], latest_ready: str | None) -> dict[str, int]:
    """Percent per short revision name; tagged revisions without traffic are in it with 0."""
    result: dict[str, int] = {}
    for row in statuses:
        name = row.get("revision") or (latest_ready if row.get("type") == LATEST else None)
        if name:
            result[short(name)] = result.get(short(name), 0) + int(row.get("percent") or 0)
    return result


def tagged(statuses: list[Row], tag: str, latest_ready: str | None) -> str | None:
    """The short name of the revision a tag points at."""
    for row in statuses:
        if row.get("tag") == tag:
            name = row.get("revision") or latest_ready
            return short(name) if name else None
    return None
