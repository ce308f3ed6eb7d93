"""Looks at a release from outside, by what Cloud Run answers and what the ledger holds, and trusts nothing else."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import Any

from deploytool.domain.release import Event, EventKind, Release, broken_links, releases_of

OURS = ("commit-sha", "deploytool-release", "deploytool-scope")  # labels that a release writes
STATUS = (
    "traffic", "trafficStatuses", "generation", "observedGeneration", "updateTime", "lastModifier", "etag",
    "conditions", "terminalCondition", "latestCreatedRevision", "latestReadyRevision", "reconciling",
)  # fmt: skip
CODES: Mapping[str, Collection[int]] = {
    "succeeded": (0,),
    "rolled-back": (5,),
    "failed-safe": (5,),
    "aborted": (0, 5, 130, 143),
    "needs-human": (6,),
}


def foreign(service: Mapping[str, Any]) -> Any:
    """Everything of a service that a release has no business with (I10)."""
    left = {key: value for key, value in copy.deepcopy(dict(service)).items() if key not in STATUS}
    template = left["template"]
    template.pop("revision", None)
    for labels in (left.get("labels", {}), template.get("labels", {})):
        for name in OURS:
            labels.pop(name, None)
    for container in template["containers"]:
        container["image"] = "any"
        container["env"] = [entry for entry in container.get("env", []) if entry["name"] != "BUILD_COMMIT"]
    return left


def problems_of_ledger(events: tuple[Event, ...]) -> list[str]:
    """One beginning and at most one end for each release, each step meant before it was seen (I4)."""
    found = list(broken_links(events))
    for release in releases_of(events):
        kinds = [event.kind for event in release.events]
        if kinds.count(EventKind.BEGUN) != 1 or kinds.count(EventKind.ENDED) > 1:
            found.append(f"{release.id} has {kinds}")
        meant: set[str] = set()
        for event in release.events:
            if event.kind is EventKind.INTENT:
                meant.add(event.step)
            elif event.kind is EventKind.OBSERVED and event.step not in meant:
                found.append(f"{release.id}: {event.step} was seen and never meant")
    return found


def problems_of_service(
    service: Mapping[str, Any], before: Mapping[str, Any], last: Release | None, allowed: Collection[str]
) -> list[str]:
    """`allowed`: revisions that served before any release, or that somebody else chose."""
    found = []
    if foreign(service) != foreign(before):
        found.append(f"fields of others changed: {foreign(before)} is now {foreign(service)}")
    if last is None or last.outcome is None:
        return found
    asked, serves = (_shares(service, service.get(key, [])) for key in ("traffic", "trafficStatuses"))
    if asked != serves or sum(serves.values()) != 100:
        found.append(f"{asked} is asked for and {serves} serves")
    if last.outcome.value != "needs-human" and service.get("reconciling"):
        found.append("something is still in flight")
    if any(row.get("tag") == "candidate" and row.get("revision") == last.revision for row in service["traffic"]):
        found.append("the tag of the candidate is still there")
    if set(serves) - set(allowed):
        found.append(f"{set(serves) - set(allowed)} serves and was never verified")
    return found


def verified(releases: Collection[Release]) -> set[str]:
    """Revisions whose checks a record says to have passed (I1)."""
    return {one.revision for one in releases if one.seen("verify") is not None}


def problem_of_code(code: int, last: Release | None) -> list[str]:
    """Does the exit code say what the record says (I7)?"""
    if code == 70:
        return ["a crash"]
    if last is None or last.outcome is None or code in CODES[last.outcome.value]:
        return []
    return [f"exit code {code} for {last.outcome.value}"]


def _shares(service: Mapping[str, Any], rows: list[Any]) -> dict[str, int]:
    latest = str(service.get("latestReadyRevision", "")).rpartition("/")[2]
    found: dict[str, int] = {}
    for row in rows:
        if row.get("percent"):
            name = row.get("revision") or latest
            found[name] = found.get(name, 0) + row["percent"]
    return found
