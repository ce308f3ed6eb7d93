"""What the readers of `errors` say alike."""

from __future__ import annotations

from datetime import datetime

from deploytool.domain.error_groups import State
from deploytool.domain.errors_report import ErrorsReport, ServiceErrors
from deploytool.render.age import age, clock_time
from deploytool.render.wording import counted

MOST_GROUPS = 20  # of one service; --format json has all


def summary_of(report: ErrorsReport) -> str:
    """`1 new, 2 same, 1 gone in 8 services; 1 could not be told`. "No errors" only when all was read."""
    counts = report.counts
    parts = [f"{counts[state]:,} {state}" for state in State if counts[state]]
    looked = [service for service in report.services if not service.problem]
    lost = [service for service in report.services if service.undetermined]
    said = ", ".join(parts) if parts else "nothing found" if lost else "No errors"
    blind = f"; {counted(len(lost), 'service')} could not be told" if lost else ""
    return f"{said} in {counted(len(looked), 'service')} looked at{blind}"


def window_of(service: ServiceErrors, now: datetime) -> str:
    """`00143-x2p since 2026-02-05 00:45Z (3h 5m ago), compared with 00142-abc, the revision before it`."""
    if service.since is None:
        return ""
    name = f"{short_name(service, service.revision)} " if service.revision else ""
    since = f"{name}since {clock_time(service.since)} ({_ago(service.since, now)})"
    if service.deployed_at is not None and service.since != service.deployed_at:
        since += f", deployed {clock_time(service.deployed_at)}"
    if service.compared is None:
        return since
    other = service.compared.revision
    named = f"{short_name(service, other)}, " if other and other != service.revision else ""
    how = service.compared.how
    return (
        f"{since}, {how}"
        if other is None and service.compared.since is None
        else f"{since}, compared with {named}{how}"
    )


def _ago(moment: datetime, now: datetime) -> str:
    said = age(moment, now)
    return said if said == "now" else f"{said} ago"


def short_name(service: ServiceErrors, revision: str | None) -> str:
    return (revision or "").removeprefix(f"{service.name}-")


def doubts_of(service: ServiceErrors) -> list[str]:
    """What was not read, in sentences: none of it is "no errors"."""
    if service.problem:
        return [f"could not be looked at: {service.problem}"]
    found = []
    if not service.now.whole:
        found.append(f"not all was read: {service.now.why}")
    if not service.before.whole and (service.incomparable or not service.now.whole):
        found.append(f"what is new cannot be told: {service.before.why}")
    return found
