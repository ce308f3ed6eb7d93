"""Keeping a lease while a release goes on: taken, renewed from behind, given back; and never trusted for too long.

Time counts from before a request was sent, on a clock that also runs while the machine sleeps or the process is
stopped. So what is believed here about the lease's end is always earlier than what the store believes.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from deploytool.domain.lease import Holder, Lease
from deploytool.errors import CouldNotLook, DeployToolError, LeaseHeld, LeaseLost
from deploytool.ports import LeaseStore

RENEWED = 1 / 3  # of the ttl: when a renewal is due
TRUSTED = 2 / 3  # of the ttl: for how long after the last one nothing need be doubted
FRESH = 0.5  # seconds: so long an answer of the store is taken for the truth before a write
MOST_BETWEEN = 3.0  # seconds between two looks of somebody who waits


def steady() -> float:
    """Seconds on a clock that nobody sets and that does not stop when the machine sleeps."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


def hold(
    store: LeaseStore,
    key: str,
    holder: Holder,
    ttl: float,
    *,
    wait: float = 0.0,
    told: Callable[[LeaseHeld], None] = lambda held: None,
    may_replace: Callable[[Lease], bool] = lambda lease: False,
    clock: Callable[[], float] = steady,
    sleep: Callable[[float], None] = time.sleep,
) -> Keeper:
    """The lease, within `wait` seconds. Raises LeaseHeld at the end of them.

    `told` hears once of each holder that has to be waited for. `may_replace` says of a holder that it is known to be
    gone, and that we may continue in its place.
    """
    begun, heard = clock(), ""
    while True:
        asked = clock()
        try:
            return Keeper(store, _taken(store, key, holder, ttl, asked - begun, may_replace), ttl, asked, clock)
        except LeaseHeld as held:
            left = begun + wait - clock()
            if left <= 0:
                raise
            who = held.lease.id if isinstance(held.lease, Lease) else "?"
            if who != heard:
                told(held)
                heard = who
            sleep(max(0.02, min(left, held.seconds_left + 0.05, MOST_BETWEEN) * random.uniform(0.5, 1.0)))


def _taken(
    store: LeaseStore, key: str, holder: Holder, ttl: float, waited: float, may_replace: Callable[[Lease], bool]
) -> Lease:
    try:
        return store.take(key, holder, ttl, waited=waited)
    except LeaseHeld as held:
        if not isinstance(held.lease, Lease) or not may_replace(held.lease):
            raise
        return store.take_over(key, held.lease.id, holder, ttl)


class Keeper:
    """A context in which a lease is kept. Leaving it gives back this hold and no other."""

    def __init__(
        self, store: LeaseStore, lease: Lease, ttl: float, asked: float, clock: Callable[[], float] = steady
    ) -> None:
        """`asked`: by `clock`, before the lease was asked for."""
        self._store, self._lease, self._ttl, self._clock = store, lease, ttl, clock
        self._sure = asked  # the lease was ours at this moment or later
        self._lost: LeaseLost | None = None
        self._guard = threading.Lock()  # over the four above
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def lease(self) -> Lease:
        return self._lease

    @property
    def number(self) -> int:
        """The fencing number: whoever sees a greater one must refuse what comes with this."""
        return self._lease.number

    def check(self) -> None:
        """Before every write. Raises LeaseLost when the lease is lost, or was not renewed for too long.

        A hold that somebody broke is still young here: so the store is asked, unless it was a moment ago.
        """
        if FRESH < self._clock() - self._sure < self._ttl * TRUSTED and self._lost is None:
            with suppress(CouldNotLook, LeaseLost):  # what that means is decided below, by the age of what is known
                self.renew()
        with self._guard:
            if self._lost is not None:
                raise LeaseLost(self._lost.message, hint=self._lost.hint, how=self._lost.how)
            age = self._clock() - self._sure
        if not 0 <= age < self._ttl * TRUSTED:
            raise LeaseLost(
                f"The lease was not renewed for {age:.0f}s of its {self._ttl:.0f}s: it may be somebody else's now.",
                hint="See who has it: deploytool lock list",
            )

    def retake(self) -> None:
        """A new hold after this one lapsed. Raises LeaseHeld when anybody took, broke or ended it in between."""
        self._end_thread()
        asked = self._clock()
        lease = self._store.take_over(self._lease.key, self._lease.id, self._lease.holder, self._ttl)
        with self._guard:
            self._lease, self._sure, self._lost = lease, asked, None
        self._begin_thread()

    def renew(self) -> None:
        """Now, whatever time it is. Raises LeaseLost or CouldNotLook."""
        asked = self._clock()
        try:
            lease = self._store.renew(self._lease, self._ttl)
        except LeaseLost as lost:
            with self._guard:
                self._lost = lost
            raise
        with self._guard:
            self._lease, self._sure = lease, asked

    def __enter__(self) -> Keeper:
        self._begin_thread()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_thread()
        with suppress(DeployToolError):  # out of reach: it lapses by itself, and the release's own end matters more
            self._store.release(self._lease)

    def _begin_thread(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, args=(self._over,), name="lease", daemon=True)
        self._thread.start()

    def _end_thread(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _keep(self, over: threading.Event) -> None:
        pause = self._ttl * RENEWED
        while not over.wait(pause * random.uniform(0.8, 1.0)):
            try:
                self.renew()
                pause = self._ttl * RENEWED
            except LeaseLost:
                return
            except CouldNotLook:
                pause = self._ttl / 12  # while there is time: the next answer may be a good one
