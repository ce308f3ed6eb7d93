"""What time it is for a report: now, unless DEPLOYTOOL_NOW says otherwise. Leases never ask here."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from deploytool.errors import UsageError

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def now(environ: Mapping[str, str] = os.environ) -> datetime:
    """The moment of the report, in UTC. Raises UsageError when DEPLOYTOOL_NOW is not a moment."""
    told = environ.get("DEPLOYTOOL_NOW")
    if not told:
        return datetime.now(UTC)
    try:
        if not RFC3339.fullmatch(told):
            raise ValueError
        return datetime.fromisoformat(told.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"DEPLOYTOOL_NOW is not a moment: {told}",
            hint="Write it as RFC 3339, such as 2026-02-05T00:45:00Z, or unset it: unset DEPLOYTOOL_NOW",
        ) from None


class RealTime:
    """Time as a release needs it: always the real one."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds; they also count while the machine sleeps, where the system can tell."""
        boottime = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if boottime is None else time.clock_gettime(boottime)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
