"""`deploytool drift`: which services do not run what git says they should, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deploytool.commands.looking import look
from deploytool.errors import ExitCode
from deploytool.render import Format

if TYPE_CHECKING:
    from deploytool.app import App


def run(
    app: App,
    *,
    services: Sequence[str],
    verbose: bool,
    format: Format,
    fleet: Sequence[str],
    precision: str | None,
    fetch: bool,
) -> ExitCode:
    """Ask the cloud and git at the same time, judge, report."""
    tables = app.config.select(services)
    dated = verbose or format is not Format.TABLE  # the short table shows no dates, so nobody waits for them
    seen = look(app, tables, fleet=fleet, precision=precision, fetch=fetch, dated=dated)
    seen.detection.thorough = verbose
    seen.detection.scoped = format is Format.JSON
    report = seen.detection.report(seen.fleet, seen.history, app.now())
    app.say(report, format, verbose=verbose)
    return report.exit_code
