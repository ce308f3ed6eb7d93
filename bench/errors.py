"""`deploytool errors` over a log of 100,000 errors, as a whole process against an embedded server of our own."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import world
from bench.fleets import Pair
from bench.programs import DEPLOYTOOL, ProgramFailedError, emulator, fill, run
from bench.timing import Line, within
from deploytool.emulator.log_entries import line_entry
from deploytool.emulator.log_store import LogStore

ENTRIES = 100_000
SECONDS, MEGABYTES = 3.0, 150.0
REGION, SERVICE = "us-west2", "worker"
PROJECT = world.PROJECT
HOME = f"projects/{PROJECT}/locations/{REGION}/services/{SERVICE}"
TOML = f"""[project]
project = "{PROJECT}"
regions = ["{REGION}"]
cloud = "google"
[services.{SERVICE}]
paths = ["."]
"""
TRACEBACK = """Traceback (most recent call last):
  File "/usr/local/lib/python3.11/site-packages/flask/app.py", line 1455, in wsgi_app
    response = self.full_dispatch_request()
  File "/app/worker.py", line 88, in predict
    features = load(player)
  File "/app/shared/features.py", line 12, in load
    raise ValueError("no features")
ValueError: no features for player {number} in {number:08x}-8b86-d011-b42d-00c04fc964ff"""
KINDS = (
    "2026-02-05T00:45:{second:02}Z request {number:08x} failed: no row of shard {shard} after {number} ms",
    "connection to 10.0.{shard}.{second}:5432 refused (try {shard})",
    "KeyError: 'player-{number}'",
    TRACEBACK,
)


def measure(runs: int) -> Iterator[Line | str]:
    with tempfile.TemporaryDirectory(prefix="deploytool-bench-") as folder:
        work = Path(folder)
        (work / "services.toml").write_text(TOML)
        (work / "fleet.json").write_text(json.dumps(_fleet(datetime.now(UTC))))
        _write(work / "state", datetime.now(UTC))
        with emulator(work / "state") as env:
            fill(work / "state", env, work / "fleet.json")
            command = [*DEPLOYTOOL, "errors", "--config", str(work / "services.toml"), "--format", "json"]
            done = [run(command, env, accept=(1,)) for _ in range(runs)]
        _check(json.loads(done[0].stdout))
    yield within("errors", f"{ENTRIES:,} entries", statistics.median(one.seconds for one in done), SECONDS, "s")
    yield within("errors", "peak memory, MB", max(one.peak_mb for one in done), MEGABYTES, "MB")


def _check(answer: dict) -> None:  # type: ignore[type-arg]
    (service,) = answer["services"]
    if service["lines"] != ENTRIES or answer["counts"]["new"] != len(KINDS):
        raise ProgramFailedError(f"errors counted {service['lines']} lines, {answer['counts']}")


def _fleet(now: datetime) -> dict[str, object]:
    """One service whose only revision was made an hour ago."""
    pair = Pair(SERVICE, "0" * 40, "0" * 40, (".",))
    made = {"createTime": (now - timedelta(hours=1)).isoformat(timespec="seconds").replace("+00:00", "Z")}
    return {"services": [world.service(pair, REGION)], "revisions": [world.revision(pair, REGION) | made]}


def _write(state: Path, now: datetime) -> None:
    """Straight into the file that the server reads: nothing of this is measured."""
    store = LogStore(state / "logs.sqlite")
    for number in range(ENTRIES):
        at = now + timedelta(milliseconds=number)
        text = KINDS[number % len(KINDS)].format(number=number, second=number % 60, shard=number % 7)
        said = json.dumps({"severity": "ERROR", "message": text})
        entry = line_entry({"name": f"{HOME}/revisions/{SERVICE}-00001-abc"}, "stderr", said)
        moment = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        entry |= {"timestamp": moment, "receiveTimestamp": moment, "insertId": f"{number:x}"}
        store.add(round(at.timestamp() * 1e6), entry)
        if store.waiting >= 5_000:
            store.flush()
    store.close()
