"""`deploytool status`: what serves now, at which commit, since when."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from deploytool.adapters.fleet import fleet_document
from deploytool.detect.gather import asked_beside
from deploytool.detect.serving import Declared, declared_in, unmanaged_in
from deploytool.domain.report import LookError, StatusReport, StatusRow
from deploytool.errors import ExitCode
from deploytool.render import Format

if TYPE_CHECKING:
    from deploytool.app import App


def run(app: App, *, services: Sequence[str], format: Format, fleet: Sequence[str]) -> ExitCode:
    """3 when a region could not be looked at; otherwise 0: status tells, it does not judge."""
    tables = app.config.select(services)
    reader = app.fleet_reader(fleet)
    with asked_beside(partial(reader.fleet, dated=True)) as answer:
        repository = app.repository
        found = answer()
    declared = declared_in(app.config, tables, found, repository, reader.history)
    report = StatusReport(
        generated_at=app.now(),
        rows=tuple(row for entry in declared for row in _rows(entry)),
        unmanaged=unmanaged_in(app.config, found),
        errors=tuple(LookError(gone.region, gone.message) for gone in found.unreachable),
        fleet=found,
    )
    names = [table.commit.env for table in tables if table.commit is not None and table.commit.env]
    app.say(report, format, fleet=fleet_document(found, names) if format is Format.JSON else None)
    return ExitCode.UNDETERMINED if report.errors else ExitCode.CLEAN


def _rows(entry: Declared) -> list[StatusRow]:
    said = entry.blocked or "; ".join(entry.serving.problems) or entry.serving.reason
    if not entry.shares:
        missing = said or ("" if entry.service else "not in Cloud Run")
        return [StatusRow(entry.table.name, entry.table.kind, entry.place.region, entry.serving.state, None, (), missing)]
    return [
        StatusRow(
            entry.table.name,
            entry.table.kind,
            entry.place.region,
            entry.serving.state,
            known.row,
            known.provenance.conflicts,
            "; ".join(part for part in (known.provenance.reason, said) if part),
        )
        for known in entry.shares
    ]
