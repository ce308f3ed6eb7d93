"""Nothing that a label, an author or a subject contains gets out as anything but text, in any format."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.proof import (
    CommitProof,
    Importer,
    MissingLevel,
    MissingRow,
    PathProof,
    ProofReport,
    ServiceProof,
    ThirdParty,
)
from deploytool.domain.report import (
    CommitNote,
    Contains,
    FileChange,
    LookError,
    Relevance,
    Remark,
    ServingRow,
    Source,
)
from deploytool.render import PLAIN, Format, render
from deploytool.render.markdown_text import code, prose
from deploytool.render.obeyed import disarmed
from deploytool.render.text import printable
from tests.render.locks import lock_report
from tests.render.proofs import phase4
from tests.render.reports import NOW
from tests.render.strategies import SAMPLES, drift_reports, proof_reports, reports, text, told_reports

COLOUR = re.compile("\x1b\\[[0-9;]*m")
FORBIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
GFM = MarkdownIt("gfm-like", {"linkify": False, "html": True})


def unsafe_in(said: str) -> set[str]:
    return {char for char in said if unicodedata.category(char) in FORBIDDEN} - {"\n"}


@given(reports, st.sampled_from(PLAIN), st.booleans(), st.none() | st.integers(1, 200), st.booleans())
def test_no_control_byte_leaves(report: Any, format: Format, verbose: bool, width: int | None, symbols: bool) -> None:
    said = render(report, format, now=NOW, verbose=verbose, width=width, symbols=symbols)
    assert unsafe_in(said) == set()
    said.encode()


@given(reports, st.integers(20, 200))
def test_colour_adds_nothing_but_colour(report: Any, width: int) -> None:
    plain = render(report, Format.TABLE, now=NOW, verbose=True, width=width)
    coloured = render(report, Format.TABLE, now=NOW, verbose=True, width=width, colour=True)
    assert COLOUR.sub("", coloured) == plain


@given(told_reports, st.sampled_from(PLAIN), st.none() | st.integers(1, 200), st.booleans())
def test_no_control_byte_leaves_a_plan_or_the_ledger(
    report: Any, format: Format, width: int | None, symbols: bool
) -> None:
    said = render(report, format, now=NOW, width=width, symbols=symbols)
    assert unsafe_in(said) == set()
    said.encode()


@given(told_reports, st.integers(20, 200))
def test_colour_adds_nothing_to_a_plan_but_colour(report: Any, width: int) -> None:
    plain = render(report, Format.TABLE, now=NOW, width=width)
    assert COLOUR.sub("", render(report, Format.TABLE, now=NOW, width=width, colour=True)) == plain


@given(told_reports)
def test_markdown_of_a_plan_is_one_block_that_nothing_ends(report: Any) -> None:
    tokens = GFM.parse(render(report, Format.MARKDOWN, now=NOW))
    assert [token.type for token in tokens] == ["fence"]


@given(drift_reports)
def test_a_pipe_shows_every_string_letter_by_letter(report: Any) -> None:
    said = render(report, Format.TABLE, now=NOW, verbose=True)
    for service in report.services:
        assert is_shown(service.name, said)
        assert is_shown(service.reason, said)
    for error in report.errors:
        assert is_shown(error.message, said)


def is_shown(text: str, said: str) -> bool:
    """As it is, or as it is where it would be obeyed: at the beginning of a line, or anywhere."""
    shown = printable(text).rstrip()
    return shown in said or disarmed(shown) in said or disarmed(f"x{shown}").removeprefix("x") in said


def proofs_of(sample: str) -> list[ProofReport]:
    """Proofs in which every string is the sample: of a service, of a path, of a commit."""
    moment, sha = NOW, "0" * 40
    files = (FileChange(sample, Relevance.IMPORTED, (sample, f"{sample}x"), sample), FileChange(sample, Relevance.DATA))
    note = CommitNote(sha, sample, moment, sample, Relevance.IMPORTED, files)
    row = ServingRow(sample, sha, 100, moment, sample, (sample,), Source.ENV, sample)
    drift = replace(phase4(), name=sample, region=sample, reason=sample, hint=sample, conflicts=(sample,), scope=sample)
    doubts = (Doubt(sample, 1, sample, DoubtKind.UNPACKED),)
    made = ServiceProof(
        replace(drift, revisions=(row,), commits=(note,), files=files, doubts=doubts),
        sample,
        (sample,),
        files,
        (ThirdParty(sample, sample, sample, sample, 1), ThirdParty(sample, None, sample, sample, 1)),
        (MissingRow(sample, sample, 1, MissingLevel.ERROR, sample, sample),),
        doubts,
        (sample,),
    )
    there = replace(made, drift=replace(made.drift, region=f"{sample}2"))
    beside = (LookError(sample, sample),), (Remark(sample, sample),)
    importers = (Importer(sample, 1, True), Importer(sample, 1, False))
    path = PathProof(sample, sample, files[0], (sample,), importers, files[0], note)
    commit = CommitProof(note, sample, Contains.NO)
    return [
        ProofReport(moment, sample, sha, (made, there), sample, None, None, *beside),
        ProofReport(moment, sample, sha, (made,), sample, path, commit, *beside),
        ProofReport(moment, sample, sha, (made,), sample, replace(path, files=files), None, *beside),
    ]


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_place_of_a_proof_is_a_sink(sample: str) -> None:
    for report in proofs_of(sample):
        for width in (None, 80):
            said = render(report, Format.TABLE, now=NOW, width=width)
            assert unsafe_in(said) == set()
            assert COLOUR.sub("", render(report, Format.TABLE, now=NOW, width=width, colour=True)) == said
        assert render(report, Format.JSON, now=NOW).isascii()
        test_no_table_row_is_broken.hypothesis.inner_test(report, False)  # type: ignore[attr-defined]
        test_markdown_renders_to_text_and_code_only.hypothesis.inner_test(report, False)  # type: ignore[attr-defined]


@given(proof_reports)
def test_a_pipe_shows_every_string_of_a_proof(report: Any) -> None:
    said = render(report, Format.TABLE, now=NOW)
    if report.path is not None:
        assert is_shown(report.path.path, said)
        assert all(is_shown(place, said) for place in report.path.places if not report.path.files)
    if report.commit is not None:
        assert is_shown(report.commit.note.subject, said)
    for proof in () if report.path or report.commit else report.services:
        shown = [
            proof.command,
            *proof.starts,
            *(f"{file.path}" for file in proof.drift.commits[:1] for file in file.files),
        ]
        assert not [text for text in shown if not is_shown(text, said)]


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_place_of_a_lock_is_a_sink(sample: str) -> None:
    report = lock_report(sample)
    for width in (None, 80):
        said = render(report, Format.TABLE, now=NOW, width=width)
        assert unsafe_in(said) == set()
        assert COLOUR.sub("", render(report, Format.TABLE, now=NOW, width=width, colour=True)) == said
    assert render(report, Format.JSON, now=NOW).isascii()
    test_no_table_row_is_broken.hypothesis.inner_test(report, False)  # type: ignore[attr-defined]
    test_markdown_renders_to_text_and_code_only.hypothesis.inner_test(report, False)  # type: ignore[attr-defined]


@pytest.mark.parametrize("sample", ["[/b]", "src/[id].tsx", "[bold red]x[/]", ":boom:", "[link=x]y[/link]"])
def test_markup_is_shown_as_it_is(sample: str) -> None:
    from deploytool.domain.report import DriftReport, Verdict
    from tests.render.reports import drift_report, service

    report = DriftReport(NOW, "main", drift_report().target_commit, (service(sample, Verdict.STALE, sample),))
    assert render(report, Format.TABLE, now=NOW, width=160, colour=True).count(sample) == 2


@given(reports)
def test_json_is_ascii_and_keeps_the_strings(report: Any) -> None:
    said = render(report, Format.JSON, now=NOW)
    assert said.isascii()
    json.dumps(json.loads(said), ensure_ascii=False).encode()  # no lone surrogate, even after decoding


@given(reports, st.booleans())
def test_no_table_row_is_broken(report: Any, verbose: bool) -> None:
    said = render(report, Format.MARKDOWN, now=NOW, verbose=verbose)
    columns = 0
    for line in said.splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1
        if line.startswith("| --- "):
            columns = cells
        elif line.startswith("|") and columns:
            assert cells == columns, line
        elif not line:
            columns = 0


@given(reports, st.booleans())
def test_markdown_renders_to_text_and_code_only(report: Any, verbose: bool) -> None:
    tokens = GFM.parse(render(report, Format.MARKDOWN, now=NOW, verbose=verbose))
    kinds = {token.type for token in tokens} | {below.type for token in tokens for below in token.children or ()}
    assert not {kind for kind in kinds if kind.startswith(("link", "image", "html", "fence", "code_block", "hr"))}
    outside = [below.content for token in tokens for below in token.children or () if below.type == "text"]
    assert not [words for words in outside if re.search(r"[@#<>`\[\]|]|://|www\.|GH-\d", words)]


@given(text)
def test_a_code_span_says_exactly_the_text(sample: str) -> None:
    if not printable(sample).strip():
        assert code(sample) == ""
        return
    [inline] = [token for token in GFM.parse(f"x {code(sample)} y") if token.type == "inline"]
    assert [below.content for below in inline.children or () if below.type == "code_inline"] == [printable(sample)]


def test_a_pipe_behind_a_backslash_is_written_out_because_readers_disagree_about_it() -> None:
    assert code("a\\|b", cell=True) == r"`a\\x7cb`"


@pytest.mark.parametrize("sample", ["a|b", "|", "a | b | c", "`a|b`"])
def test_a_pipe_in_a_cell_is_still_a_pipe(sample: str) -> None:
    tokens = GFM.parse(f"| a | b |\n| --- | --- |\n| {code(sample, cell=True)} | x |\n")
    spans = [below.content for token in tokens for below in token.children or () if below.type == "code_inline"]
    assert spans == [sample]


@pytest.mark.parametrize(
    "sample", ["@me", "fixes #1", "GH-1", "http://x", "www.x.test", "a_b_", "*x*", "<b>", ":tada:"]
)
def test_prose_with_anything_in_it_becomes_code(sample: str) -> None:
    assert prose(sample).startswith("`")


def test_our_own_sentences_stay_sentences() -> None:
    for sentence in ("1 of 3 commits reaches it, 21h behind", "3 behind, none reaches it", "403: not allowed"):
        assert prose(sentence) == sentence


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202e", r"\u202e"),
        ("\udcff", r"\xff"),
        ("\ud800", r"\ud800"),
        ("\x9b", r"\x9b"),
        ("a\r\n\tb", r"a\r\n\tb"),
        ("\U000e0041", r"\U000e0041"),
        ("♻️ ok", "♻️ ok"),
        ("x\ufe0f", r"x\ufe0f"),
        ("Zoë 名前 é", "Zoë 名前 é"),
    ],
)
def test_what_cannot_be_seen_is_written_out(raw: str, shown: str) -> None:
    assert printable(raw) == shown


def test_every_invisible_character_is_written_out() -> None:
    hostile = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in FORBIDDEN]
    assert [char for char in hostile if printable(char) == char] == []


@pytest.mark.parametrize("sample", SAMPLES)
def test_made_harmless_twice_is_made_harmless_once(sample: str) -> None:
    assert printable(printable(sample)) == printable(sample)
