"""What `releases` says: who released what, when, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from deploytool.domain.release import EventKind, Outcome, Release
from deploytool.errors import ExitCode


class Standing(StrEnum):
    """How a release stands that has no end."""

    RUNNING = "running"
    WAITING = "waiting at its candidate"
    LEFT_BEHIND = "left behind"  # its process is gone
    UNSURE = "running or left behind"  # nobody here can tell whether its process is gone


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """Releases, newest first. With `one`, every step of the only one; `verified` is None when nobody asked."""

    generated_at: datetime
    releases: tuple[Release, ...]
    standings: Mapping[str, Standing] = field(default_factory=dict)  # of those without an end, by id
    left_out: int = 0  # older ones that are not in `releases`
    one: bool = False
    verified: bool | None = None
    breaks: tuple[str, ...] = ()
    events: int = 0  # that were verified

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.FINDINGS if self.verified is False else ExitCode.CLEAN

    def word_of(self, release: Release) -> Outcome | Standing:
        """How it ended, or how it stands."""
        return release.outcome or self.standings.get(release.id, Standing.UNSURE)


def standing_of(release: Release, alive: bool | None) -> Standing:
    """Of a release without an end; `alive` tells of its process, None when that cannot be told."""
    if alive:
        return Standing.RUNNING
    if waits(release):
        return Standing.WAITING
    return Standing.UNSURE if alive is None else Standing.LEFT_BEHIND


def waits(release: Release) -> bool:
    """Was it held at its candidate, and has nothing been done since?"""
    last = release.events[-1] if release.events else None
    return last is not None and last.kind is EventKind.NOTED and "waiting" in last.data


def next_command_of(release: Release, word: Outcome | Standing) -> str:
    """What a person would type next; "" for what runs by itself."""
    name = release.place.name
    match word:
        case Outcome.SUCCEEDED:
            return f"deploytool rollback {name}"
        case Outcome.NEEDS_HUMAN:
            return f"deploytool status {name}"
        case Outcome.ROLLED_BACK | Outcome.ABORTED | Outcome.FAILED_SAFE:
            return f"deploytool drift {name} --verbose"
        case Standing.RUNNING:
            return "deploytool lock list"
    return f"deploytool deploy {name} --resume (or --abort)"
