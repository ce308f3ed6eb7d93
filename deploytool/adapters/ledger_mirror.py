"""The ledger of this machine with a copy of each release in a bucket, so that others can go on where it was left.

What happened here is written here first, and that alone must succeed: a bucket that is out of reach is said once and
caught up with later. Who asks what others have done gets an answer from the bucket, or CouldNotLook.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from deploytool.adapters.googleapi import PASSING, NoAnswer, Refused
from deploytool.adapters.ledger import SqliteLedger
from deploytool.adapters.ledger_copies import WRITE, BucketCopies, Copy
from deploytool.adapters.ledger_kept import Kept
from deploytool.domain.model import Place
from deploytool.domain.release import Event, EventKind
from deploytool.domain.release_copy import are_later, beyond, by_time, in_order, together
from deploytool.errors import CouldNotLook, LeaseLost

T = TypeVar("T")
REST = 4.0  # times as long as it took to fail, a bucket is left alone: releases must not crawl because of it
BUSY = 1.0  # seconds: an object may be written about once a second
CATCHING_UP = 20.0  # seconds, when no release is under way


class MirroredLedger:
    """The `Ledger` of a team. The chain, its head and its numbers are those of the local file."""

    def __init__(
        self,
        local: SqliteLedger,
        copies: BucketCopies,
        file: Path,
        note: Callable[[str], None],
        *,
        patience: float = WRITE,
    ) -> None:
        self._local, self._copies, self._note = local, copies, note
        self._copied = Kept(file)  # number of the last line that was copied, by release
        self._patience = patience
        self._view: dict[str, tuple[Event, ...]] | None = None
        self._begun: set[str] = set()  # releases that this process writes for: of these all is here
        self._in_step = False
        self._behind = True  # there may be lines that were not copied
        self._said = False
        self._resting = 0.0  # until when

    def append(self, release: str, kind: EventKind, step: str, data: Mapping[str, Any], *, fence: int) -> Event:
        """Here first, then in the bucket.

        Raises LeaseLost as well when the bucket tells of a later holder or an end: the line stays in our own ledger.
        """
        self._begun.add(release)
        event = self._local.append(release, kind, step, data, fence=fence)
        self._in_step = kind is EventKind.INTENT
        begun = time.monotonic()
        if kind is EventKind.ENDED or begun >= self._resting:
            try:
                self._copy(self._local.events(release), begun + self._patience, fence)
                self._catch_up(begun + self._patience)
            except CouldNotLook as problem:
                self._failed(problem, begun)
        return event

    def events(self, release: str | None = None) -> tuple[Event, ...]:
        """Ours and those of others, by time. What we have of one release is told without the bucket."""
        if release is not None:
            ours = self._local.events(release)
            return ours if ours or release in self._begun else self._elsewhere().get(release, ())
        elsewhere = self._elsewhere()
        if not self._in_step:
            self._catch_up_or_say()
        ours = self._local.events()
        records = _by_release(ours)
        more = {
            name: together(records.get(name, ()), events)
            for name, events in elsewhere.items()
            if beyond(events, records.get(name, ()))
        }
        return by_time([[event for event in ours if event.release not in more], *more.values()])

    def adopt(self, release: str) -> tuple[Event, ...]:
        """The lines that others wrote are copied into our ledger, so that ours can follow them."""
        ours = self._local.events(release)
        place = _place_of(ours or self._elsewhere().get(release, ()))
        if place is None:
            return ours
        copy = self._asked(lambda: self._copies.now(place, release))
        known = together(ours, copy.events)
        if not known:
            raise CouldNotLook(
                f"Release {release} is not in {self._copies.where} any more.", hint="deploytool releases"
            )
        if known[-1].kind is EventKind.ENDED:
            return known
        missing = in_order(beyond(copy.events, ours))
        if missing:
            self._local.copy(missing)
        return in_order(self._local.events(release))

    def head(self) -> tuple[int, str] | None:
        return self._local.head()

    def chain(self) -> tuple[tuple[Event, ...], tuple[int, str] | None]:
        return self._local.chain()

    def _elsewhere(self) -> dict[str, tuple[Event, ...]]:
        """Listed anew for each plan, because others go on meanwhile; in the middle of a step, as it was before."""
        if self._view is None or not self._in_step:
            self._view = None
            self._view = self._asked(self._copies.all)
        return self._view

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except (NoAnswer, Refused) as problem:
            raise CouldNotLook(
                f"What others released cannot be read from {self._copies.where}: {problem.message}", hint=problem.hint
            ) from problem

    def _copy(self, lines: Sequence[Event], end: float, fence: int | None = None) -> None:
        """Make the copy have these lines. With a `fence`, raises LeaseLost when others must be left to it."""
        place = _place_of(lines)
        if place is None:
            return
        copy = self._copies.last(place, lines[0].release)
        while True:
            self._must_be_ours(lines, copy, fence)
            if not beyond(lines, copy.events) or self._put(place, lines, copy, end):
                break
            copy = self._copies.now(place, lines[0].release, timeout=self._left(end))
        self._copied.put(self._key(lines[0].release), copy.generation, str(lines[-1].number))

    def _put(self, place: Place, lines: Sequence[Event], copy: Copy, end: float) -> bool:
        whole = together(copy.events, lines)
        while True:
            try:
                return self._copies.put(place, lines[0].release, whole, copy.generation, timeout=self._left(end))
            except Refused as refused:
                wait = max(refused.wait, BUSY)
                if refused.code not in PASSING or time.monotonic() + wait >= end:
                    raise
            time.sleep(wait)

    def _left(self, end: float) -> float:
        left = end - time.monotonic()
        if left <= 0:
            raise NoAnswer("Cloud Storage did not answer in time.", hint="Check the network.", acted=True)
        return left

    def _must_be_ours(self, lines: Sequence[Event], copy: Copy, fence: int | None) -> None:
        release, unknown = lines[0].release, beyond(copy.events, lines)
        if fence is None:
            if any(event.kind is EventKind.BEGUN for event in unknown):
                raise CouldNotLook(f"{self._copies.where} has another release {release}.", hint="deploytool releases")
        elif are_later(unknown, fence):
            ended = any(event.kind is EventKind.ENDED for event in unknown)
            why = "was ended by somebody else" if ended else "was taken over by somebody else"
            raise LeaseLost(
                f"Release {release} {why}, as {self._copies.where} has it: nothing more is done for it.",
                hint=f"See how it went: deploytool releases show {release}",
            )

    def _catch_up_or_say(self) -> None:
        begun = time.monotonic()
        try:
            self._catch_up(begun + CATCHING_UP)
        except CouldNotLook as problem:
            self._failed(problem, begun)

    def _catch_up(self, end: float) -> None:
        """Copy what was not copied yet, the newest release first; what does not fit in comes next time."""
        if not self._behind:
            return
        for release, lines in reversed(_by_release(self._local.events()).items()):
            if self._number_of(release) >= lines[-1].number:
                continue
            if time.monotonic() >= end:
                return
            self._copy(lines, end)
        self._behind = False

    def _number_of(self, release: str) -> int:
        found = self._copied.get(self._key(release))
        return int(found[1]) if found is not None and found[1].isdecimal() else 0

    def _key(self, release: str) -> str:
        return f"{self._copies.key}{release}"

    def _failed(self, problem: CouldNotLook, begun: float) -> None:
        self._behind = True
        now = time.monotonic()
        self._resting = now + REST * (now - begun)
        if not self._said:
            self._said = True
            self._note(
                f"The ledger could not be copied to {self._copies.where}: {problem.message} "
                "The release goes on; it is tried again later."
            )


def _by_release(events: Sequence[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.release, []).append(event)
    return found


def _place_of(lines: Sequence[Event]) -> Place | None:
    """Where the release belongs, as its plan says; None for lines without a beginning."""
    plan = lines[0].data if lines and lines[0].kind is EventKind.BEGUN else {}
    names = [plan.get(name) for name in ("project", "region", "service")]
    return Place(*names) if all(isinstance(name, str) and name for name in names) else None  # type: ignore[arg-type]
