"""Change a small record, such as a book, in a store that can only compare: read, write unless somebody else wrote."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from deploytool.adapters.googleapi import PASSING, NoAnswer, Refused
from deploytool.errors import CouldNotLook

PATIENCE = 20.0  # seconds for one change
FIRST_PAUSE = 0.05  # seconds; doubled up to the longest one
LONGEST_PAUSE = 2.0

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Seen(Generic[Kept]):
    """A book, which version of it that was (None: there was none), and the store's clock, at the latest then."""

    book: Kept
    version: Any
    now: datetime


class Compared(Protocol[Kept]):
    name: str  # as people call it

    def read(self, key: str) -> Seen[Kept]: ...

    def write(self, book: Kept, version: Any) -> bool:
        """False when somebody wrote since that version. Raises NoAnswer or Refused, whose `acted` tells the rest."""
        ...


def changed(
    shelf: Compared[Kept],
    key: str,
    turn: Callable[[Kept, datetime], Kept],
    *,
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> Kept:
    """An answer that got lost is no matter: the next look shows whether the change was made; `turn` then leaves it."""
    end, pause = time.monotonic() + patience, FIRST_PAUSE
    while True:
        seen = shelf.read(key)
        wanted = turn(seen.book, seen.now)
        problem: NoAnswer | Refused | None = None
        try:
            if wanted == seen.book or shelf.write(wanted, seen.version):
                return wanted
        except (NoAnswer, Refused) as error:
            if not _may_pass(error):
                raise
            problem = error
        wait = max(pause * random.uniform(0.5, 1.5), getattr(problem, "wait", 0.0))
        if time.monotonic() + wait > end:
            raise problem or _contended(shelf.name, patience)
        sleep(wait)
        pause = min(pause * 2, LONGEST_PAUSE)


def _may_pass(error: NoAnswer | Refused) -> bool:
    return error.acted or (isinstance(error, Refused) and error.code in PASSING)


def _contended(name: str, patience: float) -> CouldNotLook:
    return CouldNotLook(
        f"{name} was written by others each time for {patience:.0f}s.", hint="See who: deploytool lock list"
    )
