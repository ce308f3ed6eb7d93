"""The log of all revisions: programs' lines, requests, and what befell the programs."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from deploytool.emulator.errors import EmulatorError
from deploytool.emulator.log_entries import Entry, Served, line_entry, request_entry, system_entry
from deploytool.emulator.log_store import BATCH, LogStore
from deploytool.emulator.stamps import stamp

EVERY = 0.25  # seconds between writes

Revision = dict[str, Any]


class Journal:
    """Takes entries at once and writes them soon after. A reader calls `flush` first."""

    def __init__(self, store: LogStore, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self._clock = clock
        self._start = secrets.token_hex(4)
        self._number = 0

    def lines_of(self, revision: Revision) -> Callable[[str, str], None]:
        """Tells a line of this revision's program: `(stdout or stderr, text)`. Empty lines are not kept."""
        head = {"name": revision["name"]}

        def tell(stream: str, line: str) -> None:
            if line.strip():
                self._add(line_entry(head, stream, line))

        return tell

    def request(self, revision: Revision, served: Served) -> None:
        self._add(request_entry(revision, served))

    def system(self, revision: Revision, severity: str, text: str) -> None:
        self._add(system_entry(revision, severity, text))

    def _add(self, entry: Entry) -> None:
        now = self._clock()
        at = stamp(datetime.fromtimestamp(now, UTC))
        self._number += 1
        entry |= {"timestamp": at, "receiveTimestamp": at, "insertId": f"{self._start}{self._number:010x}"}
        self.store.add(micros(now), entry)
        if self.store.waiting >= BATCH:
            self._flush_or_lose()

    def _flush_or_lose(self) -> None:
        """A log that cannot be written stops no request."""
        try:
            self.store.flush()
        except EmulatorError:
            return  # whoever reads the log is told

    async def keep_writing(self) -> None:
        """Write every little while, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            self._flush_or_lose()

    def close(self) -> None:
        self._flush_or_lose()
        self.store.close()


def micros(seconds: float) -> int:
    """Microseconds since 1970, as `stamp` writes them."""
    return round(datetime.fromtimestamp(seconds, UTC).timestamp() * 1_000_000)
