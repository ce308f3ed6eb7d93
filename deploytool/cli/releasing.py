"""The commands that change what serves, and those that tell who did."""

from __future__ import annotations

from typing import Annotated

import typer

from deploytool.cli.door import door, end, fuse_box, lock_door
from deploytool.commands.options import (
    ColourChoice,
    ConfigFile,
    Fetch,
    FormatOption,
    LockWait,
    MetricsFile,
    RepositoryFolder,
    ShownFormats,
    Yes,
    metrics_of,
    outputs_of,
    seconds_of,
)
from deploytool.render import Format


@door.command()
def deploy(
    ctx: typer.Context,
    *,
    services: Annotated[
        list[str] | None, typer.Argument(metavar="SERVICE", help="The services to release.", show_default=False)
    ] = None,
    stale: Annotated[bool, typer.Option("--stale", help="All that drift calls stale and behind, in order.")] = False,
    commit: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Release this commit instead of the target.", show_default=False),
    ] = None,
    allow_unmerged: Annotated[
        bool, typer.Option("--allow-unmerged", help="Also a commit that is not on the target branch.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan and the preflight; change nothing.")
    ] = False,
    yes: Yes = False,
    force: Annotated[
        bool, typer.Option("--force", help="Go past what preflight refuses, where that can be gone past.")
    ] = False,
    no_traffic: Annotated[
        bool, typer.Option("--no-traffic", help="Stop at the verified candidate; --resume goes on.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a release that was left unfinished.")] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Undo a release that was left unfinished.")] = False,
    lock_wait: LockWait = None,
    fetch: Fetch = False,
    format: FormatOption = Format.TABLE,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Bring services up to date, or leave them as they were."""
    app = fuse_box(ctx, config, repository, color)
    wait = seconds_of(lock_wait, "--lock-wait")
    if resume and abort:
        raise typer.BadParameter("Say --resume or --abort, not both.")
    if resume or abort:
        if commit or stale or no_traffic or force or allow_unmerged:
            raise typer.BadParameter("What goes on goes on as it was planned: give --resume or --abort alone.")
        from deploytool.commands import resume as going_on

        end(going_on.run(app, services=services or [], abort=abort, dry_run=dry_run, yes=yes, wait=wait, format=format))
    from deploytool.commands import deploy as command

    wish = command.Wish(
        services=services or [],
        commit=commit,
        stale=stale,
        dry_run=dry_run,
        yes=yes,
        force=force,
        unmerged=allow_unmerged,
        no_traffic=no_traffic,
        wait=wait,
        fetch=fetch,
        format=format,
    )
    end(command.run(app, wish))


@door.command()
def rollback(
    ctx: typer.Context,
    *,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="A service of services.toml.")],
    to: Annotated[
        str | None,
        typer.Option(metavar="REVISION|COMMIT", help="Where to; left out: the last verified map.", show_default=False),
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="REGION", help="Only in this region.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; change nothing.")] = False,
    yes: Yes = False,
    lock_wait: LockWait = None,
    format: FormatOption = Format.TABLE,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Put the traffic back to what was verified before."""
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import rollback as command

    wait = seconds_of(lock_wait, "--lock-wait")
    end(command.run(app, service=service, to=to, region=region, dry_run=dry_run, yes=yes, wait=wait, format=format))


@door.command()
def releases(
    ctx: typer.Context,
    *,
    asked: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SERVICE | show ID",
            help="Only releases of this service; or every step of one release.",
            show_default=False,
        ),
    ] = None,
    last: Annotated[int, typer.Option("--last", min=1, metavar="N", help="How many to show, the newest first.")] = 20,
    verify: Annotated[bool, typer.Option("--verify", help="Check that no line was changed or taken away.")] = False,
    metrics: MetricsFile = None,
    format: ShownFormats = None,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show who released what, when, and how it ended."""
    outputs = outputs_of(format, "releases")
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import releases as command

    end(command.run(app, asked=asked or [], last=last, verify=verify, outputs=outputs, metrics=metrics_of(metrics)))


@lock_door.command("list")
def lock_list(
    ctx: typer.Context,
    *,
    max_age: Annotated[
        str | None,
        typer.Option(
            metavar="AGE", help="End with 1 when a lease is held for longer, such as 30m.", show_default=False
        ),
    ] = None,
    format: FormatOption = Format.TABLE,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show who is releasing, for how long, and how long others waited."""
    from deploytool.commands import lock as command

    longest = None if max_age is None else seconds_of(max_age, "--max-age")
    end(command.show(fuse_box(ctx, config, repository, color), max_age=longest, format=format))


@lock_door.command("break")
def lock_break(
    ctx: typer.Context,
    *,
    lease_id: Annotated[str, typer.Argument(metavar="ID", help="The id that `lock list` shows.")],
    why: Annotated[str, typer.Option(metavar="TEXT", help="The reason, for the records.")],
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """End somebody's lease, after making sure that they do not need it."""
    from deploytool.commands import lock as command

    end(command.break_(fuse_box(ctx, config, repository, color), lease_id=lease_id, why=why))
