"""Where leases are kept: one file on this machine, a Firestore collection, or a Cloud Storage bucket."""

from deploytool.adapters.leases.store import Leases, Shelf

__all__ = ["Leases", "Shelf"]
