"""Who reads a report that not every run makes: by the name of its class, loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from deploytool.render import Report
    from deploytool.render.shapes import Shape
    from deploytool.render.sheet import View


class Room(NamedTuple):
    """`MODULE:FUNCTION` below deploytool.render. `blocks` "": in Markdown the lines stand between fences."""

    lines: str  # (report, view) -> lines of a table
    shape: str  # (report) -> what JSON holds
    blocks: str = ""  # (report, now, verbose) -> blocks of Markdown


_RELEASES = Room("release_table:release_lines", "release_json:release_shape")
ROOMS = {
    "CheckReport": Room("check_table:check_lines", "check_json:check_shape", "check_markdown:check_blocks"),
    "ProofReport": Room("explain_table:explain_lines", "explain_json:explain_shape", "explain_markdown:explain_blocks"),
    "VerifyReport": Room("verify_table:verify_lines", "verify_json:verify_shape", "verify_markdown:verify_blocks"),
    "LockReport": Room("lock_views:lock_lines", "lock_views:lock_shape", "lock_views:lock_blocks"),
    "ValidateReport": Room(
        "validate_views:validate_lines", "validate_views:validate_shape", "validate_views:validate_blocks"
    ),
    "ReconcileReport": Room(
        "reconcile_table:reconcile_lines", "reconcile_json:reconcile_shape", "reconcile_markdown:reconcile_blocks"
    ),
    "PlanReport": _RELEASES,
    "ReleaseReport": _RELEASES,
    "LedgerReport": _RELEASES,
    "LogsReport": Room("logs_views:logs_lines", "logs_views:logs_shape"),
    "ErrorsReport": Room("errors_table:errors_lines", "errors_json:errors_shape", "errors_markdown:errors_blocks"),
    "HandoffReport": Room(
        "handoff_markdown:handoff_lines", "handoff_json:handoff_shape", "handoff_markdown:handoff_blocks"
    ),
    "HandoffCheckReport": Room(
        "handoff_check_views:check_lines", "handoff_json:handoff_check_shape", "handoff_check_views:check_blocks"
    ),
    "WeekReport": Room("week_views:week_lines", "week_views:week_shape", "week_views:week_blocks"),
}


def lines_of(report: Report, view: View) -> list[Text]:
    found: list[Text] = _named(_room(report).lines)(report, view)
    return found


def shape_of(report: Report) -> Shape:
    found: Shape = _named(_room(report).shape)(report)
    return found


def blocks_of(report: Report, now: datetime, verbose: bool) -> Sequence[str]:
    room = _room(report)
    if room.blocks:
        found: Sequence[str] = _named(room.blocks)(report, now, verbose)
        return found
    from deploytool.render.markdown_text import fenced
    from deploytool.render.sheet import View, painted

    return [fenced(painted(lines_of(report, View(now)), colour=False))]  # a log of its own: read as it stands


def _room(report: Report) -> Room:
    return ROOMS[type(report).__name__]


def _named(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    function: Callable[..., Any] = getattr(import_module(f"deploytool.render.{module}"), name)
    return function
