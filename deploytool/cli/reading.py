"""The commands that read what services log."""

from __future__ import annotations

from typing import Annotated

import typer

from deploytool.cli.door import door, end, fuse_box
from deploytool.commands.options import (
    ColourChoice,
    ConfigFile,
    ExitZero,
    PlainFormats,
    RepositoryFolder,
    Services,
    outputs_of,
)


@door.command()
def logs(
    ctx: typer.Context,
    *,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="A service of services.toml.")],
    grep: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT|FILTER", help="Only lines that say this, or a filter of Cloud Logging.", show_default=False
        ),
    ] = None,
    severity: Annotated[
        str | None, typer.Option(metavar="LEVEL", help="Only lines of this severity and above.", show_default=False)
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="deploy|1h|TIME", help="From the deploy on, from an hour ago, or from a time.")
    ] = "24h",
    until: Annotated[
        str | None, typer.Option(metavar="10m|TIME", help="Only lines before that.", show_default=False)
    ] = None,
    revision: Annotated[
        str | None, typer.Option(metavar="REVISION", help="Only lines of this revision.", show_default=False)
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, metavar="N", help="So many lines, the newest.")
    ] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with the lines that come.")] = False,
    format: PlainFormats = None,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show what a service or a job logged."""
    outputs = outputs_of(format, "logs")
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import logs as command

    wish = command.Wish(service, grep, severity, since, until, revision, limit, follow)
    end(command.run(app, wish, outputs))


@door.command()
def errors(
    ctx: typer.Context,
    *,
    services: Services = None,
    since: Annotated[
        str, typer.Option(metavar="deploy|24h|TIME", help="From each deploy on, from a day ago, or from a time.")
    ] = "deploy",
    severity: Annotated[str, typer.Option(metavar="LEVEL", help="Lines of this severity and above.")] = "ERROR",
    format: PlainFormats = None,
    exit_zero: ExitZero = False,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show what services complain of, and what of it is new."""
    outputs = outputs_of(format, "errors")
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import errors as command

    code = command.run(app, services=services or [], since=since, severity=severity, outputs=outputs)
    end(code, exit_zero)
