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
    LockWait,
    PrecisionOption,
    RepositoryFolder,
    Services,
    Settings,
    StateFolder,
    Yes,
    seconds_of,
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
door.add_typer(emulator_door, name="emulator")


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
        from deploytool.commands import resume as going_on

        end(going_on.run(app, services=services or [], abort=abort, yes=yes, wait=wait, format=format))
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
    """Show who released what, when, and how it ended."""
    app = fuse_box(ctx, config, repository, color)
    from deploytool.commands import releases as command

    end(command.run(app, asked=asked or [], last=last, verify=verify, format=format))


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
