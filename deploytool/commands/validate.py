"""`deploytool validate`: the daily check, one numbered report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from deploytool.commands.validating import WAYS, Looks, sections
from deploytool.domain.validate_report import Phase, ValidateReport
from deploytool.errors import ExitCode, UsageError
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App


def phases_of(named: Iterable[str]) -> tuple[Phase, ...]:
    """Raises UsageError for a phase that there is not."""
    unknown = [name for name in named if name not in [*WAYS]]
    if unknown:
        raise UsageError(f"There is no phase {unknown[0]}.", hint=f"There are: {', '.join(WAYS)}.")
    return tuple(map(Phase, named))


def run(
    app: App, *, phases: Sequence[Phase], fleet: Sequence[str], outputs: Sequence[Output], verbose: bool
) -> ExitCode:
    """Every phase, or only those that were named; each is looked at whatever the others found."""
    asked = [phase for phase in Phase if phase in WAYS and (phase in phases or not phases)]
    looks = Looks(app, app.config.select(), fleet)
    report = ValidateReport(
        generated_at=app.now(),
        project=app.config.project.project,
        sections=tuple(sections(looks, asked, WAYS)),
        left_out=tuple(phase for phase in Phase if phase in WAYS and phase not in asked),
    )
    app.say(report, outputs, verbose=verbose)
    return report.exit_code
