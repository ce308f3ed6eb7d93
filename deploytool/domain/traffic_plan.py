"""Traffic maps of a release: what is saved, what each step asks for, and whether somebody else moved it.

A map is a tuple of rows. Percentages are whole numbers that add up to 100. A saved map names every revision: LATEST
would mean another one as soon as the candidate is ready.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploytool.domain.model import Service, TrafficTarget
from deploytool.domain.traffic import wish_of

Rows = tuple[TrafficTarget, ...]
LATEST: Rows = (TrafficTarget(None, 100, latest=True),)


def named_rows(service: Service) -> Rows:
    """The effective map with every LATEST row named; () when nothing serves or LATEST cannot be named."""
    rows = service.effective or (LATEST if service.latest_ready else ())
    named = [_named(row, service.latest_ready) for row in rows]
    if any(row.revision is None for row in named):
        return ()
    return merged(named)


def merged(rows: Sequence[TrafficTarget]) -> Rows:
    """One row per revision with percent, then one per tag, in the order given."""
    percents: dict[str | None, int] = {}
    for row in rows:
        if row.percent:
            key = None if row.latest else row.revision
            percents[key] = percents.get(key, 0) + row.percent
    serving = tuple(TrafficTarget(name, percent, latest=name is None) for name, percent in percents.items())
    tags = {row.tag: TrafficTarget(row.revision, 0, row.latest, row.tag) for row in rows if row.tag}
    return serving + tuple(tags.values())


def tag_rows(rows: Sequence[TrafficTarget], but: str = "") -> Rows:
    """The tags of a map, each as a row without percent, except the one called `but`."""
    return tuple(TrafficTarget(row.revision, 0, row.latest, row.tag) for row in rows if row.tag and row.tag != but)


def step_rows(saved: Rows, revision: str, percent: int) -> Rows:
    """`percent` to the new revision, the rest as it was, to scale; the sum is 100 and nobody goes below zero."""
    if percent <= 0:
        return tuple(row for row in saved if row.percent)
    if percent >= 100:
        return (TrafficTarget(revision, 100),)
    shares = {row.revision: row.percent for row in saved if row.percent and row.revision != revision}
    total = sum(shares.values())
    rest = 100 - percent
    if not total:
        return (TrafficTarget(revision, 100),)
    floor = {name: share * rest // total for name, share in shares.items()}
    short = rest - sum(floor.values())
    by_remainder = sorted(shares, key=lambda name: (-(shares[name] * rest % total), name or ""))
    for name in by_remainder[:short]:
        floor[name] += 1
    kept = tuple(TrafficTarget(name, share) for name, share in floor.items() if share)
    return (*kept, TrafficTarget(revision, percent))


def final_rows(revision: str, *, latest: bool) -> Rows:
    """Everything to the new revision: as LATEST, so that the next deploy is live by itself, or by its name."""
    return LATEST if latest else (TrafficTarget(revision, 100),)


def with_tags(rows: Rows, live: Sequence[TrafficTarget], tag: str, revision: str | None) -> Rows:
    """Percent rows with the tags that are there now; our own `tag` is on `revision`, or gone when that is None."""
    ours = (TrafficTarget(revision, 0, False, tag),) if revision and tag else ()
    return (*(row for row in rows if row.percent), *tag_rows(live, but=tag), *ours)


def resolved(rows: Sequence[TrafficTarget], service: Service) -> Rows:
    """A map with LATEST as the name it means now, where it means one."""
    return tuple(
        TrafficTarget(service.latest_ready, row.percent, False, row.tag) if row.latest and service.latest_ready else row
        for row in rows
    )


def same_wish(one: Sequence[TrafficTarget], other: Sequence[TrafficTarget]) -> bool:
    """Do two maps ask for the same percentages? Tags, order and empty rows do not matter; LATEST is not a name."""
    return wish_of(one) == wish_of(other)


def tagged(rows: Sequence[TrafficTarget], tag: str) -> str | None:
    """The revision a tag is on; None without that tag."""
    return next((row.revision for row in rows if row.tag == tag), None)


def said(rows: Sequence[TrafficTarget]) -> str:
    """For people: `95 % worker-00012 + 5 % worker-00013`."""
    wish = sorted(wish_of(rows).items(), key=lambda item: (-item[1], item[0] or ""))
    return " + ".join(f"{percent} % {name or 'LATEST'}" for name, percent in wish) or "nothing"


def json_of(rows: Sequence[TrafficTarget]) -> list[dict[str, Any]]:
    """For the ledger: `[{revision, percent, tag, latest}]`, without what is empty."""
    shown = ({"revision": r.revision, "percent": r.percent, "tag": r.tag, "latest": r.latest} for r in rows)
    return [{key: value for key, value in row.items() if value} for row in shown]


def rows_of(values: Sequence[Mapping[str, Any]]) -> Rows:
    """What `json_of` wrote."""
    return tuple(
        TrafficTarget(
            value.get("revision"), int(value.get("percent", 0)), bool(value.get("latest", False)), value.get("tag")
        )
        for value in values
    )


def _named(row: TrafficTarget, latest_ready: str | None) -> TrafficTarget:
    if not row.latest:
        return TrafficTarget(row.revision, row.percent, False, row.tag)
    return TrafficTarget(row.revision or latest_ready, row.percent, False, row.tag)
