"""`deploytool lock …`: who is releasing, and how to end a hold whose holder cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploytool.domain.lease_book import named
from deploytool.domain.lock_report import lock_report
from deploytool.errors import ExitCode, UsageError
from deploytool.render import Format
from deploytool.render.text import printable

if TYPE_CHECKING:
    from deploytool.app import App

LONGEST_WHY = 300


def show(app: App, *, max_age: float | None, format: Format) -> ExitCode:
    """1 when a lease is held for longer than `max_age` seconds."""
    report = lock_report(app.lease_store.records(), app.now(), max_age)
    app.say(report, format)
    return report.exit_code


def break_(app: App, *, lease_id: str, why: str) -> ExitCode:
    """The reason goes into the records, where the one whose lease it was will find it."""
    if not why.strip():
        raise UsageError("A lease is broken for a reason.", hint=f'deploytool lock break {lease_id} --why "…"')
    lease = app.lease_store.break_(lease_id, why.strip()[:LONGEST_WHY])
    holder = lease.holder
    app.note(printable(f"{holder.who} does not hold {named(lease.key)} any more ({holder.reason})."))
    return ExitCode.CLEAN
