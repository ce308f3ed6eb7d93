"""`deploytool handoff`: the facts of the day for who comes next, or what is not true of a page that claims them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from deploytool.commands.looking import look
from deploytool.commands.releases import readable, standings_of
from deploytool.detect.claims import Claims
from deploytool.domain.handoff_check_report import HandoffCheckReport, missing_of, rows_of
from deploytool.domain.handoff_report import YESTERDAY, HandoffReport, told_of
from deploytool.domain.handwritten import MOST_TEXT, WrittenClaim, written_in
from deploytool.domain.lock_report import HeldLease, lock_report
from deploytool.domain.report import LookError
from deploytool.errors import CouldNotLook, ExitCode, UsageError
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App

T = TypeVar("T")
STDIN = "-"


def run(app: App, *, outputs: Sequence[Output], fleet: Sequence[str], fetch: bool) -> ExitCode:
    """0, or 3 when something could not be looked at; the page says what."""
    seen = look(app, app.config.select([]), fleet=fleet, precision=None, fetch=fetch, dated=True)
    drift = seen.detection.report(seen.fleet, seen.history, app.now())
    since = app.now() - YESTERDAY
    errors: list[LookError] = []
    releases = _asked("the ledger", lambda: readable(app.ledger.events()), errors)
    opened = [release for release in releases or () if release.outcome is None]
    standings = standings_of(app, opened)
    report = HandoffReport(
        generated_at=app.now(),
        since=since,
        drift=drift,
        ended=None if releases is None else told_of(releases, since),
        opened=tuple((release, standings[release.id]) for release in opened),
        held=_asked("the leases", lambda: _held(app), errors),
        errors=tuple(errors),
    )
    app.say(report, outputs)
    return report.exit_code


def check(
    app: App, *, page: str, claims: Sequence[str], outputs: Sequence[Output], fleet: Sequence[str], fetch: bool
) -> ExitCode:
    """0 when all of it is true, 1 when something is not, 3 when something could not be told."""
    if page == STDIN and STDIN in fleet:
        raise UsageError("Only one of the page and the fleet comes from standard input.", hint="Give one as a file.")
    written = written_in(_text(page))
    if not written.rows and not written.claims:
        raise UsageError(
            f"{page} has no table of services, and no claim.",
            hint="A table needs a column Service and one of Revision, Commit, Deployed. "
            "A claim is a line such as: claim: 4def1124 in SERVICE",
        )
    seen = look(app, app.config.select([]), fleet=fleet, precision=None, fetch=fetch, dated=True)
    drift = seen.detection.report(seen.fleet, seen.history, app.now())
    rows = rows_of(written, drift.services, app.config.services)
    named = tuple(dict.fromkeys(row.drift.name for row in rows if row.drift is not None))
    asked = [*written.claims, *(WrittenClaim(said, named) for said in claims)]
    judge = Claims(seen.detection)
    report = HandoffCheckReport(
        generated_at=app.now(),
        page=page,
        tables=written.tables,
        rows=rows,
        claims=tuple(answer for claim in asked for answer in judge.answers(claim)),
        missing=missing_of(written, drift.services),
        cut=written.cut,
        errors=drift.errors,
        remarks=drift.remarks,
    )
    app.say(report, outputs)
    return report.exit_code


def _asked(what: str, ask: Callable[[], T], errors: list[LookError]) -> T | None:
    try:
        return ask()
    except CouldNotLook as problem:
        errors.append(LookError("", f"{what}: {problem.message}"))
        return None


def _held(app: App) -> tuple[HeldLease, ...]:
    return lock_report(app.lease_store.records(), app.now()).held


def _text(page: str) -> str:
    """As much of the page as is read: a byte more, so that a longer one is seen to be longer."""
    try:
        if page == STDIN:
            return sys.stdin.buffer.read(4 * MOST_TEXT + 4).decode("utf-8", "replace")
        with Path(page).open("rb") as stream:
            return stream.read(4 * MOST_TEXT + 4).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(
            f"{page} cannot be read: {error.strerror}.", hint="Name a Markdown file, or - for standard input."
        ) from None
