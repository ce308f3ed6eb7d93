"""The daily check as a page: its phases, what each found, and the targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploytool.domain.check_report import CheckVerdict
from deploytool.domain.validate_report import TITLES, ValidateReport
from deploytool.render.html_tones import Mark
from deploytool.render.validate_views import summary_of

MARKS = {
    CheckVerdict.PASS: Mark("✓", "good"),
    CheckVerdict.FAIL: Mark("✗", "bad"),
    CheckVerdict.UNKNOWN: Mark("?", "unsure"),
}
WORDS = {CheckVerdict.PASS: "pass", CheckVerdict.FAIL: "fail", CheckVerdict.UNKNOWN: "could not tell"}
MET = {True: "met", False: "missed", None: "could not tell"}
MOST = 200


def validate_page(report: ValidateReport) -> Mapping[str, Any]:
    return {
        "headline": summary_of(report),
        "marks": MARKS,
        "words": WORDS,
        "titles": TITLES,
        "met": MET,
        "most": MOST,
        "took": lambda seconds: f"{seconds:.1f} s",
    }
