"""What the container starts: ENTRYPOINT and CMD put together by Docker's table."""

from __future__ import annotations

from typing import NamedTuple

from deploytool.domain.dockerfile_recipe import Stage, Start


class Command(NamedTuple):
    """`argv` is what is executed; `shell` is the text when a shell reads it, else ""."""

    argv: tuple[str, ...]
    shell: str = ""
    line: int = 0


def command_of(stage: Stage) -> Command | None:
    """None when the file does not say it, so that the base image decides."""
    entry, cmd = _said(stage.entrypoint), _said(stage.cmd)
    if entry is None:
        return None if cmd is None else Command(_argv(cmd), cmd.shell, cmd.line)
    if entry.shell:  # Docker drops CMD then
        return Command(_argv(entry), entry.shell, entry.line)
    return Command(entry.argv + (_argv(cmd) if cmd is not None else ()), "", entry.line)


def halves_of(stage: Stage) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """ENTRYPOINT and CMD as an image carries them: a shell's ENTRYPOINT takes no CMD."""
    entry, cmd = _said(stage.entrypoint), _said(stage.cmd)
    if entry is None:
        return (), () if cmd is None else _argv(cmd)
    return _argv(entry), () if cmd is None or entry.shell else _argv(cmd)


def overridden(
    stage: Stage | None, own: Command | None, command: tuple[str, ...], args: tuple[str, ...]
) -> Command | None:
    """The command when Cloud Run is given its own: `command` for ENTRYPOINT and CMD, `args` for CMD alone."""
    if command:
        return Command(command + args)
    entry = _said(stage.entrypoint) if stage is not None else None
    if not args or (entry is not None and entry.shell):  # a shell's ENTRYPOINT takes no arguments
        return own
    return Command((entry.argv if entry is not None else ()) + args, "", entry.line if entry is not None else 0)


def _said(start: Start | None) -> Start | None:
    """`ENTRYPOINT []` says nothing again."""
    return start if start is not None and (start.argv or start.shell) else None


def _argv(start: Start) -> tuple[str, ...]:
    return (*start.by, start.shell) if start.shell else start.argv
