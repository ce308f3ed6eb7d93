"""The time on this machine that nobody can set: it goes on from one reading of the wall clock, by what passed since."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIME_NAMESPACE = Path("/proc/self/ns/time")  # in another one, the time since boot is another one too


@dataclass(frozen=True, slots=True)
class Reading:
    """All clocks at once."""

    boot: str  # which start of the machine; "" where that cannot be told
    since_boot: float  # seconds, sleep included
    wall: float  # seconds of the epoch, as the machine was told


def reading() -> Reading:
    wall = time.time()
    try:
        boot = BOOT_ID.read_text("ascii").strip()
        since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    except (OSError, ValueError, AttributeError):
        return Reading("", 0.0, wall)
    with suppress(OSError):  # a kernel without such namespaces
        boot += f" {os.readlink(TIME_NAMESPACE)}"
    return Reading(boot, since_boot, wall)


def store_time(db: sqlite3.Connection, read: Reading) -> float:
    """The store's time in seconds of the epoch; it never goes back.

    Within one start of the machine the wall clock counts once. Where starts cannot be told apart, it counts always.
    """
    latest = db.execute("SELECT max(latest) FROM clock").fetchone()[0] or 0.0
    known = db.execute("SELECT ahead FROM clock WHERE boot = ?", (read.boot,)).fetchone() if read.boot else None
    return max(latest, read.wall if known is None else read.since_boot + known[0])


def keep_time(db: sqlite3.Connection, read: Reading, now: float) -> None:
    """Remember that it was `now`, and by how much the store's time is ahead of the time since boot."""
    db.execute(
        "INSERT INTO clock (boot, ahead, latest) VALUES (?, ?, ?) "
        "ON CONFLICT (boot) DO UPDATE SET latest = excluded.latest",
        (read.boot, now - read.since_boot, now),
    )


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
