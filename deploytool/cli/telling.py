"""The commands for who comes next: the facts of the day, the figures of the week, and the loop that keeps looking."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploytool.cli.door import door, end, fuse_box
from deploytool.commands.options import (
    ColourChoice,
    ConfigFile,
    ExitZero,
    Fetch,
    FleetFiles,
    ReportFormats,
    RepositoryFolder,
    outputs_of,
    seconds_of,
)
from deploytool.render import Format


@door.command()
def handoff(
    ctx: typer.Context,
    *,
    check: Annotated[
        str | None,
        typer.Option(
            "--check",
            metavar="FILE.md",
            help="Say what is not true of this page instead; - is standard input.",
            show_default=False,
        ),
    ] = None,
    claim: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COMMIT|PATH|TEXT",
            help="Is it in every service that the page names? With --check; may be repeated.",
            show_default=False,
        ),
    ] = None,
    format: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="FORMAT[:FILE]",
            help="Write the answer as markdown or json, that of --check also as table, here or into FILE."
            " May be repeated.  [default: markdown; table with --check]",
            show_default=False,
        ),
    ] = None,
    fleet: FleetFiles = None,
    fetch: Fetch = False,
    exit_zero: ExitZero = False,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Write the facts for who comes next, or check a page of them."""
    if check is None and claim:
        raise typer.BadParameter("--claim is about a page: add --check FILE.md")
    outputs = outputs_of(format or (None if check else [Format.MARKDOWN]), "handoff --check" if check else "handoff")
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import handoff as command

    if check is None:
        end(command.run(app, outputs=outputs, fleet=fleet or [], fetch=fetch))
    code = command.check(app, page=check, claims=claim or [], outputs=outputs, fleet=fleet or [], fetch=fetch)
    end(code, exit_zero)


@door.command()
def report(
    ctx: typer.Context,
    *,
    week: Annotated[
        bool, typer.Option("--week", help="The seven days that end now; so it is without any option.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="From when on: 30d before the end, a day, or a moment.", show_default=False),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Up to when; left out: now.", show_default=False)
    ] = None,
    format: ReportFormats = None,
    fleet: FleetFiles = None,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show how releases went: lead time, time stale, failures."""
    if week and (since or until):
        raise typer.BadParameter("--week is a window of its own: leave out --since and --until.")
    outputs = outputs_of(format, "report")
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import report as command

    end(command.run(app, since=since, until=until, outputs=outputs, fleet=fleet or []))


@door.command()
def watch(
    ctx: typer.Context,
    *,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="-- COMMAND",
            help="What to run each time, such as: validate --notify; left out: drift.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[str, typer.Option(metavar="TIME", help="From one look to the next, such as 5m.")],
    deadline: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long one look may take; left out: 10m.", show_default=False),
    ] = None,
    heartbeat: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Touch this file after each look that could look.", show_default=False),
    ] = None,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Look again and again, until told to end."""
    between = seconds_of(every, "--every")
    longest = seconds_of(deadline, "--deadline") or 600.0
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import watch as command

    command.run(app, words=words or [], every=between, deadline=longest, heartbeat=heartbeat)
