"""One change by compare-and-set, however its answer gets lost.

Every attempt begins by reading. So an attempt that was carried out without an answer is found done, one that lost
against somebody else is judged anew, and nothing is ever sent on top of something that was not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Protocol

from deploytool.domain.model import Place
from deploytool.errors import CouldNotLook, DeployToolError, WriteRefused, WriteUnclear
from deploytool.ports import SeenService, ServiceEditor

PAUSE = 0.5  # seconds before a change is tried again


class Clock(Protocol):
    """Time as a release needs it: `monotonic` in seconds, `sleep` may be interrupted by a signal."""

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class StepFailed(DeployToolError):
    """A step cannot be done, or what was seen is not good: put back what was changed."""


class Moved(DeployToolError):
    """Somebody else changed the service in between: what they did is not touched."""


class Look(Enum):
    """What a reading says of a change that is wanted."""

    DONE = "done"
    WRITE = "write"


Judge = Callable[[SeenService | None], Look]
Write = Callable[[SeenService | None], None]


def ensure(
    editor: ServiceEditor,
    place: Place,
    judge: Judge,
    write: Write,
    *,
    clock: Clock,
    seconds: float,
    may: Callable[[], None],
    job: bool = False,
) -> SeenService | None:
    """Read, judge, write, until `judge` says that it is done; the reading that said so.

    `may` is asked right before every write and raises when this release may not write any more. `judge` raises Moved
    or StepFailed for what must not be written over. Raises StepFailed when `seconds` pass first.
    """
    deadline = clock.monotonic() + seconds
    trouble = "the change was not carried out"
    while True:
        wait = PAUSE
        try:
            seen = editor.read_job(place) if job else editor.read(place)
            if judge(seen) is Look.DONE:
                return seen
            if clock.monotonic() > deadline:
                raise StepFailed(f"{place.name} could not be changed: {trouble}", hint="deploytool status")
            may()
            write(seen)
            wait = 0.0
        except WriteRefused as refused:
            if not (refused.conflict or refused.passing):
                raise StepFailed(refused.message, hint=refused.hint) from refused
            trouble, wait = refused.message, max(PAUSE, refused.wait)
        except WriteUnclear as unclear:
            trouble = unclear.message
        except CouldNotLook as problem:
            if not problem.passing or clock.monotonic() > deadline:
                raise
            trouble = problem.message
        if wait:
            clock.sleep(min(wait, max(0.0, deadline - clock.monotonic())))


def wait_until(
    look: Callable[[], bool], *, clock: Clock, seconds: float, poll: float, tell: Callable[[], None] = lambda: None
) -> bool:
    """Look again and again, less often as time goes by; False when `seconds` pass first.

    What cannot be read now may be readable in a moment: only the end of time makes that a failure.
    """
    deadline = clock.monotonic() + seconds
    pause = poll
    while True:
        try:
            if look():
                return True
            trouble: CouldNotLook | None = None
        except CouldNotLook as problem:
            if not problem.passing:
                raise
            trouble = problem
        if clock.monotonic() >= deadline:
            if trouble is not None:
                raise trouble
            return False
        tell()
        clock.sleep(min(pause, max(0.0, deadline - clock.monotonic())))
        pause = min(pause * 1.5, poll * 20)
