"""What one request changes: reads, judges with pure functions, and stores, in one transaction.

Time passes lazily: whatever was due is settled before a request is answered, so a restart loses nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from deploytool.emulator import jobs, lapses, masks, operations, services
from deploytool.emulator.errors import already_exists, conflict, failed_precondition, invalid, not_found
from deploytool.emulator.names import check_service_id, short
from deploytool.emulator.services import Moment
from deploytool.emulator.settling import serving, settle_due
from deploytool.emulator.stamps import expiry, stamp
from deploytool.emulator.store import Row, Store
from deploytool.emulator.templates import NEVER, asked_failure

Resource = dict[str, Any]
ONE = {"services": "Service", "revisions": "Revision", "jobs": "Job"}


@dataclass(frozen=True)
class Write:
    """What a client said besides the body: mask (None: everything), allowMissing, validateOnly, etag."""

    mask: tuple[masks.Path, ...] | None = None
    allow_missing: bool = False
    validate_only: bool = False
    etag: str | None = None


PLAIN = Write()


class Trials(Protocol):
    """Who starts the programs of new revisions, to see whether they become ready."""

    def can_run(self, revision: Resource) -> bool: ...

    def begin(self, operation: str) -> None: ...


class World:
    """Services, revisions, jobs and operations of one state folder. `settle` is in seconds.

    Without `trials`, every revision becomes ready by time alone.
    """

    trials: Trials | None = None

    def __init__(self, store: Store, *, settle: float = 0.3, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self.settle = settle
        self.clock = clock

    # reading

    def get(self, kind: str, name: str) -> Resource:
        """The resource; 404 when there is none."""
        return lapses.seen(self.store, self._row(kind, name))

    def _row(self, kind: str, name: str) -> Row:
        self.pass_time()
        row = self.store.get(name)
        if row is None or row.kind != kind:
            raise not_found(ONE.get(kind, kind).upper(), name)
        return row

    def pass_time(self) -> None:
        """Settle whatever is due by now."""
        settle_due(self.store, self.clock())

    def operation(self, name: str) -> Resource:
        """The operation; while it runs its metadata shows the resource as it is now."""
        row = self._row("operations", name)
        lapses.check_found(row)
        target = self.store.get(row.hidden["target"])
        if row.body.get("done") or target is None:
            return row.body
        return operations.running(name, row.hidden["kind"], target.body)

    # services

    def create_service(self, name: str, body: Resource, how: Write = PLAIN) -> Resource:
        """An operation; 409 when the name is taken."""
        self.pass_time()
        services.check_sent_name(body, name)
        check_service_id(short(name))
        if self.store.get(name):
            raise already_exists(name)
        return self._apply(services.created(name, body, self._moment()), how)

    def patch_service(self, name: str, body: Resource, how: Write = PLAIN) -> Resource:
        """An operation; 404 unless it exists or may be missing, 409 for another etag."""
        self.pass_time()
        row = self.store.get(name)
        if row is None and how.allow_missing:
            return self.create_service(name, body, how)
        row = self._row("services", name)
        services.check_sent_name(body, name)
        services.check_etag(how.etag or body.get("etag"), row.body)
        if row.body.get("deleteTime"):
            raise conflict(f"Service '{short(name)}' is being deleted.")
        known = {short(revision.name): revision.body for revision in self.store.children("revisions", name)}
        counter = max(row.hidden.get("counter", 0), services.counter_of(row.body, known))
        wanted = masks.masked(row.body, body, how.mask)
        change = services.patched(row.body, wanted, counter, known, self._moment())
        if change is None:
            return operations.done(operations.operation_name(name), "Service", row.body)
        return self._apply(change, how)

    def _apply(self, change: services.Change, how: Write) -> Resource:
        name, made = change.service["name"], change.revision
        if how.validate_only:
            return operations.done(operations.operation_name(name), "Service", change.service)
        stored, started = change.service, operations.operation_name(name)
        tried = made is not None and self._is_tried(made)
        with self.store.writing():
            if made is not None:
                hidden = ({"trial": started} if tried else {}) | lapses.hidden_of_revision()
                self.store.put(Row(made["name"], "revisions", name, made, hidden))
                stored = stored | {"latestCreatedRevision": made["name"]}
            location = "/".join(name.split("/")[:4])
            self.store.put(Row(name, "services", location, stored, {"counter": change.counter}))
            waits = made is not None and (tried or asked_failure(made) == NEVER)
            more = {"revision": made["name"] if made else None, "trial": tried}
            operation = self._start("Service", change.service, name=started, waits=waits, **more)
        if tried and self.trials:
            self.trials.begin(started)
        return operation

    def delete_service(self, name: str, how: Write = PLAIN) -> Resource:
        row = self._row("services", name)
        return self._delete(row, services.deleted, how)

    # revisions

    def delete_revision(self, name: str, how: Write = PLAIN) -> Resource:
        """400 while it serves, is tagged, or is the latest created one."""
        row = self._row("revisions", name)
        service = self.get("services", row.parent)
        if short(name) in serving(service) or service.get("latestCreatedRevision") == name:
            raise failed_precondition(
                f"Revision '{short(name)}' cannot be deleted: it serves traffic, has a tag, or is the latest created."
            )
        services.check_etag(how.etag, row.body)
        gone = row.body | {"deleteTime": stamp(self._now()), "expireTime": expiry(self._now()), "reconciling": True}
        return self._delete(row, lambda *_: gone, how)

    # jobs

    def create_job(self, name: str, body: Resource, how: Write = PLAIN) -> Resource:
        self.pass_time()
        services.check_sent_name(body, name)
        check_service_id(short(name), "job_id", "job")
        if self.store.get(name):
            raise already_exists(name)
        return self._apply_job(jobs.created_job(name, body, self._moment()), how)

    def patch_job(self, name: str, body: Resource, how: Write = PLAIN) -> Resource:
        self.pass_time()
        if self.store.get(name) is None and how.allow_missing:
            return self.create_job(name, body, how)
        old = self.get("jobs", name)
        services.check_sent_name(body, name)
        services.check_etag(how.etag or body.get("etag"), old)
        job = jobs.patched_job(old, masks.masked(old, body, how.mask), self._moment())
        if job is None:
            return operations.done(operations.operation_name(name), "Job", old)
        return self._apply_job(job, how)

    def _apply_job(self, job: Resource, how: Write) -> Resource:
        name = job["name"]
        if how.validate_only:
            return operations.done(operations.operation_name(name), "Job", job)
        with self.store.writing():
            self.store.put(Row(name, "jobs", "/".join(name.split("/")[:4]), job))
            return self._start("Job", job)

    def delete_job(self, name: str, how: Write = PLAIN) -> Resource:
        return self._delete(self._row("jobs", name), jobs.deleted_job, how)

    # what all of them share

    def _delete(self, row: Row, mark: Callable[[Resource, str, str], Resource], how: Write) -> Resource:
        services.check_etag(how.etag, row.body)
        now = self._now()
        gone = mark(row.body, stamp(now), expiry(now))
        if how.validate_only:
            return operations.done(operations.operation_name(row.name), ONE[row.kind], gone)
        with self.store.writing():
            self.store.put(replace(row, body=gone))
            return self._start(ONE[row.kind], gone, deletes=True)

    def _start(
        self, kind: str, resource: Resource, *, name: str | None = None, waits: bool = False, **hidden: Any
    ) -> Resource:
        """A new operation; one that `waits` has no time of its own at which it is due."""
        name = name or operations.operation_name(resource["name"])
        operation = operations.running(name, kind, resource)
        due, waits = self.clock() + self.settle, waits or lapses.never_settles()
        known = {"target": resource["name"], "kind": kind, "revision": None, "deletes": False, "earliest": due}
        known |= lapses.hidden_of_operation()
        location = "/".join(name.split("/")[:4])
        self.store.put(Row(name, "operations", location, operation, known | hidden, None if waits else due))
        return operation

    # trials of new revisions

    def _is_tried(self, revision: Resource) -> bool:
        """A failure that was asked for needs no trial."""
        if self.trials is None or asked_failure(revision) or not lapses.starts():
            return False
        return self.trials.can_run(revision)

    def untried(self) -> list[str]:
        """The operations whose revisions an earlier server did not try to the end."""
        rows = self.store.all_of("operations")
        return [r.name for r in rows if r.hidden.get("trial") and r.due is None and not r.body.get("done")]

    def made_by(self, operation: str) -> Resource | None:
        """The revision to be tried; None when it is gone."""
        row = self.store.get(operation)
        made = self.store.get(row.hidden["revision"]) if row else None
        return made.body if made and made.hidden.get("trial") == operation else None

    def tried(self, operation: str, problem: str | None) -> None:
        """The trial is over: the operation is due, no sooner than any other would be."""
        row = self.store.get(operation)
        if row is not None:
            due = max(self.clock(), row.hidden["earliest"])
            self.store.put(replace(row, hidden=row.hidden | {"problem": problem}, due=due))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def _moment(self) -> Moment:
        return Moment(stamp(self._now()))


def write_of(query: Any, known: frozenset[str]) -> Write:
    """The query parameters of a write, in the spellings that clients use."""
    mask = query.get("updateMask") or query.get("update_mask")
    paths = [*query.getlist("updateMask.paths"), *query.getlist("update_mask.paths")]
    return Write(
        mask=masks.parse_mask(mask or ",".join(paths), known),
        allow_missing=_flag(query.get("allowMissing") or query.get("allow_missing")),
        validate_only=_flag(query.get("validateOnly") or query.get("validate_only")),
        etag=query.get("etag"),
    )


def _flag(text: str | None) -> bool:
    if text not in {None, "", "true", "false", "True", "False", "1", "0"}:
        raise invalid(f"Not a boolean: '{text}'.")
    return text in {"true", "True", "1"}
