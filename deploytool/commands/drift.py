"""`deploytool drift`: which services do not run what git says they should, and why."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from deploytool.detect.beside import asked_beside
from deploytool.detect.drift import Detection
from deploytool.detect.gather import with_missing
from deploytool.domain.report import Precision
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
    reader = app.fleet_reader(fleet)
    wanted = Precision(precision) if precision else None
    dated = verbose or format is not Format.TABLE  # the short table shows no dates, so nobody waits for them
    with asked_beside(partial(reader.fleet, dated=dated)) as answer:
        detection = Detection(app.config, tables, app.repository, wanted)
        detection.prepare()
        found = answer()
    if fetch:
        repository = with_missing(app.repository, detection.target, app.config, tables, found, app.cache)
        detection = Detection(app.config, tables, repository, wanted).aimed_as(detection)
    detection.thorough = verbose
    detection.scoped = format is Format.JSON
    report = detection.report(found, reader.history, app.now())
    app.say(report, format, verbose=verbose)
    return report.exit_code
