"""`deploytool releases`: the ledger, as a list, one release with its steps, or the proof that nothing was changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.adapters import whoami
from deploytool.domain.ledger_report import LedgerReport, Standing, standing_of
from deploytool.domain.release import Event, Release, broken_links, releases_of
from deploytool.errors import CouldNotLook, ExitCode, UsageError
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App


def run(
    app: App, *, asked: Sequence[str], last: int, verify: bool, outputs: Sequence[Output], metrics: Path | None = None
) -> ExitCode:
    """0, or 1 when the chain was asked for and does not hold."""
    from deploytool.app.metrics import watched

    service, release = _question(asked, verify)
    report = watched(app, metrics, "releases", lambda: _report(app, service, release, last, verify, metrics))
    app.say(report, outputs)
    return report.exit_code


def _report(
    app: App, service: str | None, release: str | None, last: int, verify: bool, metrics: Path | None
) -> LedgerReport:
    if metrics is not None:
        _measured(app, metrics)
    if verify:
        events, head = app.ledger.chain()
        return _verified(app, events, broken_links(events, head))
    found = readable(app.ledger.events())
    return _one(app, found, release) if release is not None else _list(app, found, service, last)


def _measured(app: App, file: Path) -> None:
    """Of the whole ledger, whatever is shown."""
    from deploytool.app.metrics import write
    from deploytool.domain.metrics import release_families

    found = readable(app.ledger.events())
    write(app, file, "releases", release_families(found, standings_of(app, found)), ok=True)


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


def readable(events: Iterable[Event]) -> tuple[Release, ...]:
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
    return LedgerReport(app.now(), tuple(chosen), standings_of(app, chosen), one=True)


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
    return LedgerReport(app.now(), shown, standings_of(app, shown), left_out=len(chosen) - len(shown))


def standings_of(app: App, found: Iterable[Release]) -> dict[str, Standing]:
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
