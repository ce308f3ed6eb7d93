"""When an operation is due: its revision becomes ready or fails, traffic follows, deletions happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from deploytool.emulator import jobs, lapses, operations, revisions, services, traffic
from deploytool.emulator.names import short
from deploytool.emulator.stamps import stamp
from deploytool.emulator.store import Row, Store

Resource = dict[str, Any]


def settle_due(store: Store, now: float) -> None:
    """Settle every operation whose time has come, oldest first."""
    due = store.due(now)
    if not due:
        return
    with store.writing():
        for row in due:
            at = stamp(datetime.fromtimestamp(row.due or now, UTC))
            if row.kind == lapses.EVENTS:
                lapses.happen(store, row, at, _settled)
                continue
            store.put(replace(row, body=lapses.told(row, row.body, _ended(store, row, at)), due=None))
            lapses.schedule(store, row, row.due or now)


def _ended(store: Store, operation: Row, at: str) -> Resource:
    hidden = operation.hidden
    kind, target = hidden["kind"], store.get(hidden["target"])
    if target is None:
        body = {key: value for key, value in operation.body["metadata"].items() if key != "@type"}
        return operations.failed(operation.name, kind, body, f"'{short(hidden['target'])}' was deleted meanwhile.")
    if hidden["deletes"]:
        return operations.done(operation.name, kind, _removed(store, target, at))
    if kind == "Job":
        job = jobs.settled_job(target.body, at)
        store.put(replace(target, body=job))
        return operations.done(operation.name, kind, job)
    return _service_ended(store, operation, target, at)


def _removed(store: Store, target: Row, at: str) -> Resource:
    store.delete(target.name)
    if target.kind == "services":
        store.delete_children(target.name)
        ended = {"terminalCondition": revisions.condition("Ready", revisions.SUCCEEDED, at), "updateTime": at}
        ended["observedGeneration"] = target.body["generation"]
        return {key: value for key, value in (target.body | ended).items() if key != "reconciling"}
    return {key: value for key, value in target.body.items() if key != "reconciling"}


def _service_ended(store: Store, operation: Row, target: Row, at: str) -> Resource:
    made = store.get(operation.hidden["revision"]) if operation.hidden["revision"] else None
    failure = lapses.failure_of(made) if made else None
    if made is not None:
        store.put(replace(made, body=revisions.finished(made.body, failure, at)))
    service = target.body
    if service.get("generation") == operation.body["metadata"]["generation"] and not service.get("deleteTime"):
        service = _settled(store, service, at, operation.hidden)
        store.put(replace(target, body=service))
    if made is not None and failure is not None:
        message = revisions.failure_message(short(made.name), failure)
        return operations.failed(operation.name, "Service", service, message)
    if service.get("terminalCondition", {}).get("state") == revisions.FAILED and made is None:
        return operations.failed(operation.name, "Service", service, service["terminalCondition"].get("message", ""))
    return operations.done(operation.name, "Service", service)


def _settled(store: Store, service: Resource, at: str, operation: Resource | None = None) -> Resource:
    own = {row.name: row for row in store.children("revisions", service["name"])}
    newest = own.get(service.get("latestCreatedRevision", ""))
    ready = {short(name) for name, row in own.items() if revisions.is_ready(row.body)}
    if newest is None:  # imported without its newest revision: keep what the import said about it
        head = {"name": service.get("latestCreatedRevision") or service.get("latestReadyRevision") or ""}
        newest_body, failure = head, None if service.get("latestReadyRevision") == head["name"] else "Unknown"
    else:
        newest_body = newest.body
        failure = None if short(newest.name) in ready else (lapses.failure_of(newest) or "RevisionFailed")
    after = services.settled(service, newest_body, ready | set(serving(service)), failure, at)
    after = lapses.with_traffic_of(service, after, operation)
    _retire(store, own, serving(after), at)
    return after


def serving(service: Resource) -> dict[str, int]:
    """Percent per revision of the effective traffic; tagged ones are in it with 0."""
    latest = service.get("latestReadyRevision")
    return traffic.shares(service.get("trafficStatuses") or [], short(latest) if latest else None)


def _retire(store: Store, own: dict[str, Row], after: dict[str, int], at: str) -> None:
    """Who lost all traffic and tags is retired, who got some is active again; the rest stays byte-equal."""
    for name, row in own.items():
        if not revisions.is_ready(row.body):
            continue
        if short(name) in after and revisions.is_retired(row.body):
            store.put(replace(row, body=revisions.active(row.body, at)))
        elif short(name) not in after and not revisions.is_retired(row.body):
            store.put(replace(row, body=revisions.retired(row.body, at)))
