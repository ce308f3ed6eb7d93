"""One import that fails, as it is said to people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Kind(StrEnum):
    FIRST_PARTY = "first-party"
    THIRD_PARTY = "third-party"


@dataclass(frozen=True, slots=True)
class MissingModule:
    name: str  # dotted; an absolute path in the image for a script that is started
    path: str  # repository path of the importing file; the Dockerfile for what is started
    line: int
    level: Level
    kind: Kind
    why: str
    hint: str
