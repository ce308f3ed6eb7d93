"""A check on a terminal and as a comment: what fails first, the verdict last, and never a page that nobody reads."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from deploytool.domain.check_report import CheckReport, Policy
from deploytool.domain.check_rules import RULES
from deploytool.render import PLAIN, Format, render
from deploytool.render.check_markdown import MARKER, ROOM
from deploytool.render.markdown_room import fitted
from tests.render.checks import (
    MODULE,
    NARROW,
    SHADOWED,
    STALE,
    UNOWNED,
    blind_check,
    check_report,
    many_findings,
    passing_check,
    strict_check,
)
from tests.render.reports import NOW


def table(report: CheckReport, **view: object) -> str:
    return render(report, Format.TABLE, now=NOW, **view)  # type: ignore[arg-type]


def comment(report: CheckReport, verbose: bool = False) -> str:
    return render(report, Format.MARKDOWN, now=NOW, verbose=verbose)


@pytest.mark.parametrize("make", [check_report, passing_check, blind_check, strict_check, lambda: many_findings(200)])
@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize("verbose", [False, True])
def test_nothing_is_wider_than_the_terminal(make, width: int, verbose: bool) -> None:  # type: ignore[no-untyped-def]
    assert max(map(cell_len, table(make(), width=width, verbose=verbose).splitlines())) <= width


def test_what_fails_comes_first_and_the_verdict_last() -> None:
    lines = table(check_report(), width=160).splitlines()
    titles = [line for line in lines if line in ("Fails the check", "Errors", "Warnings", "Notes", "Was there before")]
    assert titles == ["Fails the check", "Warnings", "Notes"]
    assert lines[0] == "Fails the check"
    assert lines[-2] == "The merge makes stale: prediction-worker, prediction-coordinator."
    assert lines[-1].startswith(
        "fail: 2 errors, 2 warnings, 1 note, 1 from before, 2 accepted; origin/main c0c74715 to"
    )


def test_a_finding_says_all_that_it_is() -> None:
    assert table(check_report(), width=80).splitlines()[1:4] == [
        "  ✗ error  DT201  prediction-worker  predictions/worker/worker.py:41",
        "    predictions/worker/worker.py imports shared.alerts, and the image has no",
        "    such module",
    ]
    assert "    hint: COPY shared/alerts ./shared/alerts" in table(check_report(), width=80).splitlines()


def test_a_pipe_has_one_line_for_a_finding_and_no_escape() -> None:
    said = table(check_report())
    [line] = [line for line in said.splitlines() if "DT201" in line]
    assert line == f"  ✗ error  DT201  prediction-worker  predictions/worker/worker.py:41  {MODULE.message}"
    assert "\x1b" not in said


def test_severity_is_a_word_and_ascii_will_do() -> None:
    said = table(check_report(), symbols=False, width=80, verbose=True)
    said.encode("ascii")
    for word in ("x error", "! warning", "- note"):
        assert word in said


def test_lines_to_write_stand_as_they_are() -> None:
    assert '    write: paths = ["predictions/coordinator", "shared"]' in table(check_report(), width=80).splitlines()
    many = replace(NARROW, detail={"lines": [f"line {number}" for number in range(30)]})
    said = table(replace(check_report(), findings=(many,)), width=80)
    assert "    write: line 11\n    write: (18 more lines: --format json)\n" in said


def test_what_the_hint_says_is_not_said_twice() -> None:
    told = replace(
        NARROW,
        hint='Write: paths = ["predictions/coordinator", "shared"]',
        detail={"lines": ['paths = ["predictions/coordinator", "shared"]']},
    )
    report = replace(check_report(), findings=(told,))
    for said in (table(report), comment(report)):
        assert said.count('paths = ["predictions/coordinator", "shared"]') == 1


FILES = [
    {"path": "shared/x.py", "relevance": "imported", "chain": ["main.py", "shared/x.py"], "note": ""},
    {"path": "requirements.txt", "relevance": "build-input", "chain": [], "note": "Flask 3.0 to 3.1"},
    {"path": "odd", "relevance": "no such word"},
    "odd",
]


def test_files_that_make_a_service_stale_are_listed_with_their_chains() -> None:
    report = replace(check_report(), findings=(replace(STALE, detail={"files": FILES, "count": 40}),))
    full = table(report, verbose=True, width=80).splitlines()
    at = full.index("    imported     shared/x.py")
    assert full[at + 1 : at + 5] == [
        "                 from main.py",
        "    build-input  requirements.txt",
        "                 Flask 3.0 to 3.1",
        "    and 38 more files",
    ]
    assert "shared/x.py" not in table(report, width=80)
    said = comment(report)
    assert (
        "<details><summary>What reaches it: 40 files</summary>\n\n  - imported: `shared/x.py` from `main.py`\n" in said
    )
    assert "  - build-input: `requirements.txt` (Flask 3.0 to 3.1)\n  - and 38 more files\n" in said


def test_other_places_of_the_same_import_are_told_to_who_asks() -> None:
    importers = [
        {"path": MODULE.path, "line": MODULE.line},
        {"path": "b.py", "line": 3},
        {"path": "c.py", "line": None},
    ]
    report = replace(check_report(), findings=(replace(MODULE, detail={"importers": importers}),))
    assert "    also: b.py:3, c.py\n" in table(report, verbose=True)
    assert "also:" not in table(report)


def test_verbose_shows_chains_what_was_there_before_and_what_is_accepted() -> None:
    short, full = table(check_report()), table(check_report(), verbose=True)
    assert "Not shown: 1 from before, 2 accepted. All of them: deploytool check --verbose" in short
    assert "from: predictions/worker/worker.py → shared/state.py → shared/lock.py" in full
    assert "from:" not in short
    assert "Was there before\n  ✗ error  DT202" in full
    assert "accepted: one-off scripts (until 2027-01-01)" in full
    assert "accepted: asked for (for this run)" in full
    assert "Not shown" not in full


def test_all_judges_what_was_there_before() -> None:
    said = table(strict_check())
    assert "DT202" in said.partition("Notes")[0]
    assert said.splitlines()[-1].startswith("fail: 3 errors, 2 warnings, 1 note (5 fail it), 2 accepted;")


def test_a_warning_that_fails_the_check_is_said_to() -> None:
    report = replace(check_report(), findings=(NARROW, UNOWNED), accepted=(), policy=Policy(fail_on=("DT303",)))
    lines = table(report, width=160).splitlines()
    assert lines[0] == "Fails the check"
    assert "DT303" in lines[1]
    assert lines[-1].startswith("fail: 2 warnings (1 fails it);")


def test_nothing_found_is_two_lines() -> None:
    assert table(passing_check(), width=160).splitlines() == [
        "The merge makes nothing stale.",
        "pass: nothing found; origin/main c0c74715 to feature/lock 24bfcd85",
    ]


def test_what_could_not_be_looked_at_makes_nothing_sure() -> None:
    for said in (table(blind_check()), comment(blind_check())):
        assert "The merge makes nothing stale, as far as could be seen." in said
        assert "2 things not looked at" in said
        assert "could not look" in said
    assert table(blind_check()).splitlines()[-1].startswith("unknown: nothing found, 2 things not looked at;")


def test_nothing_new_is_not_nothing() -> None:
    report = replace(passing_check(), findings=(SHADOWED,))
    assert table(report).splitlines()[-1].startswith("pass: nothing new, 1 from before;")


def test_a_side_given_as_a_commit_is_not_said_twice() -> None:
    base = check_report().base
    report = replace(passing_check(), base=replace(base, ref=base.commit))
    assert table(report).splitlines()[-1] == "pass: nothing found; c0c74715 to feature/lock 24bfcd85"
    assert "nothing found; `c0c74715` to `feature/lock` `24bfcd85`" in comment(report)


def test_a_huge_branch_is_aggregated_and_quick() -> None:
    report = many_findings(5_000)
    began = time.perf_counter()
    said = table(report, width=80)
    for format in PLAIN[1:]:
        render(report, format, now=NOW)
    assert time.perf_counter() - began < 10
    for rule in ("DT201", "DT203", "DT301", "DT303", "DT401"):
        assert said.count(f" {rule}  ") == 20
        assert f"more of {rule}: --verbose shows all" in said
    assert "  and 837 more of DT401: --verbose shows all" in said
    assert len(said.splitlines()) < 600


def test_verbose_counts_nothing_away() -> None:
    said = table(many_findings(200), verbose=True)
    assert sum(said.count(f" {rule}  ") for rule in RULES) == 200 + len(check_report().accepted)
    assert "more of" not in said


@given(st.integers(1, 60), st.booleans())
def test_a_tiny_terminal_is_survived(width: int, verbose: bool) -> None:
    assert "fail" in table(check_report(), width=width, verbose=verbose, colour=True)


def test_the_comment_begins_with_its_marker_and_its_verdict() -> None:
    said = comment(check_report()).splitlines()
    assert said[:3] == [MARKER, "", "### Check: ❌ fail"]
    assert said[6] == "**The merge makes stale:** `prediction-worker`, `prediction-coordinator`."
    assert [line for line in said if line.startswith("#### ")] == [
        "#### Fails the check",
        "#### Warnings",
        "#### Notes",
    ]
    assert "- **warning** DT303 `prediction-coordinator` `services.toml:12`: `` `paths` leave out 2" in comment(
        check_report()
    )
    assert '  - write: `paths = ["predictions/coordinator", "shared"]`' in said


def test_chains_what_was_there_before_and_what_is_accepted_are_folded() -> None:
    said = comment(check_report())
    assert "  <details><summary>The way there: 3 files</summary>" in said
    assert "`predictions/worker/worker.py` → `shared/state.py` → `shared/lock.py`" in said
    assert "\n<details><summary>1 finding from before</summary>\n\n- **error** DT202" in said
    assert "\n<details><summary>2 findings accepted</summary>" in said
    assert said.count("<details>") == said.count("</details>") == 4


@pytest.mark.parametrize("verbose", [False, True])
def test_a_comment_is_never_too_long_for_github(verbose: bool) -> None:
    long = replace(MODULE, message="名" * 3_000)
    found = tuple(replace(long, subject=str(number), rule=rule) for rule in RULES for number in range(25))
    for report in (many_findings(5_000), replace(check_report(), findings=found)):
        said = comment(report, verbose)
        assert len(said) <= ROOM == 65_536
        assert said.startswith(MARKER)
        assert said.count("<details>") == said.count("</details>")
    assert said.rstrip().splitlines()[-1].endswith("a comment holds no more. All of it: `--format json`.**")


def test_a_finding_that_is_too_long_alone_leaves_the_rest_standing() -> None:
    report = replace(check_report(), findings=(replace(MODULE, message="x" * 70_000), STALE))
    said = comment(report)
    assert "### Check: ❌ fail" in said
    assert "**The merge makes stale:**" in said
    assert "left out here: a comment holds no more" in said
    assert len(said) < 2_000


@given(
    st.lists(
        st.sampled_from(["# t", "- a\n- b\n- c", "| a |\n| --- |\n| b |\n| c |", "x" * 40, "```text\na\nb\n```"]),
        max_size=9,
    ),
    st.integers(0, 400),
)
def test_what_is_cut_is_cut_at_the_end_of_a_line(blocks: list[str], room: int) -> None:
    said = fitted(blocks, room, len, "no more room")
    assert len(said) <= room
    whole = fitted(blocks, 10_000, len, "")
    if said not in ("", whole):
        lines = said.splitlines()
        assert lines[-1].endswith("left out here: no more room.**")
        assert set(lines[:-1]) <= {*whole.splitlines(), ""}
        assert said.count("```") % 2 == 0
