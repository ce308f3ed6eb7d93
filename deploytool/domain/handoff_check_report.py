"""Is what a hand-over page says true? Each cell of its table against what serves, each claim against the content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches

from deploytool.domain.claim import Claimed
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.handwritten import Column, Written, WrittenRow
from deploytool.domain.report import LookError, Remark, ServiceDrift, ServingRow, Verdict
from deploytool.domain.spoken_time import Truth, agreement_of, spoken_of, worst_of
from deploytool.errors import ExitCode

HEX = re.compile(r"(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])")
WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SHAPE = re.compile(r"(?:.*-)?(?:\d{5}|[0-9a-f]{8})-[a-z0-9]{3,4}")  # 00192-nn7; 718d1280-a361 of our own releases
JUDGED = {Column.REVISION, Column.COMMIT, Column.DEPLOYED}
UNSAID = ("unknown", "not known")


@dataclass(frozen=True, slots=True)
class CellTruth:
    column: Column
    said: str
    truth: Truth
    fact: str = ""  # what is true instead, or why nobody can tell


@dataclass(frozen=True, slots=True)
class RowTruth:
    """One row of the page. `drift` is the service as it stands, when it is one of ours."""

    line: int
    service: str
    cells: tuple[CellTruth, ...]
    drift: ServiceDrift | None = None
    serving: ServingRow | None = None  # the revision that the row was held against

    @property
    def truth(self) -> Truth:
        """A row that says nothing that can be judged is not true of anything."""
        return worst_of(cell.truth for cell in self.cells) if self.cells else Truth.UNKNOWN


@dataclass(frozen=True, slots=True)
class HandoffCheckReport:
    generated_at: datetime
    page: str  # name of the file; "-" is standard input
    tables: int
    rows: tuple[RowTruth, ...]
    claims: tuple[Claimed, ...] = ()
    missing: tuple[ServiceDrift, ...] = ()  # they serve, and no row names them
    cut: tuple[str, ...] = ()
    errors: tuple[LookError, ...] = ()
    remarks: tuple[Remark, ...] = field(default=())

    @property
    def truths(self) -> tuple[Truth, ...]:
        return (*(row.truth for row in self.rows), *(claim.truth for claim in self.claims))

    @property
    def exit_code(self) -> ExitCode:
        """What is not true beats what could not be told. A page that says nothing is not true of anything."""
        truth = worst_of(self.truths)
        if truth is Truth.UNTRUE:
            return ExitCode.FINDINGS
        sure = truth is Truth.TRUE and self.truths and not self.cut and not self.errors
        return ExitCode.CLEAN if sure else ExitCode.UNDETERMINED

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is not true first, then what could not be told, then what the page does not name."""
        found = [finding for row in self.rows for finding in _of_row(row, self.page)]
        found += [finding for claim in self.claims if (finding := _of_claim(claim, self.page))]
        found += [_of_missing(service, self.page) for service in self.missing]
        return tuple(sorted(found, key=lambda one: -one.severity.rank))


def rows_of(written: Written, services: Sequence[ServiceDrift], known: Iterable[str]) -> tuple[RowTruth, ...]:
    """Every row judged. `known`: all names of services.toml, for who mistyped one."""
    by: dict[str, list[ServiceDrift]] = {}
    for service in services:
        by.setdefault(service.name, []).append(service)
    names = list(known)
    told = [row for row in written.rows if Column.CONTAINS not in row.cells or row.cells.keys() & JUDGED]
    return tuple(_row(row, by.get(row.service.lower(), ()), names) for row in told)


def missing_of(written: Written, services: Sequence[ServiceDrift]) -> tuple[ServiceDrift, ...]:
    """Services that serve and are named by no row; () when the page has no table at all."""
    named = {row.service.lower() for row in written.rows}
    return tuple(one for one in services if written.tables and one.revisions and one.name not in named)


def _row(row: WrittenRow, entries: Sequence[ServiceDrift], names: Sequence[str]) -> RowTruth:
    region = row.cells.get(Column.REGION, "")
    here = [entry for entry in entries if not region or entry.region == region]
    if not here:
        return RowTruth(row.line, row.service, (_unknown_service(row, entries, names),))
    pairs = [(entry, serving) for entry in here for serving in entry.revisions]
    if not pairs:
        return RowTruth(row.line, row.service, tuple(_nothing_serves(row, here[0])), here[0])
    said = row.cells.get(Column.REVISION, "")
    entry, serving = next((pair for pair in pairs if _names(said, pair[1], row.service)), None) or max(
        pairs, key=lambda pair: _likeness(row, pair[1])
    )
    judged = {
        Column.REVISION: _revision(said, serving, entry),
        Column.COMMIT: _commit(row.cells.get(Column.COMMIT, ""), serving, entry),
        Column.DEPLOYED: _deployed(row.cells.get(Column.DEPLOYED, ""), serving),
    }
    cells = tuple(cell for column, cell in judged.items() if column in row.cells)
    return RowTruth(row.line, row.service, cells, entry, serving)


def _likeness(row: WrittenRow, serving: ServingRow) -> tuple[bool, int]:
    """Of several revisions that serve, the row means the one whose commit it has, else the one with most traffic."""
    said = set(HEX.findall(row.cells.get(Column.COMMIT, "").lower()))
    return any((serving.commit or "").startswith(one) for one in said), serving.percent


