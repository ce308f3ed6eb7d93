"""The front door: the program itself, its groups of commands, and how a command gets its App and leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from deploytool.commands.options import ColourChoice, ConfigFile, RepositoryFolder, Settings
from deploytool.errors import ExitCode

if TYPE_CHECKING:
    from deploytool.app import App


def _door(**settings: Any) -> typer.Typer:
    """Help without rich and tracebacks without decoration: both would cost more than the answer."""
    plain: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False, "add_completion": False}
    return typer.Typer(context_settings={"help_option_names": ["-h", "--help"]}, **plain, **settings)


door = _door(name="deploytool")
config_door = _door(help="Check services.toml, or print its schema.", no_args_is_help=True)
emulator_door = _door(help="The embedded Cloud Run, for rehearsal.", no_args_is_help=True)
lock_door = _door(help="Who is releasing, and how to end a hold.", no_args_is_help=True)
door.add_typer(config_door, name="config")
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
