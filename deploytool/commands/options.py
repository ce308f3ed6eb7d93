"""Options that several commands share, each said once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploytool.render import PLAIN, Format, formats_of
from deploytool.render.outputs import Output, format_in, listed, outputs_in
from deploytool.render.screen import Colour

if TYPE_CHECKING:
    from deploytool.adapters.cloudrun_apart import Apart


@dataclass(slots=True)
class Settings:
    """The options that stand before any command, or after it; the last one said wins.

    Not frozen: whoever ends the run must still know them when the command has failed half-way.
    """

    config: Path | None = None
    repository: Path | None = None
    colour: Colour = Colour.AUTO
    apart: Apart | None = None  # the process that asks Cloud Run, when one was begun

    def hear(self, config: Path | None, repository: Path | None, colour: Colour | None) -> None:
        self.config = config or self.config
        self.repository = repository or self.repository
        self.colour = colour or self.colour


class PrecisionChoice(StrEnum):
    """What `--precision` accepts; left out, each service gets the finest that can be proven."""

    PATH = "path"
    IMAGE = "image"
    IMPORT = "import"


ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Use this services.toml.", show_default=False),
]
RepositoryFolder = Annotated[
    Path | None,
    typer.Option("--repository", metavar="DIR", help="Use this git repository.", show_default=False),
]
ColourChoice = Annotated[
    Colour | None,
    typer.Option("--color", metavar="auto|always|never", help="When to use colour.", show_default=False),
]
Services = Annotated[
    list[str] | None,
    typer.Argument(metavar="SERVICE", help="Only these services of services.toml.", show_default=False),
]


def _plain(word: str) -> Format:
    return format_in(word, "")


def _formats(command: str) -> Any:
    return typer.Option(
        "--format",
        metavar="FORMAT[:FILE]",
        help=f"Write the answer as {listed(formats_of(command))}, here or into FILE. May be repeated."
        "  [default: table]",
        show_default=False,
    )


FormatOption = Annotated[
    Format, typer.Option("--format", metavar="|".join(PLAIN), parser=_plain, help="How to write the answer.")
]
FoundFormats = Annotated[list[str] | None, _formats("check")]  # of a report that finds something
CheckedFormats = Annotated[list[str] | None, _formats("verify")]  # of checks that were run
ShownFormats = Annotated[list[str] | None, _formats("status")]  # of one that only shows
PlainFormats = Annotated[list[str] | None, _formats("logs")]
ReportFormats = Annotated[list[str] | None, _formats("report")]  # of figures that become a page
FleetFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--fleet",
        metavar="FILE",
        help="Read what runs from this file instead of the API; - is standard input. May be repeated.",
        show_default=False,
    ),
]
MetricsFile = Annotated[
    Path | None,
    typer.Option(
        "--metrics",
        metavar="FILE",
        help="Also write figures for Prometheus' textfile collector into this file.",
        show_default=False,
    ),
]
PrecisionOption = Annotated[
    PrecisionChoice | None,
    typer.Option(metavar="path|image|import", help="How finely to compare; left out: the finest that can be proven."),
]
Fetch = Annotated[bool, typer.Option("--fetch", help="Fetch commits that this clone does not have.")]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="End with 0 instead of 1 when something was found.")]
Notify = Annotated[
    bool,
    typer.Option("--notify", help="Tell those whom [notify] names when something is new, once a day, or over."),
]
StateFolder = Annotated[
    Path | None,
    typer.Option("--state", metavar="DIR", help="Folder of the embedded Cloud Run's state.", show_default=False),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; CI must say so.")]
LockWait = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Wait so long for somebody else's release, such as 5m; left out: not at all.",
        show_default=False,
    ),
]


def outputs_of(said: Sequence[str] | None, command: str) -> tuple[Output, ...]:
    """What `--format` asks of a command, before it does anything. Raises UsageError for what cannot be done."""
    outputs = outputs_in(said or (), command)
    files = [output.file for output in outputs if output.file is not None]
    if files:
        from deploytool.app.files import must_be_possible

        must_be_possible(files)
    return outputs


def metrics_of(file: Path | None) -> Path | None:
    """A file that can come to be. Raises UsageError for another, before anything is done."""
    if file is not None:
        from deploytool.app.files import must_be_possible

        must_be_possible([file])
    return file


def seconds_of(text: str | None, option: str) -> float:
    """A length of time such as 5m in seconds; 0 when it is left out. Raises typer.BadParameter."""
    if not text:
        return 0.0
    from deploytool.config.duration import Duration

    try:
        return float(Duration.of(text).seconds)
    except ValueError as problem:
        raise typer.BadParameter(f"{option}: {problem}") from None
