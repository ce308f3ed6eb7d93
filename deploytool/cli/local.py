"""services.toml, and the embedded Cloud Run."""

from __future__ import annotations

from typing import Annotated

import typer

from deploytool.cli.door import config_door, emulator_door, end, fuse_box
from deploytool.commands.options import (
    ColourChoice,
    ConfigFile,
    RepositoryFolder,
    StateFolder,
)


@config_door.command("check")
def config_check(
    ctx: typer.Context, config: ConfigFile = None, repository: RepositoryFolder = None, color: ColourChoice = None
) -> None:
    """Show every mistake in services.toml at once."""
    from deploytool.commands import config as command

    end(command.check(fuse_box(ctx, config, repository, color)))


@config_door.command("schema")
def config_schema(ctx: typer.Context) -> None:
    """Print the JSON Schema of services.toml."""
    from deploytool.commands import config as command

    end(command.schema(fuse_box(ctx)))


@emulator_door.command("serve")
def emulator_serve(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")],
    state: StateFolder = None,
    config: ConfigFile = None,
) -> None:
    """Serve the Cloud Run API on 127.0.0.1 until interrupted."""
    from deploytool.commands import emulator as command

    end(command.serve(fuse_box(ctx, config), port=port, state=state))


@emulator_door.command("import")
def emulator_import(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A fleet as JSON; - is standard input.")],
    state: StateFolder = None,
    config: ConfigFile = None,
) -> None:
    """Put the services of a fleet file into the embedded Cloud Run."""
    from deploytool.commands import emulator as command

    end(command.import_fleet(fuse_box(ctx, config), file=file, state=state))


@emulator_door.command("export")
def emulator_export(ctx: typer.Context, state: StateFolder = None, config: ConfigFile = None) -> None:
    """Print the embedded Cloud Run as a fleet file."""
    from deploytool.commands import emulator as command

    end(command.export_fleet(fuse_box(ctx, config), state=state))


@emulator_door.command("reset")
def emulator_reset(ctx: typer.Context, state: StateFolder = None, config: ConfigFile = None) -> None:
    """Forget everything the embedded Cloud Run holds."""
    from deploytool.commands import emulator as command

    end(command.reset(fuse_box(ctx, config), state=state))


@emulator_door.command("faults")
def emulator_faults(
    ctx: typer.Context,
    *,
    add: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FAULT",
            help="Add a fault, such as 'PATCH /v2/*/services/* status=503 times=2 after=1'. May be repeated.",
            show_default=False,
        ),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take all faults away first.")] = False,
    state: StateFolder = None,
    config: ConfigFile = None,
) -> None:
    """List what the embedded Cloud Run gets wrong on demand."""
    from deploytool.commands import emulator as command

    end(command.faults(fuse_box(ctx, config), add=add or [], clear=clear, state=state))
