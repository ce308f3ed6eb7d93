"""What the page of `verify` shows: a row for each check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploytool.domain.check import Answer
from deploytool.domain.verify_report import VerifyReport
from deploytool.render.html_tones import Mark
from deploytool.render.verify_wording import Line, lines_of, summary_of, took, unchecked_of
from deploytool.render.wording import has_regions

MARKS = {Answer.PASS: Mark("✓", "good"), Answer.FAIL: Mark("✗", "bad"), Answer.COULD_NOT_TELL: Mark("?", "unsure")}
WARNS = Mark("!", "unsure")


def verify_page(report: VerifyReport) -> Mapping[str, Any]:
    return {
        "headline": summary_of(report),
        "regions": has_regions(one.region for one in report.checked),
        "lines": [line for one in report.checked for line in lines_of(one)],
        "mark_of": _mark,
        "took": took,
        "unchecked": unchecked_of(report),
    }


def _mark(line: Line) -> Mark:
    return WARNS if not line.required and line.answer is not Answer.PASS else MARKS[line.answer]
