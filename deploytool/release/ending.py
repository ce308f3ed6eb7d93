"""How a release ended for now, as its command tells it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from deploytool.domain.release import EXIT_CODES, EventKind, Outcome
from deploytool.errors import DeployToolError, ExitCode
from deploytool.ports import Ledger


@dataclass(frozen=True, slots=True)
class Ending:
    """Without an outcome it waits, or its end could not be reached."""

    outcome: Outcome | None
    reason: str
    exit_code: ExitCode
    next_command: str = ""
    ours: bool = True  # False: somebody else brought it to its end, and told who is to be told

    def told_by(self, code: ExitCode) -> Ending:
        """An abort that a person asked for has an exit code of its own; every other end keeps its own."""
        return replace(self, exit_code=code) if self.outcome is Outcome.ABORTED else self


def written_down(ledger: Ledger, release: str) -> Ending | None:
    """The end that is in the ledger: of somebody else, or our own although nobody said that it was written."""
    with suppress(DeployToolError):
        for event in ledger.events(release):
            if event.kind is EventKind.ENDED:
                outcome = Outcome(event.data["outcome"])
                return Ending(outcome, str(event.data["reason"]), EXIT_CODES[outcome])
    return None