def _unknown_service(row: WrittenRow, entries: Sequence[ServiceDrift], names: Sequence[str]) -> CellTruth:
    if entries:
        regions = ", ".join(entry.region for entry in entries)
        fact = f"{entries[0].name} is not in that region; services.toml has it in {regions}"
        return CellTruth(Column.REGION, row.cells.get(Column.REGION, ""), Truth.UNTRUE, fact)
    near = get_close_matches(row.service.lower()[:100], names, 1, cutoff=0.5)
    fact = "not a service of services.toml" + (f"; {near[0]} is" if near else "")
    return CellTruth(Column.SERVICE, row.service, Truth.UNKNOWN, fact if row.service else "the row names no service")


def _nothing_serves(row: WrittenRow, entry: ServiceDrift) -> Iterable[CellTruth]:
    sure = entry.verdict is Verdict.MISSING
    for column in (Column.REVISION, Column.COMMIT, Column.DEPLOYED):
        said = row.cells.get(column, "")
        if said.lower() in ("none", "nothing") and sure:
            yield CellTruth(column, said, Truth.TRUE)
        elif said:
            yield CellTruth(column, said, Truth.UNTRUE if sure else Truth.UNKNOWN, f"nothing serves: {entry.reason}")


def _words(said: str) -> list[str]:
    return WORD.findall(said.lower())


def _names(said: str, serving: ServingRow, service: str) -> bool:
    """Does it name this revision, in full or by what follows the service's name?"""
    name = serving.name
    return name is not None and any(name in (word, f"{service.lower()}-{word}") for word in _words(said))


def _revision(said: str, serving: ServingRow, entry: ServiceDrift) -> CellTruth:
    serves = ", ".join(f"{one.name or 'unnamed'} ({one.percent}%)" for one in entry.revisions)
    if _names(said, serving, entry.name):
        return CellTruth(Column.REVISION, said, Truth.TRUE)
    if serving.name is None:
        return CellTruth(Column.REVISION, said, Truth.UNKNOWN, "the name of what serves is not known")
    words = _words(said)
    if len(words) == 1 or any(SHAPE.fullmatch(word) for word in words):
        return CellTruth(Column.REVISION, said, Truth.UNTRUE, f"{serves} serves")
    return CellTruth(Column.REVISION, said, Truth.UNKNOWN, f"no revision can be read from it; {serves} serves")


def _commit(said: str, serving: ServingRow, entry: ServiceDrift) -> CellTruth:
    named, commit = HEX.findall(said.lower()), serving.commit
    if said.lower() in UNSAID:
        truth = Truth.UNKNOWN if commit is None else Truth.UNTRUE
        return CellTruth(Column.COMMIT, said, truth, entry.reason if commit is None else f"it is known: {commit[:8]}")
    if not named:
        return CellTruth(Column.COMMIT, said, Truth.UNKNOWN, "no commit can be read from it")
    if commit is None:
        return CellTruth(Column.COMMIT, said, Truth.UNKNOWN, entry.reason or "the commit of what serves is not known")
    if any(commit.startswith(one) for one in named):
        return CellTruth(Column.COMMIT, said, Truth.TRUE)
    return CellTruth(Column.COMMIT, said, Truth.UNTRUE, f"{commit[:8]} serves")


def _deployed(said: str, serving: ServingRow) -> CellTruth:
    moment, spoken = serving.deployed_at, spoken_of(said)
    if moment is None:
        return CellTruth(Column.DEPLOYED, said, Truth.UNKNOWN, "when it was deployed is not known")
    fact = f"it was deployed {moment.astimezone(UTC):%Y-%m-%d %H:%MZ}"
    if spoken is None:
        return CellTruth(Column.DEPLOYED, said, Truth.UNKNOWN, f"no time can be read from it; {fact}")
    truth, why = agreement_of(spoken, moment)
    return CellTruth(Column.DEPLOYED, said, truth, "" if truth is Truth.TRUE else f"{why}; {fact}" if why else fact)


SEVERITIES: Mapping[Truth, Severity] = {Truth.UNTRUE: Severity.ERROR, Truth.UNKNOWN: Severity.WARNING}
WORDS = {Truth.UNTRUE: "not true", Truth.UNKNOWN: "could not be told"}


def _of_row(row: RowTruth, page: str) -> Iterable[Finding]:
    for cell in row.cells:
        if cell.truth is not Truth.TRUE:
            yield Finding(
                rule=f"handoff-{cell.column}",
                severity=SEVERITIES[cell.truth],
                message=f"{cell.column} {cell.said!r} of {row.service}: {WORDS[cell.truth]}; {cell.fact}.",
                hint=f"deploytool status {row.drift.name}" if row.drift else "deploytool status",
                service=row.drift.name if row.drift else None,
                path=page,
                line=row.line,
                subject=f"{row.line}/{cell.column}",
            )


def _of_claim(claim: Claimed, page: str) -> Finding | None:
    if claim.truth is Truth.TRUE:
        return None
    return Finding(
        rule="handoff-claim",
        severity=SEVERITIES[claim.truth],
        message=f"{claim.said!r} in {claim.service}: {WORDS[claim.truth]}; {claim.reason}.",
        hint=claim.hint,
        service=claim.service,
        path=page,
        line=claim.line,
        subject=f"{claim.said}/{claim.service}/{claim.region}",
        detail={"commits": [one.sha for one in claim.evidence]},
    )


def _of_missing(service: ServiceDrift, page: str) -> Finding:
    return Finding(
        rule="handoff-missing",
        severity=Severity.NOTE,
        message=f"{service.name} serves and no row names it; it is {service.verdict}: {service.reason}.",
        hint=f"deploytool status {service.name}",
        service=service.name,
        path=page,
        subject=service.region,
    )
