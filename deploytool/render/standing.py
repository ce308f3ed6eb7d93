"""What the readers for people say about what serves: a label and a text each. Nothing here is made harmless yet."""

from __future__ import annotations

from datetime import datetime

from deploytool.domain.report import ServiceDrift, ServingRow, Source
from deploytool.render.age import age, clock_time
from deploytool.render.wording import short


def standing(service: ServiceDrift, now: datetime, shares: bool = False) -> list[tuple[str, str]]:
    """What serves, what contradicts it and what would help: a label and a text each.

    `shares`: with the commit and the share of traffic, which the table of `drift` has in a column.
    """
    said = [
        ("serves", f"{f'{short(row.commit)} {row.percent}%, ' if shares else ''}{_revision(row, now)}")
        for row in service.revisions
    ]
    said += [("conflict", conflict) for conflict in service.conflicts]
    return [*said, ("hint", service.hint)] if service.hint else said


def _revision(row: ServingRow, now: datetime) -> str:
    deployed = f", deployed {clock_time(row.deployed_at)} ({age(row.deployed_at, now)})" if row.deployed_at else ""
    known = "commit not known" if row.source is Source.NONE else f"commit by {row.source}"
    tags = f", tagged {', '.join(row.tags)}" if row.tags else ""
    return f"{row.name or 'unnamed revision'}{deployed}, {known}{tags}"
