"""Everything outside that we can touch, one Protocol each."""

from __future__ import annotations

from typing import Protocol

from deploytool.domain.model import Fleet, Place, Revision


class FleetReader(Protocol):
    """Who tells what runs: the Cloud Run API, or files."""

    def fleet(self, *, dated: bool = False) -> Fleet:
        """All services and jobs of the configured project and regions, with the revisions that serve.

        `dated` asks for more, so that every serving revision has its date. A region that cannot be looked at is in `Fleet.unreachable`; it never raises for one region alone.
        """
        ...

    def history(self, place: Place) -> tuple[Revision, ...]:
        """Older revisions of one service, newest first; empty where no history can be had."""
        ...
