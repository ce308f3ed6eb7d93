"""The daily check as a page: its phases, what each found, and the targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploytool.domain.validate_report import TITLES, ValidateReport
from deploytool.render.html_check import MARKS
from deploytool.render.validate_views import MET, WORDS, summary_of

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
