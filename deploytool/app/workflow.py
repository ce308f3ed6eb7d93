"""The files that a GitHub workflow hands to each step: its summary and its outputs. Elsewhere there are none."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.app.files import add
from deploytool.render.github import SUMMARY, assigned, outputs_of, step_summary
from deploytool.render.screen import say

if TYPE_CHECKING:
    from deploytool.render import Report


def tell(report: Report, environ: Mapping[str, str], *, now: datetime, verbose: bool) -> None:
    """Append to both. Raises DeployToolError for a file that cannot be written."""
    outputs = outputs_of(report)
    if outputs and (file := environ.get("GITHUB_OUTPUT")):
        add(Path(file), assigned(outputs, lambda: f"deploytool_{secrets.token_hex(16)}"))
    if file := environ.get("GITHUB_STEP_SUMMARY"):
        _summarise(report, Path(file), now, verbose)


def _summarise(report: Report, file: Path, now: datetime, verbose: bool) -> None:
    """What stood there before stays, and counts."""
    taken = file.stat().st_size if file.is_file() else 0
    gap = "\n" if taken else ""
    text = step_summary(report, now=now, verbose=verbose, room=SUMMARY - taken - 2)
    if text:
        add(file, gap + text)
    else:
        say("The step's summary is full: nothing was added to it.", sys.stderr)
