"""The release writes down what it is about to do, and then what it saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploytool.domain.release import EventKind, Outcome, Release
from deploytool.errors import CouldNotLook, NotWritten
from deploytool.ports import Ledger


@dataclass
class Journal:
    """One release's pen. `fence` tells the number of the lease that is held now."""

    ledger: Ledger
    release: str
    fence: Callable[[], int]
    done: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # what was observed of each step
    meant: set[str] = field(default_factory=set)  # steps that were begun, now or by whoever came before
    waited: bool = False  # it has stood at its verified candidate before
    undoing: Outcome | None = None  # what it was being undone for when it was left

    def remember(self, earlier: Release) -> None:
        """What the ledger holds of a release that goes on."""
        for event in earlier.events:
            self.waited = self.waited or "waiting" in event.data
            if event.kind is EventKind.OBSERVED:
                self.done[event.step] = event.data
            elif event.kind is EventKind.INTENT:
                self.meant.add(event.step)
                if event.step == "undo":
                    self.undoing = Outcome(event.data["outcome"])

    @property
    def wrote(self) -> bool:
        """May anything of this release be in Cloud Run?"""
        return any(step in ("candidate", "update") or step.startswith("shift ") for step in self.meant)

    @property
    def reached(self) -> int:
        """The last percentage that was meant."""
        meant = (step for step in self.meant if step.startswith("shift "))
        return max((int(step.removeprefix("shift ")) for step in meant), default=0)

    def begun(self, plan: Mapping[str, Any]) -> None:
        self._write(EventKind.BEGUN, "", plan)

    def intent(self, step: str, **data: Any) -> None:
        self.meant.add(step)
        self._write(EventKind.INTENT, step, data)

    def observed(self, step: str, **data: Any) -> None:
        self.done[step] = data
        self._write(EventKind.OBSERVED, step, data)

    def failed(self, step: str, **data: Any) -> None:
        self._write(EventKind.FAILED, step, data)

    def noted(self, **data: Any) -> None:
        self._write(EventKind.NOTED, "", data)

    def ended(self, outcome: Outcome, reason: str) -> None:
        self._write(EventKind.ENDED, "", {"outcome": outcome.value, "reason": reason})

    @property
    def proven(self) -> bool:
        """Was what serves at the end looked at, and found to be ours?"""
        return "confirm" in self.done

    def _write(self, kind: EventKind, step: str, data: Mapping[str, Any]) -> None:
        try:
            self.ledger.append(self.release, kind, step, data, fence=self.fence())
        except CouldNotLook as problem:
            raise NotWritten(problem.message, hint=problem.hint) from problem
