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
    late: bool = False  # only when a function is called: the program starts without it
