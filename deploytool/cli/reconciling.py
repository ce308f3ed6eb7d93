"""The command that makes records and reality agree."""

from __future__ import annotations

from typing import Annotated

import typer

from deploytool.cli.door import door, end, fuse_box
from deploytool.commands.options import (
    ColourChoice,
    ConfigFile,
    LockWait,
    PlainFormats,
    RepositoryFolder,
    Services,
    Yes,
    outputs_of,
    seconds_of,
)


@door.command()
def reconcile(
    ctx: typer.Context,
    *,
    services: Services = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=3650, metavar="N", help="Look at the releases of so many days.")
    ] = 7,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended, then look again.")] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Record what serves and was deployed by hand as what should serve.")
    ] = False,
    yes: Yes = False,
    lock_wait: LockWait = None,
    format: PlainFormats = None,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show where ledger, traffic, leases and git do not agree."""
    outputs = outputs_of(format, "reconcile")
    app = fuse_box(ctx, config, repository, color)
    wait = seconds_of(lock_wait, "--lock-wait")
    from deploytool.commands import reconcile as command

    wish = command.Wish(services or [], outputs, days=days, fix=fix, adopt=adopt, yes=yes, wait=wait)
    end(command.run(app, wish))
