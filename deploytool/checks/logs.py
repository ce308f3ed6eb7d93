"""Log lines of the revisions that serve, counted. Whatever is searched for, Cloud Logging searches: nothing is here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from deploytool.checks.asked import Asking, Told
from deploytool.config.checks import LogsCheck
from deploytool.config.duration import Duration
from deploytool.domain import logfilter
from deploytool.domain.check import Answer, Counted, judged_count
from deploytool.domain.logfilter import BadFilter

MOST_LINES = 20_000  # nobody is helped by an exact number above that


def told(check: LogsCheck, asking: Asking) -> Told:
    if asking.target.unseen:
        return Answer.COULD_NOT_TELL, asking.target.unseen
    try:
        questions = _questions(check, asking, logfilter.part_of(check.logs))
    except BadFilter as problem:
        return Answer.COULD_NOT_TELL, f"{problem}"
    if isinstance(questions, str):
        return Answer.COULD_NOT_TELL, questions
    most = min(MOST_LINES, max(check.min or 0, (check.max or 0) + 1))
    return judged_count(check.min, check.max, _patiently(check, asking, questions, most))


def _questions(check: LogsCheck, asking: Asking, what: str) -> list[str] | str:
    """A filter for each revision that serves; a job's lines are those of its executions. Else why there is none."""
    target = asking.target
    since = asking.now() - timedelta(seconds=check.since.seconds) if isinstance(check.since, Duration) else None
    if target.job and since is not None:
        return [logfilter.joined(logfilter.service_lines_of(target.place, since, job=True), what)]
    if not target.revisions or target.job:
        return 'a job has no deploy; say since = "24h"' if target.job else "no revision serves"
    found = []
    for running in target.revisions:
        begin: datetime | None = since or running.since
        if begin is None or not running.revision:
            return "which revision serves, and since when, is not known"
        found.append(logfilter.joined(logfilter.lines_of(target.place, running.revision, begin), what))
    return found


def _patiently(check: LogsCheck, asking: Asking, questions: Sequence[str], most: int) -> Counted:
    """Asked again until there are enough, or once after a moment when there should be few."""
    pace = asking.pace
    end = time.monotonic() + pace.arrive
    if check.max is not None:
        time.sleep(pace.settle)
    while True:
        counted = _counted(asking, questions, most)
        if not check.min or counted.found >= check.min or time.monotonic() + pace.every > end:
            return counted
        time.sleep(pace.every)


def _counted(asking: Asking, questions: Sequence[str], most: int) -> Counted:
    """Of all that serve together."""
    counts = [asking.neighbours.log_reader.count(question, most) for question in questions]
    return Counted(sum(one.found for one in counts), all(one.complete for one in counts))
