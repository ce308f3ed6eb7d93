"""Runs the checks of a service, all at once and with an end. What cannot be told is an answer, never a pass."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from deploytool.config.checks import Check, CheckTable, HttpCheck, LogsCheck, When
from deploytool.config.duration import Duration
from deploytool.config.models import ServiceTable
from deploytool.domain import logfilter
from deploytool.domain.check import (
    Answer,
    CheckResult,
    Counted,
    HttpExpectation,
    NoHttpAnswer,
    judged_count,
    judged_http,
)
from deploytool.domain.logfilter import BadFilter
from deploytool.domain.model import Place
from deploytool.errors import DeployToolError
from deploytool.ports import LogReader, Prober

CAN_RUN = (HttpCheck, LogsCheck)
MOST_LINES = 20_000  # nobody is helped by an exact number above that

Told = tuple[Answer, str]


@dataclass(frozen=True, slots=True)
class Target:
    """What is checked: one revision, at its own address (a candidate's tag) or at the service's."""

    uri: str
    revision: str
    place: Place
    since: datetime  # of its deploy, by the clock of Cloud Run
    hosts: tuple[str, ...] = ()  # further ones that services.toml declares
    audience: str = ""  # the service's address, also for a tag; "" where nobody is told who we are


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait for what, in seconds. Lines take a while until they can be found."""

    settle: float = 2.0  # before lines that should not be there are counted
    arrive: float = 20.0  # at most, for lines that should be there
    every: float = 3.0  # Cloud Logging answers 60 questions a minute, to everybody together
    overall: float = 75.0  # whatever has no answer by then could not tell


NEARBY = Pace(settle=0.2, arrive=5.0, every=0.1)  # the embedded server writes lines down at once


def run_checks(
    table: ServiceTable, when: When, target: Target, prober: Prober, logs: LogReader, pace: Pace | None = None
) -> tuple[CheckResult, ...]:
    """One result for each check of that time, in the order of the file."""
    checks = [check for check in table.checks if when in check.when]
    pace = pace or Pace()
    ways = [_way(check, when, target, prober, logs, pace) for check in checks]
    return _all_at_once(checks, ways, pace.overall)


def cannot_run(table: ServiceTable, when: When) -> tuple[str, ...]:
    """Names of required checks of that time that this version has no way to run."""
    return tuple(
        check.name for check in table.checks if when in check.when and check.required and not isinstance(check, CAN_RUN)
    )


def _way(check: Check, when: When, target: Target, prober: Prober, logs: LogReader, pace: Pace) -> Callable[[], Told]:
    if isinstance(check, HttpCheck):
        return lambda: _http(check, when, target, prober)
    if isinstance(check, LogsCheck):
        return lambda: _logs(check, target, logs, pace)
    return lambda: (Answer.COULD_NOT_TELL, f"this version cannot run a {check.kind} check yet")


def _http(check: HttpCheck, when: When, target: Target, prober: Prober) -> Told:
    own = check.http.startswith("/")
    if own and not target.uri:
        return Answer.COULD_NOT_TELL, "Cloud Run does not say at which address it can be asked"
    url = target.uri.rstrip("/") + check.http if own else check.http
    hosts = (urlsplit(target.uri).netloc,) if own else target.hosts
    wanted = HttpExpectation(check.expect.status, check.expect.json_fields)
    got = prober.get(url, hosts, audience=target.audience if own else "", expected=wanted.status)
    if isinstance(got, NoHttpAnswer):
        return got.answer, got.said
    answer, said = judged_http(wanted, got.status, got.headers, got.body, whole=got.whole)
    aside = "" if own or when == "live" else " (asked elsewhere, not at the candidate)"
    return answer, said + aside


def _logs(check: LogsCheck, target: Target, logs: LogReader, pace: Pace) -> Told:
    since = target.since if not isinstance(check.since, Duration) else _back(check.since)
    try:
        what = logfilter.part_of(check.logs)
    except BadFilter as problem:
        return Answer.COULD_NOT_TELL, f"{problem}"
    question = logfilter.joined(logfilter.lines_of(target.place, target.revision, since), what)
    most = min(MOST_LINES, max(check.min or 0, (check.max or 0) + 1))
    return judged_count(check.min, check.max, _counted(check, question, most, logs, pace))


def _counted(check: LogsCheck, question: str, most: int, logs: LogReader, pace: Pace) -> Counted:
    """Asked again until there are enough, or once after a moment when there should be few."""
    end = time.monotonic() + pace.arrive
    if check.max is not None:
        time.sleep(pace.settle)
    while True:
        counted = logs.count(question, most)
        if not check.min or counted.found >= check.min or time.monotonic() + pace.every > end:
            return counted
        time.sleep(pace.every)


def _back(length: Duration) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=length.seconds)


def _all_at_once(
    checks: Sequence[CheckTable], ways: Sequence[Callable[[], Told]], seconds: float
) -> tuple[CheckResult, ...]:
    """Each way in a thread of its own; one that hangs is left behind and ends with the program."""
    began, done = time.monotonic(), threading.Semaphore(0)
    results: list[CheckResult | None] = [None] * len(checks)

    def work(number: int) -> None:
        answer, said = _told(ways[number])
        results[number] = _result(checks[number], answer, said, time.monotonic() - began)
        done.release()

    for number in range(len(checks)):
        threading.Thread(target=work, args=(number,), name="check", daemon=True).start()
    for _ in checks:
        if not done.acquire(timeout=max(0.0, began + seconds - time.monotonic())):
            break
    late = f"no answer within {seconds:g} s"
    return tuple(
        found or _result(check, Answer.COULD_NOT_TELL, late, seconds)
        for check, found in zip(checks, list(results), strict=True)
    )


def _told(way: Callable[[], Told]) -> Told:
    try:
        return way()
    except DeployToolError as error:
        return Answer.COULD_NOT_TELL, error.message
    except Exception as error:  # the kind alone: its text may hold what nobody should read
        return Answer.COULD_NOT_TELL, f"the check could not be run ({type(error).__name__})"


def _result(check: CheckTable, answer: Answer, said: str, seconds: float) -> CheckResult:
    return CheckResult(check.name, check.kind, answer, check.required, said, round(seconds, 3))
