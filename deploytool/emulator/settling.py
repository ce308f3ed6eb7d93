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
    """Settle every operation whose time has come, oldest first.

    One of a service whose revisions are still tried waits for them, and is looked at again when they are done.
    """
    waiting: set[str] = set()
    while due := [row for row in store.due(now) if row.name not in waiting]:
        with store.writing():
            for row in due:
                at = stamp(datetime.fromtimestamp(row.due or now, UTC))
                if row.kind == lapses.EVENTS:
                    lapses.happen(store, row, at, _settled)
                    continue
                ended = _ended(store, row, at)
                if ended is None:
                    waiting.add(row.name)
                    continue
                over = row.hidden | {"trial": False}
                store.put(replace(row, body=lapses.told(row, row.body, ended), hidden=over, due=None))
                lapses.schedule(store, row, row.due or now)
                waiting.clear()


def _ended(store: Store, operation: Row, at: str) -> Resource | None:
    """The operation when it is over; None when it has to wait."""
    hidden, metadata = operation.hidden, operation.body["metadata"]
    kind, target = hidden["kind"], store.get(hidden["target"])
    if target is None or target.body.get("uid") != metadata.get("uid"):
        body = {key: value for key, value in metadata.items() if key != "@type"}
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


def _service_ended(store: Store, operation: Row, target: Row, at: str) -> Resource | None:
    made = store.get(operation.hidden["revision"]) if operation.hidden["revision"] else None
    failure = _failure_of(operation, made) if made else None
    if made is not None and made.body.get("reconciling"):
        hidden = {key: value for key, value in made.hidden.items() if key != "trial"}
        store.put(replace(made, body=revisions.finished(made.body, failure, at), hidden=hidden))
    service = target.body
    if service.get("generation") == operation.body["metadata"]["generation"] and not service.get("deleteTime"):
        own = _revisions_of(store, service)
        if _still_tried(service, own):
            moved = services.routed(service, _ready(own) | set(serving(service)))
            moved = lapses.with_traffic_of(service, moved, operation.hidden)
            if moved != service:
                store.put(replace(target, body=moved))
            return None
        service = _settled(store, service, at, operation.hidden)
        store.put(replace(target, body=service))
    if failure is not None:
        return operations.failed(operation.name, "Service", service, failure.message)
    if made is None and revisions.state_of(service, "RoutesReady") == revisions.FAILED:
        return operations.failed(operation.name, "Service", service, service["terminalCondition"].get("message", ""))
    return operations.done(operation.name, "Service", service)


def _failure_of(operation: Row, made: Row) -> revisions.Failure | None:
    """What a fault or the template asks for, or what the trial of the revision's program found."""
    asked, problem = lapses.failure_of(made), operation.hidden.get("problem")
    if asked:
        return revisions.asked_to_fail(made.body, asked)
    return revisions.failed_to_start(made.body, problem) if problem else None


def _revisions_of(store: Store, service: Resource) -> dict[str, Row]:
    return {row.name: row for row in store.children("revisions", service["name"])}


def _still_tried(service: Resource, own: dict[str, Row]) -> bool:
    """Is the newest revision, or one that traffic names, still being started?"""
    named = {f"{service['name']}/revisions/{row.get('revision')}" for row in service.get("traffic") or []}
    return any(name in own and own[name].hidden.get("trial") for name in named | {service.get("latestCreatedRevision")})


def _ready(own: dict[str, Row]) -> set[str]:
    return {short(name) for name, row in own.items() if revisions.is_ready(row.body)}


def _settled(store: Store, service: Resource, at: str, operation: Resource | None = None) -> Resource:
    own = _revisions_of(store, service)
    newest = own.get(service.get("latestCreatedRevision", ""))
    ready = _ready(own)
    if newest is None:  # imported without its newest revision: keep what the import said about it
        newest_body = {"name": service.get("latestCreatedRevision") or service.get("latestReadyRevision") or ""}
        fine = service.get("latestReadyRevision") == newest_body["name"]
    else:
        newest_body, fine = newest.body, short(newest.name) in ready
    asked = lapses.failure_of(newest) if newest else None
    failure = None if fine else revisions.failure_of(newest_body, asked)
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
