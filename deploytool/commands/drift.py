"""`deploytool drift`: which services do not run what git says they should, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deploytool.commands.looking import look
from deploytool.errors import ExitCode
from deploytool.render import Format
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App


def run(
    app: App,
    *,
    services: Sequence[str],
    verbose: bool,
    outputs: Sequence[Output],
    fleet: Sequence[str],
    precision: str | None,
    fetch: bool,
) -> ExitCode:
    """Ask the cloud and git at the same time, judge, report."""
    tables = app.config.select(services)
    formats = {output.format for output in outputs}
    dated = verbose or formats != {Format.TABLE}  # the short table shows no dates, so nobody waits for them
    seen = look(app, tables, fleet=fleet, precision=precision, fetch=fetch, dated=dated)
    seen.detection.thorough = verbose
    seen.detection.scoped = Format.JSON in formats
    report = seen.detection.report(seen.fleet, seen.history, app.now())
    app.say(report, outputs, verbose=verbose)
    return report.exit_code
