"""A whole deploy on the sandbox: what it costs beyond the waits that Cloud Run itself imposes, and what it asks for."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.programs import DEPLOYTOOL, ROOT, run
from bench.timing import Line, within
from deploytool.adapters.ledger import SqliteLedger
from deploytool.domain.release import Release, releases_of
from deploytool.emulator import client
from deploytool.emulator.lockfile import living

SERVICES = ("nba-phase2-raw-processors", "prediction-coordinator")  # one step, and three with bakes
WAITS = ("candidate", "shift", "bake")  # a revision's start, traffic becoming effective, watching
LIMIT = 2.0


def measure(runs: int) -> Iterator[Line | str]:
    """Seconds of `deploytool deploy SERVICE --yes` less its waits, for each strategy; then its requests."""
    with tempfile.TemporaryDirectory(prefix="deploytool-bench-") as folder:
        work = Path(folder)
        shutil.copy(ROOT / "services.toml", work / "services.toml")
        run([*DEPLOYTOOL, "drift", *_config(work)], accept=(0, 1))
        for service in SERVICES:
            yield from _of(service, work, runs)


def _of(service: str, work: Path, runs: int) -> Iterator[Line | str]:
    beyond, asked = [], Counter[str]()
    for _ in range(runs):
        address = living(work / ".deploytool")
        assert address is not None
        client.clear_requests(address)
        ran = run([*DEPLOYTOOL, "deploy", service, "--yes", "--force", *_config(work)])
        beyond.append(ran.seconds - waited(last_release(work)))
        asked = Counter(f"{row['method']} {_kind(row['path'])}" for row in client.requests(address))
    yield within(service, "deploy, less waits", statistics.median(beyond), LIMIT, "s")
    yield f"{service}: {sum(asked.values())} requests: " + ", ".join(f"{n} {what}" for what, n in asked.most_common())


def _config(work: Path) -> list[str]:
    return ["--config", str(work / "services.toml")]


def last_release(work: Path) -> Release:
    return releases_of(SqliteLedger(work / ".deploytool" / "ledger.sqlite").events())[-1]


def waited(release: Release) -> float:
    """Seconds in the steps that wait for Cloud Run or watch."""
    return sum(
        (step.ended_at - step.started_at).total_seconds()
        for step in release.steps
        if step.ended_at is not None and step.name.partition(" ")[0] in WAITS
    )


def _kind(path: str) -> str:
    """`/v2/projects/P/locations/R/services/S/revisions/N` as `service/revision`."""
    parts = path.split("/")
    names = [part.removesuffix("s") for part in parts if part in ("services", "revisions", "jobs", "operations")]
    return "/".join(names) or parts[-1]
