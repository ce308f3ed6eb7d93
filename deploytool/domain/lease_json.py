"""A book as a JSON object and back: the same in Firestore, in Cloud Storage and in SQLite."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from deploytool.domain.lease import Hold, Holder, Lease
from deploytool.domain.lease_book import Book

VERSION = 1


def json_of(book: Book) -> dict[str, Any]:
    return {
        "version": VERSION,
        "key": book.key,
        "number": book.number,
        "held": _lease_json(book.held) if book.held else None,
        "past": [_hold_json(hold) for hold in book.past],
    }


def book_from(value: Any) -> Book:
    """Raises ValueError for everything that `json_of` did not write: half a record must not pass for a free one."""
    if _whole(value, "version") != VERSION:
        raise ValueError(f"layout {value['version']}, this version knows {VERSION}")
    key, held = _text(value, "key"), _of(value, "held")
    past = _of(value, "past")
    if not isinstance(past, list):
        raise ValueError("past is not a list")
    lease = None if held is None else _lease(held, key)
    number = _whole(value, "number")
    if lease is not None and lease.number > number:
        raise ValueError("held has a greater number than the record")
    return Book(key, number, lease, tuple(_hold(one) for one in past))


def _lease_json(lease: Lease) -> dict[str, Any]:
    return {
        "id": lease.id,
        "number": lease.number,
        "holder": asdict(lease.holder),
        "taken_at": lease.taken_at.isoformat(),
        "expires_at": lease.expires_at.isoformat(),
        "waited": lease.waited,
    }


def _hold_json(hold: Hold) -> dict[str, Any]:
    return {
        "id": hold.id,
        "number": hold.number,
        "holder": asdict(hold.holder),
        "taken_at": hold.taken_at.isoformat(),
        "ended_at": hold.ended_at.isoformat(),
        "waited": hold.waited,
        "how": hold.how,
    }


def _lease(value: Any, key: str) -> Lease:
    return Lease(
        _text(value, "id"),
        key,
        _holder(_of(value, "holder")),
        _whole(value, "number"),
        _moment(value, "taken_at"),
        _moment(value, "expires_at"),
        _seconds(value, "waited"),
    )


def _hold(value: Any) -> Hold:
    return Hold(
        _text(value, "id"),
        _whole(value, "number"),
        _holder(_of(value, "holder")),
        _moment(value, "taken_at"),
        _moment(value, "ended_at"),
        _seconds(value, "waited"),
        _text(value, "how"),
    )


def _holder(value: Any) -> Holder:
    words = {name: _text(value, name) for name in ("user", "host", "started", "release", "reason", "commit", "link")}
    return Holder(process=_whole(value, "process"), **words)


def _of(value: Any, name: str) -> Any:
    if not isinstance(value, dict) or name not in value:
        raise ValueError(f"{name} is missing")
    return value[name]


def _text(value: Any, name: str) -> str:
    found = _of(value, name)
    if not isinstance(found, str):
        raise ValueError(f"{name} is not a text")
    return found


def _whole(value: Any, name: str) -> int:
    found = _of(value, name)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise ValueError(f"{name} is not a whole number")
    return found


def _seconds(value: Any, name: str) -> float:
    found = _of(value, name)
    if not isinstance(found, int | float) or isinstance(found, bool) or not 0 <= found < float("inf"):
        raise ValueError(f"{name} is not a number of seconds")
    return float(found)


def _moment(value: Any, name: str) -> datetime:
    found = datetime.fromisoformat(_text(value, name))
    if found.tzinfo is None:
        raise ValueError(f"{name} has no time zone")
    return found.astimezone(UTC)
