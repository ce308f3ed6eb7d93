"""`deploytool explain`: what a service is made of, and whether a commit or a file matters to it, with the proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deploytool.commands.looking import look
from deploytool.detect.proof import Proving
from deploytool.errors import ExitCode
from deploytool.render import Format

if TYPE_CHECKING:
    from deploytool.app import App


def run(
    app: App,
    *,
    service: str,
    question: str | None,
    format: Format,
    fleet: Sequence[str],
    precision: str | None,
    fetch: bool,
) -> ExitCode:
    """0 whatever the answer is; 3 when something could not be looked at."""
    seen = look(app, app.config.select([service]), fleet=fleet, precision=precision, fetch=fetch, dated=True)
    report = Proving(seen.detection).report(seen.fleet, seen.history, app.now(), question)
    app.say(report, format)
    return report.exit_code
