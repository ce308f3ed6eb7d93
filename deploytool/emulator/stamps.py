"""Times, ids and etags as Cloud Run writes them."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

EXPIRES_AFTER = timedelta(days=30)


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def expiry(at: datetime) -> str:
    """When a deleted service is gone for good: 30 days later."""
    return stamp(at + EXPIRES_AFTER)


def etag_of(name: str, generation: str, update_time: str) -> str:
    """Quoted, and the same until the next write: reconciling does not change it."""
    digest = hashlib.sha256(f"{generation}\n{update_time}".encode()).digest()[:9]
    return '"' + base64.b64encode(digest).decode() + "/" + base64.b64encode(name.encode()).decode().rstrip("=") + '"'
