"""A timestamp that must not be too long ago: the single value of a query, or the newest log line of the service."""

from __future__ import annotations

from datetime import datetime, timedelta

from deploytool.checks.asked import Asking, Told
from deploytool.config.checks import FreshnessCheck
from deploytool.domain import logfilter
from deploytool.domain.check import Answer
from deploytool.domain.check_age import SKEW, judged_age
from deploytool.domain.check_rows import moment_in
from deploytool.domain.logfilter import BadFilter


def told(check: FreshnessCheck, asking: Asking) -> Told:
    most = timedelta(seconds=check.max_age.seconds)
    found = _by_query(check, asking) if check.freshness.query is not None else _by_logs(check, asking, most)
    if not isinstance(found, datetime):
        return found
    return judged_age("the newest", found, asking.now(), most, str(check.max_age))


def _by_query(check: FreshnessCheck, asking: Asking) -> datetime | Told:
    rows = asking.neighbours.queries.rows(
        check.freshness.query or "", most=2, max_bytes=check.max_bytes, seconds=check.timeout.seconds
    )
    return moment_in(rows)


def _by_logs(check: FreshnessCheck, asking: Asking, most: timedelta) -> datetime | Told:
    """Only lines that are young enough are looked for: that there is none is the answer."""
    try:
        what = logfilter.part_of(check.freshness.logs or "")
    except BadFilter as problem:
        return Answer.COULD_NOT_TELL, f"{problem}"
    target = asking.target
    lines = logfilter.service_lines_of(target.place, asking.now() - most - SKEW, job=target.job)
    newest = asking.neighbours.log_reader.newest(logfilter.joined(lines, what))
    if newest is None:
        return Answer.FAIL, f"no line in the last {check.max_age}"
    return newest
