"""How a verdict looks on a page: a symbol and a tone. The word always stands beside them."""

from __future__ import annotations

from typing import NamedTuple

from deploytool.domain.finding import Severity
from deploytool.domain.report import Verdict


class Mark(NamedTuple):
    symbol: str
    tone: str  # a class of the style sheet


VERDICT_MARKS = {
    Verdict.STALE: Mark("✗", "bad"),
    Verdict.MISROUTED: Mark("≠", "odd"),
    Verdict.MISSING: Mark("∅", "bad"),
    Verdict.UNKNOWN: Mark("?", "unsure"),
    Verdict.CURRENT: Mark("✓", "good"),
}
SEVERITY_MARKS = {
    Severity.ERROR: Mark("✗", "bad"),
    Severity.WARNING: Mark("!", "unsure"),
    Severity.NOTE: Mark("i", "note"),
}
_ENDINGS = {
    "succeeded": Mark("✓", "good"),
    "rolled-back": Mark("✗", "bad"),
    "failed-safe": Mark("✗", "bad"),
    "failed": Mark("✗", "bad"),
    "needs-human": Mark("✗", "bad"),
    "aborted": Mark("✗", "unsure"),
    "refused": Mark("✗", "unsure"),
    "locked": Mark("✗", "unsure"),
}


def ending_mark(word: str) -> Mark:
    """Of a release; what has no end is open."""
    return _ENDINGS.get(word, Mark("?", "unsure"))
