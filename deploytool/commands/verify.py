"""`deploytool verify`: the checks of services.toml against what serves now, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from deploytool.checks.asked import STANDING, STANDING_NEARBY, Asking, Running, Target
from deploytool.checks.running import Question, answers
from deploytool.config.checks import Check, LogsCheck
from deploytool.detect.serving import Declared, placed_in
from deploytool.domain.check import CheckResult
from deploytool.domain.model import Fleet, Kind
from deploytool.domain.verify_report import CheckedRevision, ServiceChecks, VerifyReport
from deploytool.errors import ExitCode, UsageError
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App


def run(
    app: App, *, services: Sequence[str], only: Sequence[str], outputs: Sequence[Output], verbose: bool = False
) -> ExitCode:
    """1 when a required check fails; 3 when one could not tell, or when nothing is checked."""
    report = verified(app, services, only)
    app.say(report, outputs, verbose=verbose)
    return report.exit_code


def verified(
    app: App, services: Sequence[str] = (), only: Sequence[str] = (), fleet: Fleet | None = None
) -> VerifyReport:
    """Ask Cloud Run what serves, unless it was asked just now, then every check of these services. `only` names checks.

    A `fleet` of before must be dated.
    """
    tables = app.config.select(services)
    _must_exist(only, [check.name for table in tables for check in table.checks])
    chosen = {table.name: [check for check in table.checks if _wanted(check, only)] for table in tables}
    dated = any(isinstance(check, LogsCheck) for checks in chosen.values() for check in checks)
    fleet = fleet or app.fleet_reader().fleet(
        dated=dated
    )  # since when a revision serves is asked only where it matters
    placed = placed_in(app.config, tables, fleet)
    asking = [_asking(app, one) for one in placed]
    pairs = list(zip(placed, asking, strict=True))
    found = iter(answers([Question(check, how) for one, how in pairs for check in chosen[one.table.name]]))
    rows = [_row(one, how.target.unseen, tuple(next(found) for _ in chosen[one.table.name])) for one, how in pairs]
    return VerifyReport(app.now(), tuple(row for row in rows if row.results or not only))


def _must_exist(only: Sequence[str], names: Sequence[str]) -> None:
    for name in only:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(dict.fromkeys(names)) or 'none'}"
            raise UsageError(f"These services have no check called {name!r}.", hint=hint)


def _wanted(check: Check, only: Sequence[str]) -> bool:
    return "live" in check.when and (not only or check.name in only)


def _asking(app: App, one: Declared) -> Asking:
    service, local = one.service, app.endpoint is not None
    uri = service.uri if service else ""
    target = Target(
        uri,
        one.place,
        tuple(Running(known.share.revision or "", known.row.deployed_at) for known in one.shares),
        one.table.hosts,
        "" if local else uri,
        job=one.table.kind is Kind.JOB,
        unseen=_unseen(one),
    )
    return Asking(target, app.asked, pace=STANDING_NEARBY if local else STANDING)


def _unseen(one: Declared) -> str:
    """Why nothing can be said of what serves."""
    if one.blocked:
        return one.blocked
    if one.service is None:
        return "it is not in Cloud Run"
    return "no revision serves" if not one.shares else ""


def _row(one: Declared, unseen: str, results: tuple[CheckResult, ...]) -> ServiceChecks:
    revisions = tuple(CheckedRevision(known.share.revision, known.share.percent) for known in one.shares)
    return ServiceChecks(one.table.name, one.table.kind, one.place.region, revisions, results, unseen)
