"""How a run ends: every error becomes words on stderr and one exit code, here and nowhere else."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from deploytool.app import expecting_cloud
from deploytool.errors import ConfigurationError, DeployToolError, ExitCode, Terminated

if TYPE_CHECKING:
    from deploytool.commands.options import Settings


def main() -> NoReturn:
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # else every installed package is searched for one
    gc.set_threshold(200_000)  # a command makes many values and few cycles: looking for them would cost a tenth
    _open_standard_streams()
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
        signal.signal(signal.SIGHUP, _terminate)
    sys.exit(_flushed(run(sys.argv[1:], own_process=True)))


def run(argv: Sequence[str], *, own_process: bool = False) -> int:
    """The exit code of one command line. The answer is on stdout, everything else on stderr.

    `own_process` says that the process does nothing else, so that it may fork.
    """
    settings = None
    try:
        apart = expecting_cloud(argv) if own_process else None
        from deploytool.commands.options import Settings

        settings = Settings(apart=apart)
        return _command(argv, settings)
    except DeployToolError as error:
        return _refused(error)
    except KeyboardInterrupt:
        return _stopped("interrupted", ExitCode.INTERRUPTED)
    except Terminated:
        return _stopped("terminated", ExitCode.TERMINATED)
    except Exception as error:
        return _crashed(error, settings)


def _command(argv: Sequence[str], settings: Settings) -> int:
    import typer

    from deploytool.cli import door

    # The base class of every usage error, under whatever name this version of typer keeps it.
    bases: Sequence[type[Any]] = typer.BadParameter.__mro__
    mistake = next(kind for kind in bases if kind.__name__ == "ClickException")
    try:
        code = typer.main.get_command(door).main(list(argv), "deploytool", standalone_mode=False, obj=settings)
    except mistake as error:
        return _misused(error)
    except typer.Abort:
        return _stopped("nothing was done", ExitCode.FINDINGS)  # a declined prompt
    if code == ExitCode.INTERRUPTED:  # typer turns Ctrl-C into an ordinary return
        raise KeyboardInterrupt
    return int(code or 0)


def _refused(error: DeployToolError) -> int:
    mistakes = [f"  {line}" for line in error.mistakes] if isinstance(error, ConfigurationError) else []
    _tell(f"error: {error.message}", *mistakes, f"hint: {error.hint}")
    return error.exit_code


def _misused(error: Exception) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "deploytool"
    message = error.format_message()  # type: ignore[attr-defined]
    if type(error).__name__ == "NoArgsIsHelpError":
        print(message, file=sys.stderr)  # our own help text
    else:
        _tell(f"error: {message}", f"hint: {command} --help")
    return ExitCode.USAGE


def _stopped(words: str, code: ExitCode) -> int:
    _tell(words)
    return code


def _crashed(error: Exception, settings: Settings | None) -> int:
    from deploytool.crash import crash_text, record_crash

    try:
        file = record_crash(error, settings.config if settings else None)
    except Exception as failure:
        _tell(*crash_text(error, sys.argv, os.environ).splitlines())
        _tell(f"error: This is a bug in deploytool, and its crash file could not be written: {failure}")
    else:
        _tell(
            f"error: This is a bug in deploytool. What happened is in {file}", "hint: Please report it with that file."
        )
    return ExitCode.BUG


def _tell(*lines: str) -> None:
    """Lines to stderr, each made harmless; a closed stderr is nobody's problem."""
    from deploytool.render.screen import say
    from deploytool.render.text import printable

    try:
        say("\n".join(printable(line) for line in lines), sys.stderr)
    except DeployToolError:
        return


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated


def _open_standard_streams() -> None:
    """Fill descriptors 0 to 2 when the caller closed them: the next file opened must not become our stdout."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, "w" if descriptor else "r", encoding="utf-8", closefd=False))


def _flushed(code: int) -> int:
    """The same code, with nothing left in a buffer that could fail while the interpreter ends."""
    from deploytool.render.screen import hush

    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            hush(stream)
    return code


if __name__ == "__main__":
    main()
