"""A branch can write what it likes: in no format does it become more than text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.check_report import CheckReport
from deploytool.render import PLAIN, Format, render
from deploytool.render.check_markdown import MARKER
from deploytool.render.github import assigned, outputs_of, step_summary
from deploytool.render.obeyed import disarmed
from deploytool.render.text import printable, valid_unicode
from tests.render.check_strategies import check_of, check_reports
from tests.render.hostile import HOSTILE
from tests.render.reports import NOW, drift_report, status_report
from tests.render.strategies import drift_reports, reports, text, told_reports
from tests.render.test_hostile import COLOUR, GFM, unsafe_in
from tests.render.workflow_log import obeyed_in, outputs_in

FOLDED = re.compile(r"<details><summary>[A-Za-z0-9 :,]+</summary>")
STYLE = re.compile("<style.*?</style>", re.DOTALL)  # ours: a selector may begin with two colons
OURS = {MARKER, "</details>"}


def drift_of(sample: str) -> Any:
    """A drift report in which what the cloud and git say is the sample."""
    report = drift_report()
    services = tuple(
        replace(service, reason=sample, hint=sample, region=sample, conflicts=(sample,)) for service in report.services
    )
    errors = tuple(replace(error, region=sample, message=sample) for error in report.errors)
    remarks = tuple(replace(remark, message=sample, hint=sample) for remark in report.remarks)
    return replace(report, services=services, errors=errors, remarks=remarks, target_ref=sample)


def test_there_are_more_than_300_strings() -> None:
    assert len(HOSTILE) > 300


@pytest.mark.parametrize("sample", HOSTILE)
def test_no_string_gets_out_as_more_than_text(sample: str) -> None:
    for report in (check_of(sample), drift_of(sample)):
        for format in (*PLAIN, Format.GITHUB):
            for width in (None, 80) if format is Format.TABLE else (None,):
                said = render(report, format, now=NOW, width=width, verbose=True)
                assert unsafe_in(said) == set()
                said.encode()
                must_obey_annotations_only(said, format)
    plain = render(check_of(sample), Format.TABLE, now=NOW, width=80)
    assert COLOUR.sub("", render(check_of(sample), Format.TABLE, now=NOW, width=80, colour=True)) == plain


@pytest.mark.parametrize("sample", HOSTILE)
def test_formats_for_machines_and_pages_are_not_obeyed_when_they_are_printed(sample: str) -> None:
    for format in (Format.SARIF, Format.JUNIT, Format.GITLAB, Format.HTML):
        for report in (check_of(sample), drift_of(sample)):
            said = render(report, format, now=NOW)
            assert obeyed_in(STYLE.sub("", said)) == []
            assert "##[" not in said


def must_obey_annotations_only(said: str, format: Format) -> None:
    obeyed = obeyed_in(said)
    if format is not Format.GITHUB:
        assert obeyed == []
        return
    for command in obeyed:
        assert command.name in ("error", "warning", "notice")
        assert set(command.properties) <= {"file", "line", "title"}
    assert "##[" not in said
    assert len(obeyed) == len([line for line in said.splitlines() if line.strip().startswith("::")])


@pytest.mark.parametrize("sample", HOSTILE)
def test_an_annotation_says_exactly_what_was_found(sample: str) -> None:
    report = check_of(sample)
    said = obeyed_in(render(report, Format.GITHUB, now=NOW))
    shown = disarmed(printable(sample))[:4_000]
    placed = [command for command in said if "line" in command.properties]
    assert [command.properties["line"] for command in placed] == ["7"] * len(placed) == ["7"] * 3
    for command in placed:
        assert command.properties["file"] == disarmed(printable(sample))
        assert command.message.startswith(shown)
    assert any(shown in command.message for command in said)


@pytest.mark.parametrize("sample", HOSTILE)
def test_json_keeps_the_string(sample: str) -> None:
    said = render(check_of(sample), Format.JSON, now=NOW)
    assert said.isascii()
    finding = json.loads(said)["findings"][0]
    kept = valid_unicode(sample)
    assert (finding["message"], finding["service"], finding["path"]) == (kept, kept, kept)
    assert finding["detail"]["chain"][0] == kept
    assert finding["detail"][kept] == {"x": [kept]}


@pytest.mark.parametrize("sample", HOSTILE)
def test_the_comment_is_text_and_code_in_our_frame(sample: str) -> None:
    must_be_calm_markdown(check_of(sample))


@given(check_reports, st.booleans())
def test_no_check_is_more_than_text_and_code(report: CheckReport, verbose: bool) -> None:
    must_be_calm_markdown(report, verbose)


def must_be_calm_markdown(report: CheckReport, verbose: bool = False) -> None:
    said = render(report, Format.MARKDOWN, now=NOW, verbose=verbose)
    assert said.startswith(f"{MARKER}\n")
    tokens = GFM.parse(said)
    both = [*tokens, *(below for token in tokens for below in token.children or ())]
    assert not [token for token in both if token.type.startswith(("link", "image", "fence", "code_block", "hr"))]
    framed = [token.content.strip() for token in both if token.type.startswith("html")]
    assert not [words for words in framed if words not in OURS and not FOLDED.fullmatch(words)]
    assert framed.count("</details>") == len([words for words in framed if FOLDED.fullmatch(words)])
    outside = [below.content for below in both if below.type == "text"]
    assert not [words for words in outside if re.search(r"[@#<>`\[\]|]|://|www\.|GH-\d", words)]


@given(check_reports, st.sampled_from(PLAIN), st.booleans(), st.none() | st.integers(1, 200), st.booleans())
def test_no_control_byte_leaves_a_check(
    report: CheckReport, format: Format, verbose: bool, width: int | None, symbols: bool
) -> None:
    said = render(report, format, now=NOW, verbose=verbose, width=width, symbols=symbols)
    assert unsafe_in(said) == set()
    said.encode()
    assert obeyed_in(said) == []


@given(reports | told_reports | check_reports, st.sampled_from(PLAIN), st.none() | st.integers(1, 200), st.booleans())
def test_nothing_is_obeyed_in_any_answer(report: Any, format: Format, width: int | None, colour: bool) -> None:
    said = render(report, format, now=NOW, width=width, verbose=True, colour=colour)
    assert obeyed_in(COLOUR.sub("", said)) == obeyed_in(said) == []


@given(check_reports | drift_reports)
def test_annotations_are_all_that_is_obeyed(report: Any) -> None:
    must_obey_annotations_only(render(report, Format.GITHUB, now=NOW), Format.GITHUB)


@given(check_reports | drift_reports, st.integers(1, 4))
def test_the_outputs_are_read_back_whatever_they_hold(report: Any, short: int) -> None:
    words = iter([*"abcdefghijklmnopqrstuvwxyz", *(f"delimiter{number}" for number in range(99))])
    outputs = {**outputs_of(report), "free": "a\nb\nverdict=pass\nx<<y"}
    assert outputs_in(assigned(outputs, lambda: next(words))) == outputs


@given(st.lists(text, max_size=4))
def test_a_value_never_ends_early(parts: list[str]) -> None:
    value = valid_unicode("\n".join(parts)).replace("\r", "")
    drawn = iter([*parts, *"abc", "deploytool_0123456789"])
    assert outputs_in(assigned({"x": value}, lambda: next(drawn) or "-")) == {"x": value}


@given(check_reports | drift_reports)
def test_the_summary_fits_whatever_the_room(report: Any) -> None:
    for room in (0, 100, 500, 2_000):
        said = step_summary(report, now=NOW, verbose=True, room=room)
        assert len(said.encode()) <= room


def test_only_what_is_shown_to_a_workflow_has_a_line_for_it() -> None:
    assert render(status_report(), Format.GITHUB, now=NOW) == "status: 2 of 3 services serving\n"
    assert outputs_of(status_report()) == {}
