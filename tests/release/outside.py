"""The judge: what holds after a crash, told from the outside alone. Nothing of the program is asked or imported.

The cloud is read over HTTP, ledger and leases are read as SQLite files, processes from /proc. The letters are those of
the invariants: I1 only verified revisions serve, I2 no change without lease and etag, I4 one end, I5 the way back is
there, I6 asked for is what serves, I7 exit code and record and cloud agree, I8 the saved map is back, I10 what is not
ours stays, I11 no secret turns up, I12 every wait ends.
"""

from __future__ import annotations

import copy
import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.release.crashing import Ran, lease_of
from tests.release.shop import CANARY, OLD, OLDER, Counter

Json = dict[str, Any]
OURS = {"commit-sha", "deploytool-release", "deploytool-scope"}
TOLD = {
    *("etag", "generation", "observedGeneration", "updateTime", "lastModifier", "conditions", "terminalCondition"),
    *("latestReadyRevision", "latestCreatedRevision", "trafficStatuses", "reconciling", "traffic"),
}  # what Cloud Run says itself, and traffic, which is judged on its own
STOPPED = {signal.SIGINT: 130, signal.SIGTERM: 143}


@dataclass(frozen=True)
class Scene:
    """The service as it is, with its revisions by name."""

    service: Json
    revisions: dict[str, Json]

    @property
    def percents(self) -> dict[str, int]:
        """Who serves how much."""
        return _percents(self.service, "trafficStatuses")

    @property
    def asked(self) -> dict[str, int]:
        return _percents(self.service, "traffic")

    @property
    def tags(self) -> dict[str, str]:
        rows = [*(self.service.get("traffic") or []), *(self.service.get("trafficStatuses") or [])]
        return {row["tag"]: row.get("revision", "LATEST") for row in rows if row.get("tag")}


@dataclass(frozen=True)
class Record:
    """One line of the ledger, as it lies in the file."""

    number: int
    release: str
    kind: str
    step: str
    data: Json
    previous: str
    hash: str


def look(counter: Counter) -> Scene:
    """Once nothing is in flight any more."""
    deadline = time.monotonic() + 10
    while True:
        service = counter.read()
        if not service.get("reconciling") or time.monotonic() > deadline:
            return Scene(service, counter.revisions())
        time.sleep(0.01)


def ledger_of(file: Path) -> list[Record]:
    if not file.exists():
        return []
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=5)) as db:
        if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return []
        rows = db.execute("SELECT number, release, kind, step, data, previous, hash FROM events ORDER BY number")
        return [Record(*row[:4], json.loads(row[4]), *row[5:]) for row in rows]


def broken(counter: Counter, before: Scene, ran: Ran, *, wanted: str, sent: int = 0, last: bool = False) -> list[str]:
    """Every invariant that does not hold after this process, as sentences. `sent` is the signal that it was sent.

    `wanted` is "deploy", "resume", "abort", or "nothing" where nothing was left to do; after the `last` one nothing
    may be left open.
    """
    now, records = look(counter), ledger_of(counter.ledger)
    found = [*_chain(records), *_served(before, ran, records), *_written(ran), *_secrets(counter, ran)]
    found += [*_way_back(now), *_kept(before, now), *_processes(ran)]
    ends = [record for record in records if record.kind == "ended"]
    if sent != signal.SIGKILL:
        found += _freed(counter, ran, last)
    found += _ended(records, last)
    if ends:
        meant = next((one for one in records if one.kind == "intent" and one.step == "undo"), None)
        found += _end(before, now, ends[-1], meant)
    elif not records and (now.percents != before.percents or now.asked != before.asked):
        found.append(f"I4 nothing is written down, and {now.percents} serves")
    return found + list(_code(before, now, ran, ends, records, wanted, sent))


def _chain(records: list[Record]) -> Iterator[str]:
    previous = "0" * 64
    for number, record in enumerate(records, 1):
        if record.number != number or record.previous != previous:
            yield f"I4 line {record.number} of the ledger does not follow the one before it"
        previous = record.hash


def _served(before: Scene, ran: Ran, records: list[Record]) -> Iterator[str]:
    """I1: whoever was seen with traffic served at the start, or was verified."""
    plans = {record.release: record.data for record in records if record.kind == "begun"}
    seen = {plans[r.release]["revision"] for r in records if r.kind == "observed" and r.step == "verify"}
    for names in set(ran.served):
        strange = names - set(before.percents) - seen
        if strange:
            yield f"I1 {', '.join(strange)} had traffic and was not verified"


def _written(ran: Ran) -> Iterator[str]:
    """I2: every change was sent with an etag, under a lease of that very process."""
    for write in ran.writes:
        if not write["etag"]:
            yield f"I2 {write['method']} was sent without an etag"
        holder = (write["lease"] or {}).get("holder", {})
        if holder.get("process") != write["process"]:
            yield f"I2 {write['method']} was sent by {write['process']}, and {holder or 'nobody'} holds the lease"


def _secrets(counter: Counter, ran: Ran) -> Iterator[str]:
    """I11, everywhere a release writes to except the cloud itself."""
    if CANARY in ran.said:
        yield "I11 a secret was said"
    cache = os.environ.get("XDG_CACHE_HOME", "")
    for root in filter(None, (str(counter.folder), cache)):
        for folder, _, files in os.walk(root):
            for file in (Path(folder, name) for name in files):
                if file.is_file() and CANARY.encode() in file.read_bytes():
                    yield f"I11 a secret is in {file}"


