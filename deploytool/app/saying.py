"""An answer on its way: to standard output, into files, and to the workflow that asked."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from deploytool.app.files import put
from deploytool.errors import DeployToolError
from deploytool.render import Format, render
from deploytool.render.outputs import Output
from deploytool.render.screen import screen_of, write

if TYPE_CHECKING:
    from deploytool.app import App
    from deploytool.render import Report


def deliver(
    app: App, report: Report, outputs: Sequence[Output], *, verbose: bool, fleet: Mapping[str, Any] | None
) -> None:
    """Every output gets the report, even when one before it cannot be written; that is said in the end."""
    texts = [(output, _text(app, report, output, verbose, fleet)) for output in outputs]
    failures: list[DeployToolError] = []
    for output, text in texts:
        try:
            _put(output.file, text)
            if output.format is Format.GITHUB:
                from deploytool.app.workflow import tell

                tell(report, app.environ, now=app.now(), verbose=verbose)
        except DeployToolError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


def show(app: App, report: Report, stream: TextIO) -> None:
    """The report as a table, for who is asked something."""
    write(_shown(app, report, Format.TABLE, stream, verbose=False, fleet=None), stream)


def _put(file: Path | None, text: str) -> None:
    if file is None:
        write(text, sys.stdout)
    else:
        put(file, text)


def _text(app: App, report: Report, output: Output, verbose: bool, fleet: Mapping[str, Any] | None) -> str:
    if output.file is None:
        return _shown(app, report, output.format, sys.stdout, verbose, fleet)
    return render(report, output.format, now=app.now(), verbose=verbose, fleet=fleet)


def _shown(
    app: App, report: Report, format: Format, stream: TextIO, verbose: bool, fleet: Mapping[str, Any] | None
) -> str:
    screen = screen_of(stream, app.environ, app.colour)
    return render(
        report,
        format,
        now=app.now(),
        verbose=verbose,
        width=screen.width,
        colour=screen.colour,
        symbols=screen.symbols,
        fleet=fleet,
    )
