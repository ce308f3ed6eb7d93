"""`deploytool releases`: the ledger, as a list, one release with its steps, or the proof that nothing was changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from deploytool.adapters import whoami
from deploytool.domain.ledger_report import LedgerReport, Standing, standing_of
from deploytool.domain.release import Event, Release, broken_links, releases_of
from deploytool.errors import CouldNotLook, ExitCode, UsageError
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App


def run(app: App, *, asked: Sequence[str], last: int, verify: bool, outputs: Sequence[Output]) -> ExitCode:
    """0, or 1 when the chain was asked for and does not hold."""
    service, release = _question(asked, verify)
    if verify:
        events, head = app.ledger.chain()
        report = _verified(app, events, broken_links(events, head))
    else:
        found = _readable(app.ledger.events())
        report = _one(app, found, release) if release is not None else _list(app, found, service, last)
    app.say(report, outputs)
    return report.exit_code


def _question(asked: Sequence[str], verify: bool) -> tuple[str | None, str | None]:
    """The service and the id that were asked for."""
    words = [*asked, *[None] * 2]
    if verify and not asked:
        return None, None
    if not verify and len(asked) == 2 and asked[0] == "show":
        return None, words[1]
    if not verify and len(asked) < 2 and words[0] != "show":
        return words[0], None
    raise UsageError(
        "That is not how the ledger is asked.",
        hint="deploytool releases [SERVICE], deploytool releases show ID, or deploytool releases --verify",
    )


def _verified(app: App, events: tuple[Event, ...], breaks: tuple[str, ...]) -> LedgerReport:
    return LedgerReport(app.now(), (), verified=not breaks, breaks=breaks, events=len(events))


def _readable(events: Iterable[Event]) -> tuple[Release, ...]:
    """Newest first."""
    try:
        return releases_of(events)[::-1]
    except (KeyError, ValueError, TypeError) as damage:
        raise CouldNotLook(
            "The ledger holds a line that cannot be understood.",
            hint="See whether somebody changed it: deploytool releases --verify",
        ) from damage


def _one(app: App, found: Sequence[Release], asked: str) -> LedgerReport:
    chosen = [release for release in found if release.id == asked]
    if not chosen:
        raise UsageError(
            f"There is no release {asked} in the ledger.",
            hint=_nearest(asked, [release.id for release in found], "deploytool releases show"),
        )
    return LedgerReport(app.now(), tuple(chosen), _standings(app, chosen), one=True)


def _list(app: App, found: Sequence[Release], service: str | None, last: int) -> LedgerReport:
    """A service that left services.toml keeps its releases."""
    known = dict.fromkeys([*app.config.services, *(release.place.name for release in found)])
    if service is not None and service not in known:
        raise UsageError(
            f"There is no service {service} in services.toml or in the ledger.",
            hint=_nearest(service, list(known), "deploytool releases"),
        )
    chosen = [release for release in found if service in (None, release.place.name)]
    shown = tuple(chosen[:last])
    return LedgerReport(app.now(), shown, _standings(app, shown), left_out=len(chosen) - len(shown))


def _standings(app: App, found: Iterable[Release]) -> dict[str, Standing]:
    """Of releases without an end: whoever runs one holds its lease."""
    opened = [release for release in found if release.outcome is None]
    if not opened:
        return {}
    try:
        held = [record.held.holder for record in app.lease_store.records() if record.held is not None]
    except CouldNotLook as problem:
        app.note(f"Whether they still run could not be told: {problem.message}")
        return {release.id: standing_of(release, alive=None) for release in opened}
    running = {holder.release for holder in held if not whoami.is_gone(holder)}
    return {release.id: standing_of(release, alive=release.id in running) for release in opened}


def _nearest(asked: str, known: Sequence[str], command: str) -> str:
    near = get_close_matches(asked, known, 1, cutoff=0.5)
    return f"Did you mean {near[0]}? {command} {near[0]}" if near else "deploytool releases lists what there is."
