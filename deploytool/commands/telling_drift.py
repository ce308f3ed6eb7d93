"""`deploytool drift --notify`: the same look, told to those who did not ask. Loaded only when that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from deploytool.commands.notifying import failures_told, must_know_whom, notify
from deploytool.domain.announcing import key_about, standing_of_drift
from deploytool.domain.report import DriftReport

if TYPE_CHECKING:
    from deploytool.app import App


def told(
    app: App,
    ask: Callable[[], DriftReport],
    say: Callable[[DriftReport], None],
    *,
    services: Sequence[str],
    options: Sequence[str],
) -> DriftReport:
    """Each combination of services and options is watched on its own. Told also when the answer cannot be shown."""
    must_know_whom(app)
    project = app.config.project
    about = key_about("drift", project.project, project.target or "", *options, *sorted(services))
    with failures_told(app, about):
        report = ask()
    try:
        say(report)
    finally:
        notify(app, standing_of_drift(report, about, project.project))
    return report
