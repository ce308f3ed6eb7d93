"""One thing that `check` found: which rule, where, why it matters, and what to type next."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for a note, 2 for an error."""
        return (Severity.NOTE, Severity.WARNING, Severity.ERROR).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken at one place. `subject` is what it is about, in words that no edit elsewhere changes."""

    rule: str  # "DT201"
    severity: Severity
    message: str
    hint: str = ""
    service: str | None = None  # None: the repository as a whole
    path: str | None = None  # repository path
    line: int | None = None  # from 1
    subject: str = ""  # a module, a path, a variable: with rule and service it tells findings apart
    existing: bool = False  # was there before the branch
    detail: Mapping[str, Any] = field(default_factory=dict)  # JSON values: the chain of imports, the lines to write

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the same finding on both sides of a comparison: neither commit, line nor wording."""
        return self.rule, self.service or "", self.subject

    @property
    def fingerprint(self) -> str:
        """32 hex digits that stay while the finding stays, whatever moves around it."""
        parts = "\0".join(self.identity).encode("utf-8", "surrogatepass")
        return hashlib.sha256(parts).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that services.toml accepts for a while, and why."""

    finding: Finding
    reason: str
    until: date | None  # None: for this run only, by `--ignore`
