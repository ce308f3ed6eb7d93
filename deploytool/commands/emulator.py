"""`deploytool emulator …`: the embedded Cloud Run by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploytool.commands import faultwords
from deploytool.config import find
from deploytool.emulator import client, daemon
from deploytool.emulator.errors import EmulatorError
from deploytool.errors import ConfigurationError, CouldNotLook, ExitCode, UsageError
from deploytool.render.obeyed import disarmed_json
from deploytool.render.screen import say

if TYPE_CHECKING:
    from deploytool.app import App

STATE = ".deploytool"


def serve(app: App, *, port: int, state: Path | None) -> ExitCode:
    """In the foreground, until interrupted."""
    from deploytool.emulator.serve import serve as serving

    with _said():
        serving(port, state or _state_of(app), ready=lambda address: app.note(f"Cloud Run API at {address.url}"))
    return ExitCode.CLEAN


def import_fleet(app: App, *, file: str, state: Path | None) -> ExitCode:
    """Add a fleet file to the world that `serve` or the first command began."""
    with _said():
        done = client.import_fleet(_address(app, state), _json_in(file))
    made = f"{done['services']} services, {done['revisions']} revisions, {done['jobs']} jobs"
    app.note("\n".join([f"Imported {made}.", *(f"ignored: {what}" for what in done.get("ignored", ()))]))
    return ExitCode.CLEAN


def export_fleet(app: App, *, state: Path | None) -> ExitCode:
    """The world as a fleet file, on stdout."""
    with _said():
        say(disarmed_json(json.dumps(client.export_fleet(_address(app, state)), indent=1)))
    return ExitCode.CLEAN


def reset(app: App, *, state: Path | None) -> ExitCode:
    """Forget everything; the sandbox's story begins anew with the next command."""
    from deploytool import stage

    with _said():
        client.reset(_address(app, state))
    stage.forget_story(state or _state_of(app))
    app.note("The embedded Cloud Run is empty.")
    return ExitCode.CLEAN


def faults(app: App, *, add: list[str], clear: bool, state: Path | None) -> ExitCode:
    """Clear, then add, then list what the server gets wrong on demand, and how often it did."""
    added = [faultwords.fault_in(text) for text in add]
    with _said():
        address = _address(app, state)
        if clear:
            client.clear_faults(address)
        if added:
            client.add_fault(address, *added)
        listed = client.faults(address)
    if not listed:
        app.note("The embedded Cloud Run has no faults.")
    for fault in listed:
        say(f"{faultwords.words_of(fault)}  # hit {fault['hits']} of {fault['seen']}")
    return ExitCode.CLEAN


def _address(app: App, state: Path | None) -> client.Address:
    """The server of `state`, else of this project: joined, or started. Outside a project, of this folder."""
    if state is None and _has_project(app):
        return app.emulator
    return daemon.join_or_start(state or _state_of(app))


def _state_of(app: App) -> Path:
    return app.state if _has_project(app) else Path.cwd() / STATE


def _has_project(app: App) -> bool:
    """A services.toml is named or found; one with mistakes still ends the command."""
    if app.config_file is not None:
        return True
    try:
        find(Path.cwd())
    except ConfigurationError:
        return False
    return True


def _json_in(file: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        document = json.loads(text)
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror}.", hint=f"Check it: ls -l {file}") from problem
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"{file} is not JSON.", hint="Give what `deploytool emulator export` prints.") from problem
    if not isinstance(document, dict):
        raise UsageError(f"{file} is not a fleet.", hint='It begins with {"services": [ … ]}.')
    return document


@contextmanager
def _said() -> Iterator[None]:
    """The emulator is a house of its own with errors of its own."""
    try:
        yield
    except EmulatorError as error:
        raise CouldNotLook(str(error), hint=error.hint) from error
