"""Runs checks, all at once and each with an end. What cannot be told is an answer, never a pass."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import assert_never

from deploytool.checks import command, firestore, freshness, http, logs, query
from deploytool.checks.asked import Asking, Neighbours, Pace, Target, Told
from deploytool.config.checks import (
    Check,
    CommandCheck,
    FirestoreCheck,
    FreshnessCheck,
    HttpCheck,
    LogsCheck,
    QueryCheck,
    When,
)
from deploytool.config.models import ServiceTable
from deploytool.domain.check import Answer, CheckResult
from deploytool.errors import DeployToolError

MOST_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Question:
    """One check, and what it is asked about."""

    check: Check
    asking: Asking

    @property
    def limit(self) -> float:
        """Seconds until it could not tell: those that every check has, and its own."""
        own = getattr(self.check, "timeout", None)
        return self.asking.pace.overall + (own.seconds if own is not None else 0)


def run_checks(
    table: ServiceTable, when: When, target: Target, neighbours: Neighbours, pace: Pace | None = None
) -> tuple[CheckResult, ...]:
    """One result for each check of that time, in the order of the file."""
    asking = Asking(target, neighbours, when == "candidate", pace or Pace())
    return answers([Question(check, asking) for check in table.checks if when in check.when])


def answers(questions: Sequence[Question], most: int = MOST_AT_ONCE) -> tuple[CheckResult, ...]:
    """One result for each, in order; `most` are asked at a time. One that hangs is left behind."""
    found: dict[int, CheckResult] = {}
    done: SimpleQueue[tuple[int, CheckResult]] = SimpleQueue()
    waiting, running = deque(range(len(questions))), dict[int, float]()  # number: when its time is over
    while waiting or running:
        while waiting and len(running) < most:
            number = waiting.popleft()
            running[number] = time.monotonic() + questions[number].limit
            _begin(number, questions[number], done)
        try:
            number, result = done.get(timeout=max(0.0, min(running.values()) - time.monotonic()))
        except Empty:
            over = [number for number, end in running.items() if end <= time.monotonic()]
        else:
            over = []
            if running.pop(number, None) is not None:
                found[number] = result
        for number in over:
            del running[number]
            found[number] = _late(questions[number])
    return tuple(found[number] for number in range(len(questions)))


def _begin(number: int, question: Question, done: SimpleQueue[tuple[int, CheckResult]]) -> None:
    """In a thread of its own, which ends with the program when it does not end before."""

    def work() -> None:
        began = time.monotonic()
        answer, said = _told(lambda: _asked(question.check, question.asking))
        done.put((number, _result(question.check, answer, said, time.monotonic() - began)))

    threading.Thread(target=work, name="check", daemon=True).start()


def _asked(check: Check, asking: Asking) -> Told:
    match check:
        case HttpCheck():
            return http.told(check, asking)
        case LogsCheck():
            return logs.told(check, asking)
        case QueryCheck():
            return query.told(check, asking)
        case FirestoreCheck():
            return firestore.told(check, asking)
        case FreshnessCheck():
            return freshness.told(check, asking)
        case CommandCheck():
            return command.told(check, asking)
        case _:
            assert_never(check)


def _told(way: Callable[[], Told]) -> Told:
    try:
        return way()
    except DeployToolError as error:
        return Answer.COULD_NOT_TELL, error.message
    except Exception as error:  # the kind alone: its text may hold what nobody should read
        return Answer.COULD_NOT_TELL, f"the check could not be run ({type(error).__name__})"


def _late(question: Question) -> CheckResult:
    limit = question.limit
    return _result(question.check, Answer.COULD_NOT_TELL, f"no answer within {limit:g} s", limit)


def _result(check: Check, answer: Answer, said: str, seconds: float) -> CheckResult:
    return CheckResult(check.name, check.kind, answer, check.required, said, round(seconds, 3))
