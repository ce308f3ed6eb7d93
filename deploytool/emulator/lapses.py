"""What the world leaves out when a fault asked for it: operations, readiness, traffic, and old news.

A fault of a request is kept with the operation that the request started, so a restart does not end it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from deploytool.emulator import revisions
from deploytool.emulator.errors import RPC_CODES, not_found
from deploytool.emulator.faults import ASKED
from deploytool.emulator.names import short
from deploytool.emulator.store import Row, Store
from deploytool.emulator.templates import DEFAULT_FAILURE, asked_failure
from deploytool.emulator.traffic import LATEST, REVISION

Resource = dict[str, Any]
EVENTS = "events"  # rows that are due later and change something then
LATER = ("flapping", "dies-later", "traffic-late")


def hidden_of_operation() -> dict[str, Any]:
    """What an operation has to remember of the faults of the request in hand: `{kind: value}`."""
    asked = {fault.do: fault.value for fault in ASKED.get().faults if fault.do != "stale-read"}
    return {"faults": asked} if asked else {}


def hidden_of_revision() -> dict[str, Any]:
    return {"failure": DEFAULT_FAILURE} if _asked("never-ready") else {}


def starts() -> bool:
    """Shall a new revision be started, to see whether it becomes ready?"""
    return not _asked("never-ready") and not _asked("never-settles")


def never_settles() -> bool:
    return _asked("never-settles")


def _asked(do: str) -> bool:
    return any(fault.do == do for fault in ASKED.get().faults)


def failure_of(revision: Row) -> str | None:
    """Why this revision cannot become ready: a fault, or what its own template asks for."""
    return revision.hidden.get("failure") or asked_failure(revision.body)


def check_found(operation: Row) -> None:
    """404 for an operation that got lost."""
    if "operation-lost" in operation.hidden.get("faults", {}):
        raise not_found("OPERATION", operation.name)


def told(operation: Row, running: Resource, ended: Resource) -> Resource:
    """How an operation tells its end; `running` is what it told before."""
    faults = operation.hidden.get("faults", {})
    if "operation-never-ends" in faults:
        return running
    if "operation-fails" in faults:
        error = {"code": RPC_CODES["INTERNAL"], "message": "Internal error: the fault plan of this server says so."}
        return {key: value for key, value in ended.items() if key != "response"} | {"error": error}
    return ended


def seen(store: Store, row: Row) -> Resource:
    """The resource as the reader in hand gets to see it."""
    changes = ASKED.get().value_of("stale-read")
    if changes is None:
        return row.body
    return store.past.before(row.name, changes) or row.body


def with_traffic_of(before: Resource, after: Resource, operation: dict[str, Any] | None) -> Resource:
    """`after`, serving what `before` served, when the operation's traffic is not to become effective (yet)."""
    faults = (operation or {}).get("faults", {})
    if not {"traffic-not-effective", "traffic-late"} & set(faults) or "trafficStatuses" not in before:
        return after
    latest = before.get("latestReadyRevision") or ""
    moved = latest not in {"", after.get("latestReadyRevision")}
    held = [_pinned(row, latest) if moved else row for row in before["trafficStatuses"]]
    return after | {"trafficStatuses": held}


def _pinned(row: Resource, latest: str) -> Resource:
    if row.get("type") != LATEST:
        return row
    return {"type": REVISION, "revision": short(latest)} | {k: v for k, v in row.items() if k not in {"type"}}


def schedule(store: Store, operation: Row, ended_at: float) -> None:
    """What happens some time after the operation ended."""
    hidden = operation.hidden
    for do in LATER:
        seconds = hidden.get("faults", {}).get(do)
        if seconds is not None and (do == "traffic-late" or hidden.get("revision")):
            what = {key: hidden.get(key) for key in ("target", "revision")} | {"do": do}
            what["generation"] = operation.body["metadata"].get("generation")
            store.put(Row(f"{operation.name}/{do}", EVENTS, hidden["target"], {}, what, ended_at + seconds))


def happen(store: Store, event: Row, at: str, settled: Callable[[Store, Resource, str], Resource]) -> None:
    """An event whose time has come; `settled` is the service once its controllers are done."""
    store.delete(event.name)
    do = event.hidden["do"]
    target = store.get(event.hidden["target"] if do == "traffic-late" else event.hidden["revision"])
    if target is None:
        return
    if do == "flapping":
        failure = revisions.asked_to_fail(target.body, DEFAULT_FAILURE)
        store.put(replace(target, body=revisions.finished(target.body, failure, at)))
    elif do == "dies-later":
        store.put(replace(target, hidden=target.hidden | {"dead": True}))
    elif target.body.get("generation") == event.hidden["generation"]:
        store.put(replace(target, body=settled(store, target.body, at)))


def is_alive(store: Store, revision: str) -> bool:
    """Is it there, and did its program not die for good?"""
    row = store.get(revision)
    return row is not None and not row.hidden.get("dead")
