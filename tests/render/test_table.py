"""The table reads well at 80 and at 160 columns and in a pipe, and never by colour alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from deploytool.domain.report import CodeState, DriftReport, Relevance, Verdict, WhereReport
from deploytool.render import Format, render
from deploytool.render.age import age, stamp
from tests.render.locks import lock_report
from tests.render.reports import (
    DOCS,
    NOW,
    change,
    drift_report,
    service,
    status_report,
    where_report,
)


def lines_of(report, **view):  # type: ignore[no-untyped-def]
    return render(report, Format.TABLE, now=NOW, **view).splitlines()


def one(*services):  # type: ignore[no-untyped-def]
    return DriftReport(NOW, "main", drift_report().target_commit, services)


@pytest.mark.parametrize("make", [drift_report, lock_report, status_report, where_report])
@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("verbose", [False, True])
def test_nothing_is_wider_than_the_terminal(make, width, verbose) -> None:  # type: ignore[no-untyped-def]
    assert max(map(cell_len, lines_of(make(), width=width, verbose=verbose))) <= width


def test_a_pipe_has_one_line_per_service_and_no_escape() -> None:
    said = render(drift_report(), Format.TABLE, now=NOW)
    [line] = [line for line in said.splitlines() if line.startswith("prediction-coordinator ")]
    assert "stale" in line
    assert "c0c74715 100%" in line
    assert line.endswith("1 of 3 commits reaches it, 21h behind")
    assert "\x1b" not in said


def test_wide_has_the_reason_beside_and_narrow_beneath() -> None:
    assert "Why" in lines_of(drift_report(), width=160)[0]
    narrow = lines_of(drift_report(), width=80)
    assert "Why" not in narrow[0]
    assert narrow[2] == "  3 behind, none reaches it"


def test_the_order_is_that_of_services_toml_and_the_summary_comes_last() -> None:
    lines = lines_of(drift_report(), width=160, verbose=True)
    names = [line.split()[0] for line in lines if line and line[0].isalpha()]
    order = [service.name for service in drift_report().services]
    assert [name for name in names if name in order] == order
    assert lines[-1].startswith("2 stale, 1 misrouted, 1 missing, 1 unknown, 1 current of 6; 1 region not looked at")
    assert lines[-1].endswith("target main 24bfcd85")


def test_no_service_at_all_is_said() -> None:
    assert lines_of(one(), width=80) == ["no service judged; target main 24bfcd85"]


def test_a_target_given_as_a_commit_is_not_said_twice() -> None:
    report = replace(drift_report(), target_ref=drift_report().target_commit)
    assert lines_of(report, width=160, verbose=True)[-1].endswith("; target 24bfcd85")


def test_the_region_is_a_column_only_when_it_tells_rows_apart() -> None:
    here = service("api", Verdict.CURRENT, "equal content")
    there = replace(here, region="europe-west1")
    assert "Region" not in lines_of(one(here), width=160)[0]
    assert "Region" in lines_of(one(here, there), width=160)[0]


def test_verbose_lists_commits_with_their_files_and_relevance() -> None:
    lines = lines_of(drift_report(), width=160, verbose=True)
    assert any("5297f0e8  21h 3m  Ada Example  docs: add the notes" in line for line in lines)
    assert "      imported      predictions/coordinator/signal_calculator.py" in lines
    assert "      not-in-image  docs/notes.md" in lines
    assert "                from predictions/coordinator/coordinator.py" in lines
    assert "  conflict  image-tag says 4def1124" in lines
    assert "  hint      git fetch origin 0badc0de" in lines
    assert any("prediction-coordinator-00143-x2p, deployed 2026-02-04 03:47Z" in line for line in lines)


def test_verbose_says_what_the_word_cannot() -> None:
    noted = replace(change("requirements.txt", Relevance.BUILD_INPUT), note="Flask 3.0 to 3.1, which it imports")
    report = one(service("api", Verdict.STALE, "differs", files=(noted, change("a.py", Relevance.NOT_IMPORTED))))
    lines = lines_of(report, width=80, verbose=True)
    at = lines.index("      build-input   requirements.txt")
    assert lines[at + 1] == "                    Flask 3.0 to 3.1, which it imports"
    said = render(report, Format.MARKDOWN, now=NOW, verbose=True)
    assert "- build-input: `requirements.txt` (Flask 3.0 to 3.1, which it imports)" in said


def test_what_matters_is_not_cut_for_what_does_not() -> None:
    files = (*(change(f"idle_{number}.py", Relevance.NOT_IMPORTED) for number in range(30)), change("main.py"))
    report = one(service("api", Verdict.STALE, "differs", files=files))
    assert "      imported      main.py" in lines_of(report, width=80, verbose=True)
    assert "- imported: `main.py`" in render(report, Format.MARKDOWN, now=NOW, verbose=True)


def test_a_very_long_chain_is_shortened() -> None:
    deep = change("m99.py", Relevance.IMPORTED, *(f"m{number}.py" for number in range(100)))
    lines = lines_of(one(service("api", Verdict.STALE, "differs", files=(deep,))), verbose=True)
    said = "from m0.py → m1.py → m2.py → m3.py → m4.py → (91 more files between) → m96.py → m97.py → m98.py"
    assert said in [line.strip() for line in lines]


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "changed by history rewriting:"),
        ({"at_least": True}, "changed by commits that are not listed:"),
        ({"code": CodeState.AHEAD}, "changed only in what serves:"),
        ({"code": CodeState.DIVERGED, "ahead": 2}, "changed by history rewriting, or only in what serves:"),
    ],
)
def test_files_that_no_commit_explains_are_never_hidden(changes: dict[str, object], label: str) -> None:
    stale = service("api", Verdict.STALE, "differs", commits=(DOCS,), files=(change("shared/x.py"),), **changes)
    lines = lines_of(one(stale), width=160, verbose=True)
    assert f"  {label}" in lines
    assert lines[lines.index(f"  {label}") + 1].split() == ["imported", "shared/x.py"]


def test_a_long_tail_is_cut_and_says_so() -> None:
    many = tuple(replace(DOCS, sha=f"{number:040x}") for number in range(1_300))
    files = tuple(change(f"shared/{number}.py", Relevance.DATA) for number in range(30))
    lines = lines_of(
        one(service("api", Verdict.STALE, "far behind", commits=many, files=files)), width=80, verbose=True
    )
    assert "  and 1,250 more commits: --format json lists them all" in lines
    assert "      and 10 more files" in lines


def test_ascii_only_when_the_terminal_knows_no_more() -> None:
    for report in (drift_report(), status_report(), where_report()):
        render(report, Format.TABLE, now=NOW, verbose=True, width=80, symbols=False).encode("ascii")


@given(st.integers(1, 60), st.booleans())
def test_a_tiny_terminal_is_survived(width: int, verbose: bool) -> None:
    for report in (drift_report(), status_report(), where_report()):
        said = render(report, Format.TABLE, now=NOW, width=width, verbose=verbose, colour=True)
        assert "stale" in said or report.__class__ is not DriftReport


def test_wide_letters_keep_the_columns() -> None:
    lines = lines_of(one(service("名前", Verdict.STALE, "x"), service("ascii-name", Verdict.STALE, "y")), width=160)
    starts = {cell_len(line[: line.index("✗")]) for line in lines if "✗" in line}
    assert len(starts) == 1


def test_status_shows_revision_commit_share_and_how_it_is_known() -> None:
    lines = lines_of(status_report(), width=160)
    first = "nba-phase3-analytics-processors  00192-nn7  c0c74715     100%  2026-02-04 03:47Z  20h 58m  revision-label"
    assert lines[1] == first
    assert lines[2].endswith("not known; split")
    assert lines[3].endswith("revision-label; split; but env says 4def1124")
    assert lines[4].split() == ["grading", "none", "nothing", "serves;", "not", "in", "Cloud", "Run"]
    assert lines[-1] == "2 of 3 services serving"


def test_where_says_yes_equivalent_no_and_unknown() -> None:
    lines = lines_of(where_report(), width=160)
    assert lines[0].startswith("5297f0e8  21h 3m  Ada Example  docs: add")
    assert any("✓ equivalent" in line and line.endswith("the same change as c0c74715") for line in lines)
    assert lines[-1] == "2 of 4 serve it, 1 unknown"


def test_where_without_an_answer_says_so() -> None:
    assert lines_of(WhereReport(NOW, "lock", "text", ()), width=80) == ["No commit matches the text lock."]


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(days=1, hours=21, minutes=5), "1d 21h"),
        (timedelta(hours=3, minutes=5), "3h 5m"),
        (timedelta(days=30, minutes=7), "30d"),
        (timedelta(hours=2), "2h"),
        (timedelta(minutes=12, seconds=59), "12m"),
        (timedelta(seconds=59), "now"),
        (timedelta(seconds=-90), "now"),
    ],
)
def test_ages_are_said_as_people_say_them(ago: timedelta, said: str) -> None:
    assert age(NOW - ago, NOW) == said


def test_an_unknown_age_is_empty_and_stamps_are_utc() -> None:
    assert age(None, NOW) == ""
    assert stamp(NOW.astimezone().replace(microsecond=999)) == "2026-02-05T00:45:00Z"
