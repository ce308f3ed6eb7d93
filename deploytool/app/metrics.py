"""The file that a monitor reads after each look; written also when nothing could be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from deploytool.app.files import put
from deploytool.domain.metrics import Family, drift_families, look_families
from deploytool.errors import DeployToolError, ExitCode
from deploytool.render.metrics import metrics

if TYPE_CHECKING:
    from deploytool.app import App
    from deploytool.domain.report import DriftReport

T = TypeVar("T")


def watched(app: App, file: Path | None, command: str, look: Callable[[], T]) -> T:
    """What `look` answers. When it cannot look at all, the file says so; without a file, nothing is added.

    The error goes on, so that the command ends as it would have ended.
    """
    try:
        return look()
    except DeployToolError as error:
        if file is not None and error.exit_code is ExitCode.UNDETERMINED:
            write(app, file, command, (), ok=False)
        raise


def write(app: App, file: Path | None, command: str, families: Iterable[Family], *, ok: bool) -> None:
    """The whole file at one moment. Raises DeployToolError when it cannot be written."""
    if file is not None:
        put(file, metrics((*look_families(command, app.now(), ok), *families)))


def drift_measured(app: App, file: Path, ask: Callable[[], DriftReport]) -> DriftReport:
    """The report, with its figures in the file."""
    report = watched(app, file, "drift", ask)
    write(app, file, "drift", drift_families(report), ok=report.sure)
    return report
