"""The commands that look and change nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from deploytool.cli.door import door, end, fuse_box
from deploytool.commands.options import (
    ColourChoice,
    ConfigFile,
    ExitZero,
    Fetch,
    FleetFiles,
    FormatOption,
    FoundFormats,
    MetricsFile,
    Notify,
    PrecisionOption,
    RepositoryFolder,
    Services,
    ShownFormats,
    metrics_of,
    outputs_of,
)
from deploytool.render import Format


@door.command()
def drift(
    ctx: typer.Context,
    *,
    services: Services = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List the commits and their files.")] = False,
    format: FoundFormats = None,
    fleet: FleetFiles = None,
    precision: PrecisionOption = None,
    fetch: Fetch = False,
    metrics: MetricsFile = None,
    exit_zero: ExitZero = False,
    notify: Notify = False,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show services that do not run what git says they should."""
    outputs = outputs_of(format, "drift")
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import drift as command

    code = command.run(
        app,
        services=services or [],
        verbose=verbose,
        outputs=outputs,
        fleet=fleet or [],
        precision=precision,
        fetch=fetch,
        notify=notify,
        metrics=metrics_of(metrics),
    )
    end(code, exit_zero)


@door.command()
def explain(
    ctx: typer.Context,
    *,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="A service of services.toml.")],
    question: Annotated[
        str | None,
        typer.Argument(
            metavar="COMMIT|PATH", help="Does this commit, file or folder matter to it?", show_default=False
        ),
    ] = None,
    format: FormatOption = Format.TABLE,
    fleet: FleetFiles = None,
    precision: PrecisionOption = None,
    fetch: Fetch = False,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show what a service is made of, and what matters to it."""
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import explain as command

    code = command.run(
        app,
        service=service,
        question=question,
        format=format,
        fleet=fleet or [],
        precision=precision,
        fetch=fetch,
    )
    end(code)


@door.command()
def status(
    ctx: typer.Context,
    *,
    services: Services = None,
    format: ShownFormats = None,
    fleet: FleetFiles = None,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show what serves: revision, commit, traffic, since when."""
    outputs = outputs_of(format, "status")
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import status as command

    end(command.run(app, services=services or [], outputs=outputs, fleet=fleet or []))


@door.command()
def where(
    ctx: typer.Context,
    *,
    question: Annotated[
        str, typer.Argument(metavar="COMMIT|PATH|TEXT", help="A commit, a path, or words of a message.")
    ],
    format: FormatOption = Format.TABLE,
    fleet: FleetFiles = None,
    exit_zero: ExitZero = False,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show which services serve a commit, path or message."""
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import where as command

    end(command.run(app, question=question, format=format, fleet=fleet or []), exit_zero)
