"""The command that stands before a merge."""

from __future__ import annotations

from typing import Annotated

import typer

from deploytool.cli.door import door, end, fuse_box
from deploytool.commands.options import (
    ColourChoice,
    ConfigFile,
    ExitZero,
    FleetFiles,
    FoundFormats,
    RepositoryFolder,
    outputs_of,
)


@door.command()
def check(
    ctx: typer.Context,
    *,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="REF",
            help="What the branch is compared with; left out: what CI says, else the target.",
            show_default=False,
        ),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="REF", help="The branch; left out: what CI says, else HEAD.", show_default=False),
    ] = None,
    staged: Annotated[bool, typer.Option("--staged", help="Judge what is staged for the next commit.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Also ask Cloud Run what runs now.")] = False,
    fleet: FleetFiles = None,
    everything: Annotated[bool, typer.Option("--all", help="Also fail for what was there before the branch.")] = False,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE,…", help="Also fail for these rules or families, such as DT3.", show_default=False),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE:PATH", help="Accept findings of this rule there, in this run.", show_default=False),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show every finding, and what was there.")] = False,
    format: FoundFormats = None,
    exit_zero: ExitZero = False,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show what this branch will break, make stale, or leave unowned."""
    outputs = outputs_of(format, "check")
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import check as command
    from deploytool.commands.check_sides import Wishes

    wishes = Wishes(
        base=base or None,  # an empty input of a workflow is none
        head=head or None,
        staged=staged,
        live=live,
        fleet=tuple(fleet or ()),
        everything=everything,
        fail_on=tuple(fail_on or ()),
        ignore=tuple(ignore or ()),
    )
    end(command.run(app, wishes, outputs, verbose=verbose), exit_zero)
