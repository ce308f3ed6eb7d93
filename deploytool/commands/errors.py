"""`deploytool errors`: what services complain of since their deploy, and what of it is new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deploytool.commands.since import moment_of, severity_of, skew_remarks
from deploytool.config import ServiceTable
from deploytool.detect.deployed import deployed_in
from deploytool.detect.erring import errors_of
from deploytool.domain.errors_report import ErrorsReport
from deploytool.domain.model import Fleet
from deploytool.domain.report import Remark
from deploytool.errors import ExitCode
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App


def run(app: App, *, services: Sequence[str], since: str, severity: str, outputs: Sequence[Output]) -> ExitCode:
    """1 for an error that is new with the deploy, 3 when that could not be told, else 0."""
    report = errors_report(app, app.config.select(services), since, severity)
    app.say(report, outputs)
    return report.exit_code


def errors_report(
    app: App, tables: Sequence[ServiceTable], since: str = "deploy", severity: str = "ERROR", fleet: Fleet | None = None
) -> ErrorsReport:
    """Never raises for what cannot be looked at: it is a `problem` of the service then.

    `fleet`: what runs, dated, where Cloud Run was asked just now.
    """
    now = app.now()
    start, level = moment_of(since, now, "--since"), severity_of(severity)
    reader = app.fleet_reader()
    found = deployed_in(app.config, tables, fleet or reader.fleet(dated=True))
    services = errors_of(found, start, level, now, app.log_reader, reader.history)
    remarks = [*skew_remarks(app.log_reader.ahead, counted=start is not None)]
    if any(one.since is not None and (now - one.since).days >= 30 for one in services):
        remarks.append(
            Remark("Cloud Logging keeps lines for 30 days unless it is told otherwise: older ones are not counted.")
        )
    return ErrorsReport(now, level, since, services, tuple(remarks))
