"""Lines of a log on standard output while they come: as a table without an end, or one JSON object per line."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from deploytool.domain.logline import LogLine
from deploytool.domain.logs_report import LogsReport
from deploytool.errors import UsageError
from deploytool.render import Format
from deploytool.render.json import encodable
from deploytool.render.logs_views import entry_lines, entry_shape
from deploytool.render.obeyed import disarmed, disarmed_json
from deploytool.render.outputs import Output
from deploytool.render.screen import screen_of, write
from deploytool.render.sheet import View, painted

if TYPE_CHECKING:
    from deploytool.app import App


class Teller:
    """Says the lines of one log; the columns are those of the report that it began with."""

    def __init__(self, app: App, report: LogsReport, output: Output) -> None:
        if output.format not in (Format.TABLE, Format.JSON):
            raise UsageError(
                f"What is followed cannot be written as {output.format}.", hint="--format table, or --format json"
            )
        screen = screen_of(sys.stdout, app.environ, app.colour)
        self.view = View(app.now(), False, screen.width, screen.colour, screen.symbols)
        self.report, self.json = report, output.format is Format.JSON

    def tell(self, lines: Sequence[LogLine]) -> bool:
        """False when nobody reads any more."""
        text = "".join(map(self._object, lines)) if self.json else self._table(lines)
        return write(text, sys.stdout) if text else True

    def _object(self, line: LogLine) -> str:
        return disarmed_json(json.dumps(encodable(entry_shape(line)))) + "\n"

    def _table(self, lines: Sequence[LogLine]) -> str:
        return disarmed(painted(entry_lines(lines, self.report, self.view), self.view.colour))
