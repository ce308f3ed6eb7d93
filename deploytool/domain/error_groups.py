"""Errors that are one: counted by signature while they are read, then compared with what was logged before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deploytool.domain.logline import LEVELS, LogLine
from deploytool.domain.signatures import signature

MOST_GROUPS = 1_000  # of one service: more different errors are no list that anybody reads
BEGINNING, END = 300, 900  # characters of an example that is longer; a traceback tells at its end what happened


class Side(StrEnum):
    """Whose a line is."""

    NOW = "now"  # of the revision that serves
    BEFORE = "before"  # of the one that served before
    ASIDE = "aside"  # of another, such as one that never served


class State(StrEnum):
    NEW = "new"
    UNKNOWN = "unknown"  # never folded into SAME
    SAME = "same"
    ASIDE = "aside"  # neither what serves nor what served before logs it
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one side. `whole` is False when there is more than was read."""

    whole: bool = True
    why: str = ""  # not whole, or not to be compared with


WHOLE = Reading()


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    signature: str
    state: State
    severity: str  # the highest
    count: int  # on what serves
    before: int
    aside: int
    first_seen: datetime
    last_seen: datetime
    revisions: tuple[tuple[str, int], ...]  # name and count, most first
    example: str  # the newest line, without secrets


class _Seen:
    """One group while it is counted."""

    __slots__ = ("counts", "example", "first", "last", "revisions", "severity")

    def __init__(self, line: LogLine) -> None:
        self.counts: Counter[Side] = Counter()
        self.revisions: Counter[str] = Counter()
        self.first = self.last = line.at
        self.severity, self.example = line.severity, line.text

    def add(self, line: LogLine, side: Side) -> None:
        self.counts[side] += 1
        self.revisions[line.revision] += 1
        self.first = min(self.first, line.at)
        if line.at > self.last:
            self.last, self.example = line.at, line.text
        if LEVELS[line.severity] > LEVELS[self.severity]:
            self.severity = line.severity


class Tally:
    """The errors of one service in one region. Memory does not grow with the lines, only with their kinds."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self.lines: Counter[Side] = Counter()
        self.left_out: Counter[Side] = Counter()  # lines of kinds beyond MOST_GROUPS

    def add(self, line: LogLine, side: Side) -> None:
        self.lines[side] += 1
        name = signature(line.text)
        seen = self._seen.get(name)
        if seen is None:
            if len(self._seen) >= MOST_GROUPS:
                self.left_out[side] += 1
                return
            seen = self._seen[name] = _Seen(line)
        seen.add(line, side)

    def groups(self, now: Reading, before: Reading) -> tuple[ErrorGroup, ...]:
        """What is new first, then by count. Both readings must tell when they are not whole."""
        found = [_group(name, seen, now, before) for name, seen in self._seen.items()]
        order = list(State)
        return tuple(sorted(found, key=lambda one: (order.index(one.state), -one.count, -one.before, one.signature)))


def _group(name: str, seen: _Seen, now: Reading, before: Reading) -> ErrorGroup:
    return ErrorGroup(
        signature=name,
        state=_state(seen.counts, now, before),
        severity=seen.severity,
        count=seen.counts[Side.NOW],
        before=seen.counts[Side.BEFORE],
        aside=seen.counts[Side.ASIDE],
        first_seen=seen.first,
        last_seen=seen.last,
        revisions=tuple(seen.revisions.most_common()),
        example=shortened(seen.example),
    )


def _state(counts: Counter[Side], now: Reading, before: Reading) -> State:
    if counts[Side.NOW] and counts[Side.BEFORE]:
        return State.SAME
    if counts[Side.NOW]:
        return State.NEW if before.whole else State.UNKNOWN
    if counts[Side.BEFORE]:
        return State.GONE if now.whole else State.UNKNOWN
    return State.ASIDE


def shortened(text: str) -> str:
    """The beginning and the end of a long text."""
    return text if len(text) <= BEGINNING + END else f"{text[:BEGINNING]} … {text[-END:]}"
