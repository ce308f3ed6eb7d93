"""Reads are asked again, with jitter, until patience ends. Writes never come through here.

A loop of our own instead of stamina: it obeys Retry-After and one deadline for a whole region, and does not
cost 36 ms of imports on the way to every answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from deploytool.adapters.cloudrun.faults import could_not_look, is_passing

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to keep asking, in seconds."""

    total: float = 20.0  # for one region, or one revision
    call: float = 10.0  # for one request
    attempts: int = 5
    first_wait: float = 0.25  # doubled each time, and jittered

    def once(self) -> Patience:
        """For what is nice to know: asked one time only."""
        return Patience(self.total, self.call, 1, self.first_wait)


class Patient:
    """Asks until there is an answer, the fault is a final one, or patience ends."""

    def __init__(self, patience: Patience, subject: str, project: str, local: bool) -> None:
        self.patience, self.subject, self.project, self.local = patience, subject, project, local
        self.end = time.monotonic() + patience.total

    def ask(self, call: Callable[[float], T]) -> T:
        """`call` takes its timeout in seconds. Raises CouldNotLook in words a person can act on."""
        for attempt in range(1, self.patience.attempts + 1):
            left = self.end - time.monotonic()
            try:
                return call(max(0.05, min(self.patience.call, left)))
            except Exception as error:
                wait = self._wait_after(error, attempt)
                if wait is None:
                    raise could_not_look(error, self.subject, self.project, self.local) from error
            time.sleep(wait)
        raise AssertionError("the last attempt either answers or raises")

    def _wait_after(self, error: Exception, attempt: int) -> float | None:
        """Seconds to wait before asking again; None when it would not help or not fit."""
        if attempt >= self.patience.attempts or not is_passing(error, attempt):
            return None
        wait = self.patience.first_wait * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
        wait = max(wait, retry_after(error))
        return wait if time.monotonic() + wait < self.end else None


def retry_after(error: Exception) -> float:
    """Seconds that the server asks us to wait: a number or a date, else 0."""
    from email.utils import parsedate_to_datetime

    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    said = str(headers.get("Retry-After", "")).strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0
