"""`deploytool drift`: which services do not run what git says they should, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.commands.looking import look
from deploytool.domain.report import DriftReport
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
    notify: bool = False,
    metrics: Path | None = None,
) -> ExitCode:
    """Ask the cloud and git at the same time, judge, report; and tell those who did not ask, when that is wanted."""
    ask: Callable[[], DriftReport] = partial(_asked, app, services, verbose, outputs, fleet, precision, fetch)
    if metrics is not None:
        from deploytool.app.metrics import drift_measured

        ask = partial(drift_measured, app, metrics, ask)
    say = partial(app.say, to=outputs, verbose=verbose)
    if notify:
        from deploytool.commands.telling_drift import told

        options = (precision or "", "files" if fleet else "")
        return told(app, ask, say, services=services, options=options).exit_code
    report = ask()
    say(report)
    return report.exit_code


def _asked(
    app: App,
    services: Sequence[str],
    verbose: bool,
    outputs: Sequence[Output],
    fleet: Sequence[str],
    precision: str | None,
    fetch: bool,
) -> DriftReport:
    tables = app.config.select(services)
    formats = {output.format for output in outputs}
    dated = verbose or formats != {Format.TABLE}  # the short table shows no dates, so nobody waits for them
    seen = look(app, tables, fleet=fleet, precision=precision, fetch=fetch, dated=dated)
    seen.detection.thorough = verbose
    seen.detection.scoped = Format.JSON in formats
    return seen.detection.report(seen.fleet, seen.history, app.now())
