"""`deploytool watch`: looks again and again, in the foreground, until it is told to end.

Each look is a process of its own with a deadline, and none begins before the last one has ended. Its answer goes where
this one's goes; what became of it is one line on stderr. The heartbeat is touched when something could be looked at, so
that a watch that hangs, or sees nothing any more, can be told from one that has nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

from deploytool.errors import DeployToolError, ExitCode, UsageError
from deploytool.render.release_wording import took

if TYPE_CHECKING:
    from deploytool.app import App

LOOKING = ("drift", "status", "verify", "errors", "validate", "reconcile", "handoff", "report", "releases", "check")
CHANGING = ("--fix", "--adopt")
JITTER = 0.1  # of the time between two looks: many watches do not ask at the same moment
COULD_LOOK = (ExitCode.CLEAN, ExitCode.FINDINGS)
SAID = {
    ExitCode.CLEAN: "clean",
    ExitCode.FINDINGS: "something was found",
    ExitCode.USAGE: "the command or services.toml is wrong",
    ExitCode.UNDETERMINED: "not everything could be looked at",
    ExitCode.BUG: "a bug of ours",
}


class Clock(Protocol):
    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


@dataclass
class Watch:
    """`look` runs these words and answers their exit code, None when the deadline passed; `chance` is 0 to 1."""

    words: Sequence[str]
    every: float
    deadline: float
    clock: Clock
    look: Callable[[Sequence[str], float], int | None]
    tell: Callable[[str], None]
    beat: Callable[[datetime], None]
    chance: Callable[[], float]
    looks: int = 0

    def run(self) -> NoReturn:
        while True:
            self.clock.sleep(self.once())

    def once(self) -> float:
        """One look; the seconds until the next one is due."""
        began = self.clock.monotonic()
        code = self.look(self.words, self.deadline)
        lasted = self.clock.monotonic() - began
        self.looks += 1
        rest = max(0.0, self.every * (1 + JITTER * self.chance()) - lasted)
        self.tell(self._line(code, lasted, rest))
        if self.looks == 1 and code == ExitCode.USAGE:
            raise UsageError("The command cannot be run as it stands.", hint=f"deploytool {self.words[0]} --help")
        if code in COULD_LOOK:
            try:
                self.beat(self.clock.now())
            except DeployToolError as problem:
                self.tell(f"the heartbeat: {problem.message}")
        return rest

    def _line(self, code: int | None, lasted: float, rest: float) -> str:
        if code is None:
            became = f"ended: no answer within {took(self.deadline)}"
        elif code < 0:
            became = f"ended by signal {-code}"
        else:
            said = next((text for known, text in SAID.items() if known == code), "")
            became = f"exit {code}{f' ({said})' if said else ''}"
        return (
            f"{self.clock.now():%Y-%m-%d %H:%M:%SZ}  look {self.looks:,}  {became}  took {took(lasted)}, "
            f"next in {took(rest)}"
        )


def run(app: App, *, words: Sequence[str], every: float, deadline: float, heartbeat: Path | None) -> NoReturn:
    """Ends only when it is told to: 130 after Ctrl-C, 143 after SIGTERM."""
    import random

    from deploytool.adapters.looks import Looks
    from deploytool.app.files import must_be_possible, put
    from deploytool.clock import RealTime

    chosen = chosen_of(words)
    if heartbeat is not None:
        must_be_possible([heartbeat])
    looks = Looks(app.options)
    watch = Watch(
        words=chosen,
        every=every,
        deadline=deadline,
        clock=RealTime(),
        look=looks.look,
        tell=app.note,
        beat=lambda at: put(heartbeat, f"{at:%Y-%m-%dT%H:%M:%SZ}\n") if heartbeat is not None else None,
        chance=random.random,
    )
    watch.run()


def chosen_of(words: Sequence[str]) -> tuple[str, ...]:
    """The command that is run each time. Raises UsageError for one that changes something, or is none of ours."""
    chosen = tuple(words) or ("drift",)
    changing = [word for word in chosen if word.partition("=")[0] in CHANGING]
    if chosen[0] in LOOKING and not changing:
        return chosen
    what = f"{chosen[0]} {changing[0]}" if changing else chosen[0]
    raise UsageError(
        f"watch runs what looks and changes nothing, not {what}.",
        hint=f"deploytool watch --every 5m -- drift --metrics FILE. It can run: {', '.join(LOOKING)}",
    )
