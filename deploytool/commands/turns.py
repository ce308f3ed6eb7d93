"""Whose turn is it? What is planned in the middle of somebody else's release says nothing about what comes after it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from deploytool.adapters import whoami
from deploytool.domain.lease import key_of
from deploytool.domain.lease_book import held_by
from deploytool.domain.model import Place
from deploytool.errors import LeaseHeld

if TYPE_CHECKING:
    from deploytool.app import App

PAUSE = 0.5  # seconds between two looks
MOVING = frozenset(("unfinished", "operation", "traffic", "rollback", "tag"))  # what a running release changes


def await_turn(app: App, place: Place, seconds: float, told: Callable[[str], None]) -> bool:
    """Wait until nobody releases the service; did somebody? Raises LeaseHeld when that takes longer than `seconds`."""
    deadline, heard = time.monotonic() + seconds, False
    while (held := _held(app, place)) is not None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise held
        if not heard:
            told(f"waiting: {held.message}")
        heard = True
        time.sleep(min(PAUSE, left))
    return heard


def _held(app: App, place: Place) -> LeaseHeld | None:
    """Who releases it now. A holder whose process is known to be gone does not: what it left is unfinished."""
    record = next((one for one in app.lease_store.records() if one.key == key_of(place)), None)
    if record is None or record.held is None or whoami.is_gone(record.held.holder):
        return None
    return held_by(record.held, record.held.expires_at - timedelta(seconds=record.seconds_left))
