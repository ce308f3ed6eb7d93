"""What deploytool is given to read in the end-to-end runs: services.toml and fleet files in the v2 REST shape."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.fleets import Pair

PROJECT = "bench-project"
WHEN = "2026-01-01T00:00:00Z"
LATEST = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}
READY = {"type": "Ready", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": WHEN}


def write_services(folder: Path, repo: Path, pairs: Sequence[Pair], regions: Sequence[str]) -> Path:
    """services.toml for these services, each in all regions."""
    text = [
        "[project]",
        'cloud = "local"',
        f"project = {json.dumps(PROJECT)}",
        f"regions = {json.dumps(list(regions))}",
        f"repository = {json.dumps(str(repo.resolve()))}",
        f"target = {json.dumps(pairs[0].target)}",
    ]
    for pair in pairs:
        text += ["", f"[services.{pair.service}]", f"paths = {json.dumps(list(pair.paths))}"]
    path = folder / "services.toml"
    path.write_text("\n".join(text) + "\n")
    return path


def write_fleet(folder: Path, pairs: Sequence[Pair], region: str) -> Path:
    """One region's fleet: every service serves its newest revision, labelled with the deployed commit."""
    path = folder / f"fleet-{region}.json"
    fleet = {
        "services": [service(pair, region) for pair in pairs],
        "revisions": [revision(pair, region) for pair in pairs],
    }
    path.write_text(json.dumps(fleet, separators=(",", ":")))
    return path


def full_name(pair: Pair, region: str) -> str:
    return f"projects/{PROJECT}/locations/{region}/services/{pair.service}"


def running(pair: Pair) -> dict[str, Any]:
    """What the template and the revision have in common."""
    digest = hashlib.sha256(f"{pair.service} {pair.deployed}".encode()).hexdigest()
    image = f"us-west2-docker.pkg.dev/{PROJECT}/images/{pair.service}@sha256:{digest}"
    return {"labels": {"commit-sha": pair.deployed}, "containers": [{"image": image}]}


def service(pair: Pair, region: str) -> dict[str, Any]:
    name = full_name(pair, region)
    newest = f"{name}/revisions/{pair.service}-00001-abc"
    return {
        "name": name,
        "generation": "1",
        "observedGeneration": "1",
        "createTime": WHEN,
        "updateTime": WHEN,
        "template": running(pair),
        "traffic": [LATEST],
        "trafficStatuses": [LATEST],
        "terminalCondition": READY,
        "latestReadyRevision": newest,
        "latestCreatedRevision": newest,
        "etag": '"1"',
    }


def revision(pair: Pair, region: str) -> dict[str, Any]:
    about = {
        "name": f"{full_name(pair, region)}/revisions/{pair.service}-00001-abc",
        "service": pair.service,
        "generation": "1",
        "observedGeneration": "1",
        "createTime": WHEN,
        "updateTime": WHEN,
        "conditions": [READY],
    }
    return about | running(pair)
