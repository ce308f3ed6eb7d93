"""A report of who is releasing: one for too long, one just now."""

from __future__ import annotations

from datetime import timedelta

from deploytool.domain.lease import Holder, Lease
from deploytool.domain.lock_report import HeldLease, LockReport, Week
from tests.render.reports import NOW


def lock_report(sample: str = "", region: str = "us-west2") -> LockReport:
    """With `sample`, every text of the first lease is that."""
    old = Holder(
        sample or "ann",
        sample or "laptop",
        1,
        sample,
        sample or "r1",
        sample or "deploy 7c406c20",
        sample or "7c406c20" * 5,
        sample or "https://ci.test/1",
    )
    new = Holder("bob", "runner", 2, "", "r2", "rollback")
    held = (
        _held(Lease(sample or "a1", sample or f"p/{region}/api", old, 7, NOW, NOW), 4000, 500, 0),
        _held(Lease("b2", "p/europe-west1/web", new, 3, NOW, NOW), 5, 595, 70),
    )
    return LockReport(NOW, held, Week(3, 4000, 70), max_age=3600)


def _held(lease: Lease, age: float, left: float, waited: float) -> HeldLease:
    made = Lease(
        lease.id,
        lease.key,
        lease.holder,
        lease.number,
        NOW - timedelta(seconds=age),
        NOW + timedelta(seconds=left),
        waited,
    )
    return HeldLease(made, age, left)
