"""Logs and errors: nothing that a program logs is anything but text, whoever reads it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from deploytool.domain.error_groups import Reading, Side, Tally
from deploytool.domain.errors_report import Compared, ErrorsReport, ServiceErrors
from deploytool.domain.logline import LogLine
from deploytool.domain.logs_report import LogsReport
from deploytool.domain.model import Kind
from deploytool.domain.report import Remark
from deploytool.render import PLAIN, Format, render
from tests.render.reports import NOW
from tests.render.strategies import SAMPLES, text
from tests.render.test_hostile import COLOUR, GFM, unsafe_in

SCHEMAS = Path(__file__).parents[2] / "deploytool" / "schemas"


def line_of(said: str, second: int = 0, revision: str = "api-00007-abc") -> LogLine:
    at = NOW - timedelta(hours=1, seconds=-second)
    return LogLine(at, at.isoformat(), "ERROR", said, "api", "us-west2", revision, said[:20], said[:20], said[:20])


def logs_report(*texts: str) -> LogsReport:
    lines = tuple(line_of(said, number) for number, said in enumerate(texts))
    remarks = tuple(Remark(said, said) for said in texts)
    since = NOW - timedelta(hours=24)
    return LogsReport(NOW, "api", Kind.SERVICE, ("us-west2",), since, None, "".join(texts), lines, True, remarks)


def errors_report(*texts: str, now: Reading | None = None, before: Reading | None = None) -> ErrorsReport:
    """The first text is new, the others are the same or gone; and a service that could not be looked at."""
    tally = Tally()
    for number, said in enumerate(texts):
        tally.add(line_of(f"{chr(97 + number)} {said}", number), Side.NOW if number % 3 < 2 else Side.BEFORE)
        if number % 3 == 1:
            tally.add(line_of(f"{chr(97 + number)} {said}", number, f"api-{said}"), Side.BEFORE)
    said = " ".join(texts)
    now, before = now or Reading(), before or Reading()
    groups = tally.groups(now, before)
    since = NOW - timedelta(hours=2)
    compared = Compared(f"api-{said}", since, NOW, "the revision before it")
    seen = ServiceErrors(
        "api", Kind.SERVICE, "us-west2", "api-00007-abc", since, since, compared, now, before, groups, 3
    )
    lost = ServiceErrors(
        "web", Kind.SERVICE, "us-west2", None, None, None, None, Reading(False, said), problem=said or "x", hint=said
    )
    return ErrorsReport(NOW, "ERROR", "deploy", (seen, lost), (Remark(said),))


REPORTS = st.lists(text, min_size=1, max_size=4).flatmap(
    lambda texts: st.sampled_from([logs_report(*texts), errors_report(*texts)])
)


@given(REPORTS, st.sampled_from(PLAIN), st.none() | st.integers(1, 200), st.booleans())
def test_no_control_byte_leaves(report: Any, format: Format, width: int | None, symbols: bool) -> None:
    said = render(report, format, now=NOW, width=width, symbols=symbols)
    assert unsafe_in(said) == set()
    assert not [line for line in said.splitlines() if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)]
    said.encode()


@given(REPORTS, st.integers(20, 200))
def test_colour_adds_nothing_but_colour(report: Any, width: int) -> None:
    painted = render(report, Format.TABLE, now=NOW, width=width, colour=True)
    assert COLOUR.sub("", painted).split() == render(report, Format.TABLE, now=NOW, width=width).split()


@given(REPORTS)
def test_json_keeps_its_schema_and_the_strings(report: Any) -> None:
    said = json.loads(render(report, Format.JSON, now=NOW))
    name = said["schema"].split("/")[1]
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text())).validate(said)
    if name == "logs" and not any("\ud800" <= letter <= "\udfff" for line in report.lines for letter in line.text):
        assert [line["text"] for line in said["lines"]] == [line.text for line in report.lines]


@given(st.lists(text, min_size=1, max_size=4))
def test_markdown_of_errors_renders_to_text_and_code_only(texts: list[str]) -> None:
    tokens = GFM.parse(render(errors_report(*texts), Format.MARKDOWN, now=NOW))
    kinds = {token.type for token in tokens} | {below.type for token in tokens for below in token.children or ()}
    assert not {kind for kind in kinds if kind.startswith(("link", "image", "html", "fence", "code_block", "hr"))}
    outside = [below.content for token in tokens for below in token.children or () if below.type == "text"]
    assert not [words for words in outside if re.search(r"[@#<>`\[\]|]|://|www\.|GH-\d", words)]


@pytest.mark.parametrize("sample", SAMPLES)
def test_markdown_of_logs_is_one_block_that_nothing_ends(sample: str) -> None:
    tokens = GFM.parse(render(logs_report(sample), Format.MARKDOWN, now=NOW))
    assert [token.type for token in tokens] == ["fence"]


def test_an_error_that_was_not_read_to_its_end_is_never_none() -> None:
    part = errors_report(now=Reading(False, "only the newest 3 lines were read"))
    for format in (Format.TABLE, Format.MARKDOWN):
        said = render(part, format, now=NOW)
        assert "No errors" not in said
        assert "only the newest 3 lines were read" in said
    assert part.verdict == "unknown"
    assert errors_report("x", before=Reading(False, "no")).verdict == "unknown"
    assert errors_report("x").verdict == "fail"
