"""What a team shares: the leases and the ledger, on this machine or where all of them look."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from deploytool.adapters.googleapi import GoogleApi
from deploytool.adapters.leases import Leases, Shelf
from deploytool.app import address
from deploytool.errors import UsageError
from deploytool.ports import LeaseStore, Ledger, Notebook

if TYPE_CHECKING:
    from deploytool.adapters.cloudrun.retry import Patience
    from deploytool.app import App


def lease_store_of(app: App) -> LeaseStore:
    """Where leases are kept, as services.toml says."""
    return Leases(_shelf_of(app))


def _shelf_of(app: App) -> Shelf:
    locks = app.config.locks
    match locks.backend:
        case "sqlite":
            from deploytool.adapters.leases.sqlite import SqliteShelf

            return SqliteShelf(app.state / "leases.sqlite")
        case "firestore":
            from deploytool.adapters.leases.firestore import firestore_shelf

            project, database, collection = app.config.project.project, locks.database, locks.collection
            return firestore_shelf(_firestore(app), project, database or "(default)", collection or "leases")
        case "gcs":
            from deploytool.adapters.leases.gcs import gcs_shelf

            return gcs_shelf(_storage(app), locks.bucket or "")
        case _:
            assert_never(locks.backend)


def ledger_of(app: App) -> Ledger:
    """The file beside services.toml; with a copy in a bucket when services.toml says so."""
    from deploytool.adapters.ledger import SqliteLedger

    local = SqliteLedger(app.state / "ledger.sqlite")
    if app.config.ledger.mirror is None:
        return local
    from deploytool.adapters.ledger_copies import BucketCopies
    from deploytool.adapters.ledger_mirror import MirroredLedger

    copies = BucketCopies(_storage_api(app), app.config.ledger.mirror, app.config.places, app.cache)
    return MirroredLedger(local, copies, app.state / "mirrored.sqlite", app.note)


def bucket_notebook_of(app: App) -> Notebook | None:
    """What was said, beside the copies of the ledger; None where there are none."""
    if app.config.ledger.mirror is None:
        return None
    from deploytool.adapters.said_bucket import READ, BucketNotebook

    return BucketNotebook(_storage_api(app, READ), app.config.ledger.mirror)


def _storage_api(app: App, patience: Patience | None = None) -> GoogleApi:
    from deploytool.adapters.leases.gcs import ENDPOINT

    where = _storage(app)
    return GoogleApi(where or ENDPOINT, name="Cloud Storage", local=where is not None, patience=patience)


def _storage(app: App) -> str | None:
    """Where the Cloud Storage API is; None for Google's own."""
    return address(app.environ.get("STORAGE_EMULATOR_HOST", "")) or app.endpoint


def _firestore(app: App) -> str | None:
    """Where the Firestore API is; None for Google's own, which `cloud = "local"` never asks."""
    where = address(app.environ.get("FIRESTORE_EMULATOR_HOST", ""))
    if where is None and app.config.project.cloud == "local":
        raise UsageError(
            'The leases are in Firestore and cloud = "local", but no emulator is named.',
            hint="Start one and name it: export FIRESTORE_EMULATOR_HOST=127.0.0.1:PORT",
        )
    return where
