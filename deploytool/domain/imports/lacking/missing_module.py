"""One import that fails, as it is said to people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Cause(StrEnum):
    """Why an import finds nothing."""

    NOT_COPIED = "not-copied"  # the repository has it and the image does not
    NOT_STARTED = "not-started"  # the same, of what the container starts
    SHADOWED = "shadowed"  # the image has it, and Python looks elsewhere first
    NOWHERE = "nowhere"  # neither has it
    NOT_INSTALLED = "not-installed"  # no distribution that the image installs brings it

    @property
    def third_party(self) -> bool:
        return self is Cause.NOT_INSTALLED


class Hits(StrEnum):
    """What the absence does to the program."""

    STARTUP = "startup"  # it does not start
    CALL = "call"  # a call fails, or what is loaded under a condition
    CAUGHT = "caught"  # a handler is prepared for it


@dataclass(frozen=True, slots=True)
class MissingModule:
    name: str  # dotted; an absolute path in the image for a script that is started
    path: str  # repository path of the importing file; the Dockerfile for what is started
    line: int
    level: Level
    cause: Cause
    why: str
    hint: str
    home: str = ""  # repository path of what was not copied
    hits: Hits = Hits.STARTUP
    started: bool = False  # it is what the container starts
