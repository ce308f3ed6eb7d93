"""The commands that watch over what runs."""

from __future__ import annotations

from typing import Annotated

import typer

from deploytool.cli.door import door, end, fuse_box
from deploytool.commands.options import (
    CheckedFormats,
    ColourChoice,
    ConfigFile,
    ExitZero,
    FleetFiles,
    MetricsFile,
    Notify,
    ReportFormats,
    RepositoryFolder,
    Services,
    metrics_of,
    outputs_of,
)


@door.command()
def verify(
    ctx: typer.Context,
    *,
    services: Services = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only checks of this name. May be repeated.", show_default=False),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show how long each took.")] = False,
    format: CheckedFormats = None,
    exit_zero: ExitZero = False,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Run the checks of services.toml against what serves now."""
    outputs = outputs_of(format, "verify")
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import verify as command

    code = command.run(app, services=services or [], only=only or [], outputs=outputs, verbose=verbose)
    end(code, exit_zero)


@door.command()
def validate(
    ctx: typer.Context,
    *,
    phases: Annotated[
        list[str] | None,
        typer.Option("--phase", metavar="PHASE", help="Only this phase. May be repeated.", show_default=False),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show every finding.")] = False,
    format: ReportFormats = None,
    fleet: FleetFiles = None,
    notify: Notify = False,
    metrics: MetricsFile = None,
    exit_zero: ExitZero = False,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """The daily check: everything that can be asked, in one numbered report."""
    outputs = outputs_of(format, "validate")
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import validate as command

    code = command.run(
        app,
        phases=command.phases_of(phases or ()),
        fleet=fleet or [],
        outputs=outputs,
        verbose=verbose,
        notify=notify,
        metrics=metrics_of(metrics),
    )
    end(code, exit_zero)
