"""What was said, as a JSON object and back: the same in SQLite and in Cloud Storage."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from deploytool.domain.message import Claim, Said

SCHEMA = "deploytool/said/1"


def json_of(said: Said) -> dict[str, Any]:
    claim = said.claim
    return {
        "schema": SCHEMA,
        "key": said.key,
        "fingerprint": said.fingerprint,
        "at": said.at.isoformat() if said.at else None,
        "since": said.since.isoformat() if said.since else None,
        "doubt": said.doubt,
        "claim": {"id": claim.id, "fingerprint": claim.fingerprint, "until": claim.until.isoformat()}
        if claim
        else None,
    }


def said_from(value: Any, key: str) -> Said:
    """Raises ValueError for everything that `json_of` did not write for this key."""
    if not isinstance(value, dict) or value.get("schema") != SCHEMA or value.get("key") != key:
        raise ValueError("it is no record of what was said about this")
    claim, doubt = value.get("claim"), value.get("doubt")
    if not isinstance(doubt, bool) or not isinstance(claim, dict | None):
        raise ValueError("it is only a part")
    made = Claim(_text(claim, "id"), _text(claim, "fingerprint"), _moment(claim, "until")) if claim else None
    at, since = (_moment(value, name) if value.get(name) is not None else None for name in ("at", "since"))
    return Said(key, _text(value, "fingerprint"), at, since, made, doubt)


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str):
        raise ValueError(f"{name} is no text")
    return found


def _moment(value: dict[str, Any], name: str) -> datetime:
    found = datetime.fromisoformat(_text(value, name))
    if found.tzinfo is None:
        raise ValueError(f"{name} has no time zone")
    return found.astimezone(UTC)
