"""The front door: every command with its options. A command's own module is loaded when it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from deploytool.commands.options import (
    ColourChoice,
    ConfigFile,
    ExitZero,
    Fetch,
    FleetFiles,
    FormatOption,
    PrecisionOption,
    RepositoryFolder,
    Services,
    Settings,
    StateFolder,
)
from deploytool.errors import ExitCode
from deploytool.render import Format

if TYPE_CHECKING:
    from deploytool.app import App


def _door(**settings: Any) -> typer.Typer:
    """Help without rich and tracebacks without decoration: both would cost more than the answer."""
    plain: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False, "add_completion": False}
    return typer.Typer(context_settings={"help_option_names": ["-h", "--help"]}, **plain, **settings)


door = _door(name="deploytool")
config_door = _door(help="Check services.toml, or print its schema.", no_args_is_help=True)
emulator_door = _door(help="The embedded Cloud Run, for rehearsal.", no_args_is_help=True)
door.add_typer(config_door, name="config")
lock_door = _door(help="Who is releasing, and how to end a hold.", no_args_is_help=True)
door.add_typer(emulator_door, name="emulator")
door.add_typer(lock_door, name="lock")


def _version(wanted: bool) -> None:
    if wanted:
        from deploytool.crash import version_of

        typer.echo(f"deploytool {version_of('deploytool')}")
        raise typer.Exit


@door.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    *,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Which Cloud Run service does not run what git says it should, and why."""
    ctx.obj = ctx.obj or Settings()
    ctx.obj.hear(config, repository, color)
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(ExitCode.USAGE)


@door.command()
def drift(
    ctx: typer.Context,
    *,
    services: Services = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List the commits and their files.")] = False,
    format: FormatOption = Format.TABLE,
    fleet: FleetFiles = None,
    precision: PrecisionOption = None,
    fetch: Fetch = False,
    exit_zero: ExitZero = False,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show services that do not run what git says they should."""
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import drift as command

    code = command.run(
        app,
        services=services or [],
        verbose=verbose,
        format=format,
        fleet=fleet or [],
        precision=precision,
        fetch=fetch,
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
    format: FormatOption = Format.TABLE,
    fleet: FleetFiles = None,
    config: ConfigFile = None,
    repository: RepositoryFolder = None,
    color: ColourChoice = None,
) -> None:
    """Show what serves: revision, commit, traffic, since when."""
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import status as command

    end(command.run(app, services=services or [], format=format, fleet=fleet or []))


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

    end(command.show(fuse_box(ctx, config, repository, color), max_age=max_age, format=format))


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


def fuse_box(
    ctx: typer.Context, config: ConfigFile = None, repository: RepositoryFolder = None, color: ColourChoice = None
) -> App:
    """The App for these options; what is said after the command wins over what is said before it."""
    from deploytool.app import App

    settings: Settings = ctx.obj
    settings.hear(config, repository, color)
    app = App(
        config_file=settings.config,
        repository_folder=settings.repository,
        colour=settings.colour,
        apart=settings.apart,
    )
    ctx.call_on_close(app.close)
    return app


def end(code: ExitCode, exit_zero: bool = False) -> NoReturn:
    """Leave with the command's code; `--exit-zero` forgives findings, never doubt."""
    raise typer.Exit(ExitCode.CLEAN if exit_zero and code is ExitCode.FINDINGS else code)
