"""A release as one JSON object that others can read, and what two records of the same release are together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from deploytool.domain.model import Place
from deploytool.domain.release import Event, EventKind, hash_of, releases_of

SCHEMA = 1
RANKS = {EventKind.BEGUN: 0, EventKind.ENDED: 2}


def json_of(events: Sequence[Event]) -> dict[str, Any]:
    return {"schema": SCHEMA, "release": events[0].release, "events": [_event_json(event) for event in events]}


def events_from(value: Any, place: Place, release: str) -> tuple[Event, ...]:
    """Raises ValueError for everything that `json_of` did not write: half a record must not pass for a whole one."""
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise ValueError(f"it is not of layout {SCHEMA}")
    if value.get("release") != release:
        raise ValueError("it is of another release")
    lines = value.get("events")
    if not isinstance(lines, list) or not lines:
        raise ValueError("it has no events")
    events = in_order(_event(line, release) for line in lines)
    try:
        (found,) = releases_of(events)
    except (ValueError, LookupError, TypeError) as problem:
        raise ValueError("its events are no release") from problem
    if found.place != place:
        raise ValueError("it is of another service")
    return events


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """One holder after the other. The end is last, and of several ends that of the latest holder."""
    return tuple(sorted(events, key=lambda event: (RANKS.get(event.kind, 1), event.fence)))


def together(first: Sequence[Event], second: Sequence[Event]) -> tuple[Event, ...]:
    """Every line that one of them has, as the first has it."""
    return in_order((*first, *beyond(second, first)))


def beyond(events: Iterable[Event], known: Iterable[Event]) -> tuple[Event, ...]:
    """The lines that are not among the known ones; where a line lies in a ledger says nothing about it."""
    left = Counter(map(_content, known))
    found = []
    for event in events:
        if left[_content(event)] > 0:
            left[_content(event)] -= 1
        else:
            found.append(event)
    return tuple(found)


def are_later(unknown: Iterable[Event], fence: int) -> bool:
    """Must the holder of `fence` stop? For a later holder, an end, or another release with this name."""
    return any(event.fence > fence or event.kind in RANKS for event in unknown)


def by_time(records: Iterable[Sequence[Event]]) -> tuple[Event, ...]:
    """The lines of several records; the order within each stays, whatever its clock said."""
    dated: list[tuple[datetime, Event]] = []
    for record in records:
        latest = datetime.min.replace(tzinfo=UTC)
        for event in record:
            latest = max(latest, event.at)
            dated.append((latest, event))
    return tuple(event for _, event in sorted(dated, key=lambda pair: pair[0]))


def _content(event: Event) -> str:
    parts = [event.at.isoformat(), event.kind.value, event.step, event.data, event.fence]
    return json.dumps(parts, sort_keys=True, separators=(",", ":"))


def _event_json(event: Event) -> dict[str, Any]:
    return {
        "number": event.number,
        "at": event.at.isoformat(),
        "kind": event.kind.value,
        "step": event.step,
        "data": event.data,
        "fence": event.fence,
        "previous": event.previous,
        "hash": event.hash,
    }


def _event(line: Any, release: str) -> Event:
    try:
        at, kind = datetime.fromisoformat(_of(line, "at", str)), EventKind(_of(line, "kind", str))
    except ValueError:  # whose words may quote anything
        raise ValueError("at or kind of an event is not understood") from None
    if at.tzinfo is None:
        raise ValueError("at has no time zone")
    event = Event(
        number=_of(line, "number", int),
        release=release,
        at=at.astimezone(UTC),
        kind=kind,
        step=_of(line, "step", str),
        data=_data(line),
        fence=_fence(line),
        previous=_of(line, "previous", str),
        hash=_of(line, "hash", str),
    )
    if hash_of(event) != event.hash:
        raise ValueError(f"event {event.number} was changed after it was written")
    return event


def _fence(line: Any) -> int:
    fence: int = _of(line, "fence", int)
    if not 0 <= fence < 2**63:
        raise ValueError("fence is no number of a lease")
    return fence


def _data(line: Any) -> Mapping[str, Any]:
    data: Mapping[str, Any] = _of(line, "data", dict)
    return data


def _of(line: Any, name: str, kind: type) -> Any:
    found = line.get(name) if isinstance(line, dict) else None
    if not isinstance(found, kind) or isinstance(found, bool):
        raise ValueError(f"{name} of an event is missing, or is something else")
    return found
