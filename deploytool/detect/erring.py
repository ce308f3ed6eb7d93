"""What must be asked before errors can be compared: what serves since when, what served before, both their lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from deploytool.detect.deployed import Deployed, before
from deploytool.domain.ages import age_of
from deploytool.domain.error_groups import MOST_GROUPS, WHOLE, Reading, Side, Tally
from deploytool.domain.errors_report import Compared, ServiceErrors
from deploytool.domain.logfilter import at_least, lines_from
from deploytool.domain.logline import LogLine, Source
from deploytool.domain.model import Place, Revision
from deploytool.domain.stitching import is_beginning, stitched
from deploytool.errors import CouldNotLook
from deploytool.ports import LogReader

MOST = 100_000  # lines of one question
DEADLINE = 150.0  # seconds of one question; Cloud Logging answers 60 pages a minute
BACK = timedelta(days=7)  # so far before the deploy we look for errors that are not new
KEPT = timedelta(days=30)  # how long Cloud Logging keeps lines unless it is told otherwise
AT_ONCE = 40  # services in one question: a filter has at most 20,000 characters
OLD = "the revision before it served more than 30 days ago"

History = Callable[[Place], Sequence[Revision]]


@dataclass
class _Asked:
    """One service while it is asked about. `others` are the revisions that count as before."""

    deployed: Deployed
    since: datetime
    compared: Compared | None = None
    source: Source | None = None  # of the lines before
    others: frozenset[str] = frozenset()
    now: Reading = WHOLE
    before: Reading = WHOLE
    tally: Tally = field(default_factory=Tally)
    begun: int = 0  # tracebacks of which only the first line was read
    problem: str = ""
    hint: str = ""

    def side(self, line: LogLine, back: bool) -> Side:
        deployed = self.deployed
        if back:
            return Side.BEFORE
        if deployed.is_job:
            return Side.NOW if deployed.since is not None and line.at >= deployed.since else Side.BEFORE
        if line.revision == deployed.revision:
            return Side.NOW
        return Side.BEFORE if line.revision in self.others else Side.ASIDE


def errors_of(
    found: Sequence[Deployed], since: datetime | None, severity: str, now: datetime, logs: LogReader, history: History
) -> tuple[ServiceErrors, ...]:
    """The errors of each since `since`, or since its own deploy. What cannot be asked is a `problem`, never none."""
    asked = [_Asked(one, since or one.since) for one in found if one.since is not None]
    for one in asked:
        _compare(one, now, history)
    if asked:
        _read(asked, severity, logs, back=False)
    _read([one for one in asked if one.source is not None and not one.problem], severity, logs, back=True)
    by_place = {one.deployed.place: _service(one) for one in asked}
    return tuple(by_place.get(one.place) or _unknown(one) for one in found)


def _compare(asked: _Asked, now: datetime, history: History) -> None:
    """Find out with what to compare, and which question that is."""
    deployed, place = asked.deployed, asked.deployed.place
    assert deployed.since is not None
    start = min(asked.since, deployed.since)
    if deployed.is_job:
        _with(asked, None, Source(place, job=True, since=start - BACK, until=start), "what it logged before the change")
    elif deployed.since < now - KEPT:
        _long_ago(asked)
    else:
        try:
            older = before(deployed, history)
        except CouldNotLook as problem:
            asked.before = Reading(False, problem.message)
            return
        if older is None:
            asked.compared = Compared(None, None, None, "there was no revision before it")
            return
        assert older.name is not None
        asked.others = frozenset(one.name for one in (older, *deployed.beside) if one.name)
        begin = max(filter(None, (older.created_at, start - BACK, now - KEPT)))
        source = Source(place, revision=older.name, since=begin, until=max(begin, start))
        beside = bool(deployed.beside)
        _with(asked, older.name, source, "which serves beside it" if beside else "the revision before it")


def _long_ago(asked: _Asked) -> None:
    """What served before has no lines any more: only what this revision itself logged earlier can be compared with."""
    deployed = asked.deployed
    assert deployed.since is not None
    if asked.since - BACK < deployed.since:
        asked.before = Reading(False, OLD)
        return
    source = Source(deployed.place, revision=deployed.revision, since=asked.since - BACK, until=asked.since)
    _with(
        asked,
        deployed.revision,
        source,
        f"what it logged itself in the {age_of(asked.since - BACK, asked.since)} before",
    )


def _with(asked: _Asked, revision: str | None, source: Source, how: str) -> None:
    asked.source, asked.compared = source, Compared(revision, source.since, source.until, how)


def _read(asked: Sequence[_Asked], severity: str, logs: LogReader, *, back: bool) -> None:
    for some in _in_turns(asked, AT_ONCE):
        _ask(some, severity, logs, back)


def _in_turns(many: Sequence[_Asked], size: int) -> Iterable[Sequence[_Asked]]:
    return (many[at : at + size] for at in range(0, len(many), size))


def _ask(asked: Sequence[_Asked], severity: str, logs: LogReader, back: bool) -> None:
    """One question for these, whose lines are counted as they come."""
    question = lines_from([_source(one, back) for one in asked], at_least(severity))
    by_name = {(one.deployed.place.name, one.deployed.place.region): one for one in asked}
    count, why, failed = 0, "", None
    try:
        for line in logs.lines(question, True, MOST + 1, deadline=DEADLINE):
            count += 1
            if count > MOST:
                break
            one = by_name.get((line.service, line.region))
            if one is None:
                raise CouldNotLook(
                    "Cloud Logging answers with lines that were not asked for.", hint="Run it again in a minute."
                )
            if is_beginning(line):
                one.begun += 1
            else:
                one.tally.add(line, one.side(line, back))
        why = f"only the newest {MOST:,} lines were read" if count > MOST else ""
    except CouldNotLook as problem:
        failed, why = problem, problem.message
    for one in asked:
        _note(one, back, why, failed)
    _put_together([one for one in asked if one.begun and failed is None], logs, back)


def _put_together(asked: Sequence[_Asked], logs: LogReader, back: bool) -> None:
    """Tracebacks that came line by line: what they say is in lines without a severity, which are read as well."""
    for one in asked:
        question = lines_from([_source(one, back)], 'logName:"stderr"', "severity<ERROR")
        try:
            for line in stitched(logs.lines(question, False, MOST, deadline=DEADLINE)):
                one.tally.add(line, one.side(line, back))
                one.begun -= 1
            why, failed = "of some tracebacks only the first line was found" if one.begun > 0 else "", None
        except CouldNotLook as problem:
            why, failed = problem.message, problem
        one.begun = 0
        if why:
            _note(one, back, why, failed)


def _note(asked: _Asked, back: bool, why: str, failed: CouldNotLook | None) -> None:
    reading = Reading(not why, why)
    over = asked.tally.left_out[Side.BEFORE if back else Side.NOW]
    if over and not why:
        reading = Reading(False, f"there are more than {MOST_GROUPS:,} different errors")
    if back:
        asked.before = reading
    else:
        asked.now = reading
    if failed is not None and not asked.problem:
        asked.problem, asked.hint = failed.message, failed.hint


def _source(asked: _Asked, back: bool) -> Source:
    if back and asked.source is not None:
        return asked.source
    return Source(asked.deployed.place, job=asked.deployed.is_job, since=asked.since)


def _service(asked: _Asked) -> ServiceErrors:
    deployed, tally = asked.deployed, asked.tally
    seen = replace(
        _unknown(deployed),
        revision=deployed.revision,
        deployed_at=deployed.since,
        since=asked.since,
        compared=asked.compared,
        now=asked.now,
        before=asked.before,
        groups=tally.groups(asked.now, asked.before),
        lines=tally.lines[Side.NOW] + tally.lines[Side.ASIDE],
    )
    return replace(seen, problem=asked.problem, hint=asked.hint)


def _unknown(deployed: Deployed) -> ServiceErrors:
    table, place = deployed.table, deployed.place
    now = Reading(False, deployed.problem) if deployed.problem else WHOLE
    nothing = ServiceErrors(table.name, table.kind, place.region, None, None, None, None, now=now)
    return replace(nothing, problem=deployed.problem, hint=deployed.hint)