def _way_back(now: Scene) -> Iterator[str]:
    for name in (OLD, OLDER):
        conditions = now.revisions.get(name, {}).get("conditions", [])
        if not any(one["type"] == "Ready" and one["state"] == "CONDITION_SUCCEEDED" for one in conditions):
            yield f"I5 {name} is not there and ready"


def _kept(before: Scene, now: Scene) -> Iterator[str]:
    """I10, byte by byte where it is not ours."""
    one, other = _foreign(before.service), _foreign(now.service)
    for key in sorted({*one, *other}):
        if json.dumps(one.get(key)) != json.dumps(other.get(key)):
            yield f"I10 {key} was {json.dumps(one.get(key))} and is {json.dumps(other.get(key))}"
    mine = {name: tag for name, tag in now.tags.items() if name != "candidate"}
    if mine != before.tags:
        yield f"I10 the tags were {before.tags} and are {mine}"


def _foreign(service: Json) -> Json:
    left = {key: copy.deepcopy(value) for key, value in service.items() if key not in TOLD}
    for holder in (left, left["template"]):
        holder["labels"] = {key: value for key, value in holder["labels"].items() if key not in OURS}
    left["template"].pop("revision", None)
    container = left["template"]["containers"][0]
    container.pop("image")
    container["env"] = [entry for entry in container["env"] if entry["name"] != "BUILD_COMMIT"]
    return left


def _processes(ran: Ran) -> Iterator[str]:
    """Nothing that it started lives on."""
    deadline = time.monotonic() + 5
    while (left := _in_session(ran.session)) and time.monotonic() < deadline:
        time.sleep(0.02)
    if left:
        yield f"programs of an ended release live on: {left}"


def _in_session(session: int) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text("utf-8", "replace")
            except OSError:
                continue
            name, _, rest = stat.rpartition(")")
            if int(rest.split()[3]) == session and rest.split()[0] != "Z":
                found.append(name)
    return found


def _freed(counter: Counter, ran: Ran, last: bool) -> Iterator[str]:
    """Its own lease, and in the end everybody's."""
    held = lease_of(counter.leases) if counter.leases.exists() else None
    if held is not None and (last or held["holder"]["process"] == ran.session):
        yield f"the lease is still held for {held['holder']['release']}"


def _ended(records: list[Record], last: bool) -> Iterator[str]:
    releases = [record.release for record in records if record.kind == "begun"]
    for release in releases:
        ends = [record for record in records if record.release == release and record.kind == "ended"]
        if len(ends) > 1 or (last and not ends):
            yield f"I4 release {release} has {len(ends)} ends"
    if len(releases) > 1:
        yield f"I4 {len(releases)} releases were begun"


def _end(before: Scene, now: Scene, end: Record, meant: Record | None) -> Iterator[str]:
    """After an end: the cloud is what the end says; `meant` is the first word of an undoing."""
    outcome = end.data["outcome"]
    if meant is not None and outcome not in (meant.data["outcome"], "aborted"):
        yield f"I7 it was undone as {meant.data['outcome']}, and ended as {outcome}"
    if "candidate" in now.tags:
        yield "I6 the tag candidate is still there"
    if now.asked != now.percents or sum(now.percents.values()) != 100:
        yield f"I6 {now.asked} is asked for and {now.percents} serves"
    if outcome == "succeeded":
        if len(now.percents) != 1 or set(now.percents) & set(before.percents):
            yield f"I7 it succeeded, and {now.percents} serves"
    elif outcome not in ("aborted", "rolled-back", "failed-safe"):
        yield f"I7 it ended as {outcome}: {end.data['reason']}"
    else:
        if now.percents != before.percents:
            yield f"I8 {before.percents} served before, and now {now.percents}"
        was, labels = dict(before.service["labels"]), dict(now.service["labels"])
        if labels != was:
            yield f"I8 the labels were {was} and are {labels}"


def _code(
    before: Scene, now: Scene, ran: Ran, ends: list[Record], records: list[Record], wanted: str, sent: int
) -> Iterator[str]:
    """I7: the exit code says what the record says."""
    if ran.stuck:
        yield "I12 it did not end by itself"
    outcome = ends[-1].data["outcome"] if ends else None
    right = _right_codes(outcome, bool(records), wanted, sent)
    if ran.code not in right:
        lines = [*ran.said.strip().splitlines()[-3:], ends[-1].data["reason"] if ends else ""]
        yield f"I7 it ended with {ran.code} where {right} was right, and the record says {outcome}: {lines}"


def _right_codes(outcome: str | None, begun: bool, wanted: str, sent: int) -> set[int]:
    if sent == signal.SIGKILL:
        return {-9}
    stopped = {STOPPED[signal.Signals(sent)]} if sent else set()
    if wanted == "deploy":
        return {0} if outcome == "succeeded" else stopped
    if outcome is None and begun:
        return stopped  # it stays open, and can be gone on with
    if wanted == "resume" and outcome != "succeeded":
        return {5} | stopped
    return {0} if outcome == "succeeded" else {0} | stopped


def _percents(service: Json, field: str) -> dict[str, int]:
    latest = service.get("latestReadyRevision", "").rpartition("/")[2]
    found: dict[str, int] = {}
    for row in service.get(field) or []:
        if row.get("percent"):
            name = row.get("revision") or latest
            found[name] = found.get(name, 0) + row["percent"]
    return found
