"""`deploytool status`: what serves now, at which commit, since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from deploytool.adapters.fleet import fleet_document
from deploytool.detect.beside import asked_beside
from deploytool.detect.serving import Declared, History, declared_in, unmanaged_in
from deploytool.domain.model import Place, Revision
from deploytool.domain.report import LookError, StatusReport, StatusRow
from deploytool.errors import ExitCode
from deploytool.render import Format
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App


def run(app: App, *, services: Sequence[str], outputs: Sequence[Output], fleet: Sequence[str]) -> ExitCode:
    """3 when a region could not be looked at; otherwise 0: status tells, it does not judge."""
    tables = app.config.select(services)
    reader = app.fleet_reader(fleet)
    with asked_beside(partial(reader.fleet, dated=True)) as answer:
        repository = app.repository
        found = answer()
    older: dict[Place, Sequence[Revision]] = {}
    declared = declared_in(app.config, tables, found, repository, _remembering(reader.history, older))
    found = replace(found, revisions={**_proofs(declared, older), **found.revisions})
    report = StatusReport(
        generated_at=app.now(),
        rows=tuple(row for entry in declared for row in _rows(entry)),
        unmanaged=unmanaged_in(app.config, found),
        errors=tuple(LookError(gone.region, gone.message) for gone in found.unreachable),
        fleet=found,
    )
    names = [table.commit.env for table in tables if table.commit is not None and table.commit.env]
    wanted = any(output.format is Format.JSON for output in outputs)
    app.say(report, outputs, fleet=fleet_document(found, names) if wanted else None)
    return ExitCode.UNDETERMINED if report.errors else ExitCode.CLEAN


def _remembering(history: History, told: dict[Place, Sequence[Revision]]) -> History:
    """The same answers, kept: what proved a commit here must prove it where the exported fleet is read."""

    def asked(place: Place) -> Sequence[Revision]:
        if place not in told:
            told[place] = history(place)
        return told[place]

    return asked


def _proofs(
    declared: Sequence[Declared], older: Mapping[Place, Sequence[Revision]]
) -> dict[tuple[Place, str], Revision]:
    """Revisions that do not serve, whose image is that of one that says nothing of its commit."""
    silent = {
        (entry.place, known.revision.digest)
        for entry in declared
        for known in entry.shares
        if known.revision is not None and entry.place in older
    }
    return {
        (place, revision.name): revision
        for place, revisions in older.items()
        for revision in revisions
        if revision.name is not None and (place, revision.digest) in silent
    }


def _rows(entry: Declared) -> list[StatusRow]:
    said = entry.blocked or "; ".join(entry.serving.problems) or entry.serving.reason
    if not entry.shares:
        missing = said or ("" if entry.service else "not in Cloud Run")
        return [
            StatusRow(entry.table.name, entry.table.kind, entry.place.region, entry.serving.state, None, (), missing)
        ]
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
