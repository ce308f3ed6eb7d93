"""`logs --follow`: asks again and again, shows every line once, and ends when a signal says so or nobody reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from deploytool.domain.logline import LogLine
from deploytool.domain.logs_report import LogsReport
from deploytool.errors import CouldNotLook
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App

OVERLAP = timedelta(seconds=60)  # lines arrive late and out of order: so much is asked for again
SHORTEST, LONGEST = 2.0, 15.0  # seconds between two questions, while lines come and while none do
LOST = 60.0  # seconds, at most, while Cloud Logging does not answer
MOST = 100_000  # lines of one question
PATIENCE = 600.0  # seconds without an answer until we give up


class Cursor:
    """Where the next question begins, and which lines of that time were shown already."""

    def __init__(self, start: datetime) -> None:
        self.since = self._newest = start
        self._seen: dict[tuple[str, str], datetime] = {}

    def is_new(self, line: LogLine) -> bool:
        if line.key in self._seen:
            return False
        self._seen[line.key] = line.at
        self._newest = max(self._newest, line.at)
        return True

    def go_on(self, *, whole: bool) -> None:
        """After a question; one that was not read to its end goes on where it ended, or it would never get there."""
        self.since = max(self.since, self._newest - (OVERLAP if whole else timedelta(0)))
        self._seen = {key: at for key, at in self._seen.items() if at >= self.since}


def follow(app: App, report: LogsReport, question: Callable[[datetime], str], output: Output) -> None:
    """The lines of the report, then those that come. Raises CouldNotLook when that stays impossible."""
    from deploytool.app.telling import Teller

    teller = Teller(app, report, output)
    if not teller.tell(report.lines):
        return
    cursor = Cursor(_start(report))
    for line in report.lines:
        cursor.is_new(line)
    cursor.go_on(whole=True)
    wait, failing = SHORTEST, None
    while True:
        time.sleep(wait)
        try:
            came = 0
            for line in app.log_reader.lines(question(cursor.since), False, MOST):
                if cursor.is_new(line):
                    came += 1
                    if not teller.tell((line,)):
                        return
            cursor.go_on(whole=came < MOST)
            failing, wait = None, SHORTEST if came else min(wait * 1.5, LONGEST)
        except CouldNotLook as problem:
            cursor.go_on(whole=False)
            failing = _still(app, problem, failing)
            wait = min(max(wait * 2, getattr(problem, "wait", 0.0)), LOST)


def _start(report: LogsReport) -> datetime:
    """Older lines than were shown are not shown later."""
    if report.lines and not report.whole:
        return report.lines[0].at
    return report.since


def _still(app: App, problem: CouldNotLook, failing: float | None) -> float:
    """Said once; what a wait does not mend, and what lasts, ends it."""
    now = time.monotonic()
    if not problem.passing or (failing is not None and now - failing > PATIENCE):
        raise problem
    if failing is None:
        app.note(f"{problem.message} Asking again.")
    return failing or now
