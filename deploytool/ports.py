"""Everything outside that we can touch, one Protocol each."""

from __future__ import annotations

from typing import Protocol

from deploytool.domain.lease import Holder, Lease, LeaseRecord
from deploytool.domain.model import Fleet, Place, Revision


class FleetReader(Protocol):
    """Who tells what runs: the Cloud Run API, or files."""

    def fleet(self, *, dated: bool = False) -> Fleet:
        """All services and jobs of the configured project and regions, with the revisions that serve.

        `dated` asks for more, so that every serving revision has its date.
        A region that cannot be looked at is in `Fleet.unreachable`; it never raises for one region alone.
        """
        ...

    def history(self, place: Place) -> tuple[Revision, ...]:
        """Older revisions of one service, newest first; empty where no history can be had."""
        ...


class LeaseStore(Protocol):
    """Where leases are kept. Expiry is by the store's clock; everything here is atomic.

    Every method raises CouldNotLook when the store is out of reach: then nobody may act.
    """

    def take(self, key: str, holder: Holder, ttl: float, *, waited: float = 0.0) -> Lease:
        """The lease for `ttl` seconds. Raises LeaseHeld, with who and how long, while somebody has it."""
        ...

    def take_over(self, key: str, lease_id: str, holder: Holder, ttl: float) -> Lease:
        """The lease in the place of hold `lease_id`, whose holder is known to be gone.

        Raises LeaseHeld when another hold, or none, is there by now.
        """
        ...

    def renew(self, lease: Lease, ttl: float) -> Lease:
        """The same hold for another `ttl` seconds from now. Raises LeaseLost when it is not the current one, or lapsed."""
        ...

    def release(self, lease: Lease) -> bool:
        """End this hold and no other; False when it was not the current one any more."""
        ...

    def break_(self, lease_id: str, why: str) -> Lease:
        """End the hold of that id, whoever has it; the hold that ended. Raises UsageError when there is no such hold."""
        ...

    def records(self) -> tuple[LeaseRecord, ...]:
        """Every key that is held or was in the last week, by key."""
        ...
