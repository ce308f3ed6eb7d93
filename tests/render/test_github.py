"""In a workflow: annotations within GitHub's limits, a summary that fits, outputs that a matrix can be made of."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from deploytool.domain.check_report import Policy
from deploytool.domain.ledger_report import LedgerReport
from deploytool.domain.report import DriftReport, Verdict
from deploytool.render import Format, render
from deploytool.render.github import SUMMARY, assigned, command, outputs_of, step_summary
from tests.render.checks import MODULE, blind_check, check_report, many_findings, passing_check, strict_check
from tests.render.reports import NOW, drift_report, service, where_report
from tests.render.workflow_log import Command, obeyed_in, outputs_in


def annotations(report) -> list[Command]:  # type: ignore[no-untyped-def]
    return obeyed_in(render(report, Format.GITHUB, now=NOW))


def test_a_finding_is_annotated_where_it_stands() -> None:
    first = annotations(check_report())[0]
    assert first.name == "error"
    assert first.properties == {
        "file": "predictions/worker/worker.py",
        "line": "41",
        "title": "DT201: The program imports a module that its image does not have",
    }
    assert first.message == (
        "prediction-worker: predictions/worker/worker.py imports shared.alerts, and the image has no such module\n"
        "hint: COPY shared/alerts ./shared/alerts"
    )


def test_a_service_that_the_message_names_is_not_named_twice() -> None:
    [one] = annotations(check_report_of([replace(MODULE, message="prediction-worker imports x.", hint="")]))
    assert one.message == "prediction-worker imports x."


def test_levels_are_those_of_the_findings_and_existing_ones_are_only_counted() -> None:
    levels = [one.name for one in annotations(check_report())]
    assert levels == ["error", "error", "warning", "warning", "notice"]
    last = render(check_report(), Format.GITHUB, now=NOW).splitlines()[-1]
    assert last.startswith("check fail: 2 errors, 2 warnings, 1 note, 1 from before, 2 accepted;")
    assert last.endswith("The merge makes stale: prediction-worker, prediction-coordinator.")


def test_what_was_there_before_is_annotated_when_it_counts() -> None:
    assert [one.properties["file"] for one in annotations(strict_check()) if "DT202" in one.properties["title"]] == [
        "data_processors/precompute/main_precompute_service.py"
    ]


def test_what_could_not_be_looked_at_is_an_error() -> None:
    said = annotations(blind_check())
    assert [one.message for one in said] == [
        "Could not look at us-west2: 403 Forbidden: run.services.list is not allowed",
        "Could not look: bad object",
    ]
    assert {one.name for one in said} == {"error"}


def test_nothing_found_is_one_plain_line() -> None:
    assert render(passing_check(), Format.GITHUB, now=NOW) == (
        "check pass: nothing found; origin/main c0c74715 to feature/lock 24bfcd85. The merge makes nothing stale.\n"
    )


@pytest.mark.parametrize(("count", "shown", "more"), [(9, 9, None), (10, 10, None), (11, 10, 2), (46, 10, 37)])
def test_at_most_ten_of_a_level(count: int, shown: int, more: int | None) -> None:
    found = tuple(replace(MODULE, line=number + 1, subject=str(number)) for number in range(count))
    said = annotations(check_report_of(found))
    assert len(said) == shown
    if more is None:
        assert [one.properties["line"] for one in said] == [str(number + 1) for number in range(count)]
    else:
        assert said[-1].message == f"and {more} more errors ({more} DT201): see the summary"
        assert "file" not in said[-1].properties


def check_report_of(found, **changes):  # type: ignore[no-untyped-def]
    return replace(check_report(), findings=tuple(found), **changes)


def test_what_fails_the_check_comes_before_what_does_not() -> None:
    warnings = [
        replace(MODULE, rule="DT302", severity=check_report().findings[2].severity, subject=str(n)) for n in range(30)
    ]
    narrow = check_report().findings[2]
    said = annotations(check_report_of([*warnings, narrow], policy=Policy(fail_on=("DT303",))))
    assert said[0].properties["title"].startswith("DT303")
    assert len(said) == 10


def test_a_huge_branch_stays_within_every_limit_and_is_quick() -> None:
    report = many_findings(5_000)
    began = time.perf_counter()
    said = render(report, Format.GITHUB, now=NOW)
    summary = step_summary(report, now=NOW, verbose=True)
    assert time.perf_counter() - began < 10
    for level in ("error", "warning", "notice"):
        assert len([one for one in obeyed_in(said) if one.name == level]) == 10
    assert SUMMARY - 2_000 < len(summary.encode()) <= SUMMARY
    assert (
        summary.rstrip()
        .splitlines()[-1]
        .endswith("left out here: a step's summary holds 1 MiB. All of it: `--format json`.**")
    )


def test_what_is_left_out_of_a_summary_is_counted() -> None:
    report = check_report_of(
        [replace(MODULE, subject=str(number), detail={}) for number in range(400)], accepted=(), remarks=()
    )
    said = step_summary(report, now=NOW, verbose=True, room=20_000)
    shown = said.count("- **error**")
    assert 50 < shown < 400
    assert f"**{400 - shown} entries are left out here" in said
    assert said.count("<details>") == said.count("</details>")


def test_a_cut_inside_a_folded_part_closes_it() -> None:
    found = [replace(MODULE, subject=str(number), existing=True) for number in range(400)]
    said = step_summary(check_report_of(found), now=NOW, verbose=True, room=20_000)
    assert said.count("<details>") == said.count("</details>") > 1
    assert said.rstrip().splitlines()[-1].startswith("**")


def test_a_long_table_is_cut_between_rows() -> None:
    many = tuple(service(f"service-{number}", Verdict.CURRENT, "equal content") for number in range(30_000))
    said = step_summary(DriftReport(NOW, "main", "0" * 40, many), now=NOW, verbose=False)
    assert len(said.encode()) <= SUMMARY
    rows = [line for line in said.splitlines() if line.startswith("| `service-")]
    assert all(line.count("|") == 5 for line in rows)
    assert f"**{30_000 - len(rows):,} entries are left out here" in said


def test_a_full_summary_gets_nothing() -> None:
    assert step_summary(check_report(), now=NOW, verbose=False, room=10) == ""
    assert step_summary(check_report(), now=NOW, verbose=False, room=-5) == ""


def test_a_summary_says_what_the_markdown_says_when_there_is_room() -> None:
    for report in (check_report(), drift_report()):
        said = step_summary(report, now=NOW, verbose=True)
        assert said == render(report, Format.MARKDOWN, now=NOW, verbose=True)


def test_outputs_name_exactly_what_to_deploy() -> None:
    said = outputs_of(check_report())
    assert said["verdict"] == "fail"
    assert said["services"] == "prediction-worker prediction-coordinator"
    assert json.loads(said["matrix"]) == {"service": ["prediction-worker", "prediction-coordinator"]}
    assert outputs_of(passing_check()) == {"verdict": "pass", "services": "", "matrix": '{"service": []}'}


def test_drift_names_each_stale_service_once_whatever_its_regions() -> None:
    here = service("api", Verdict.STALE, "differs")
    report = DriftReport(
        NOW, "main", "0" * 40, (here, replace(here, region="europe-west1"), service("web", Verdict.CURRENT, ""))
    )
    assert outputs_of(report) == {"verdict": "stale", "services": "api", "matrix": '{"service": ["api"]}'}


def test_a_delimiter_that_the_value_holds_is_not_taken() -> None:
    drawn = iter(["a", "b", "fail", "c"])
    said = assigned({"x": "a\nb", "y": "no fail"}, lambda: next(drawn))
    assert said == "x<<fail\na\nb\nfail\ny<<c\nno fail\nc\n"
    assert outputs_in(said) == {"x": "a\nb", "y": "no fail"}


def test_a_command_is_one_line_and_read_back_as_it_was_meant() -> None:
    line = command("error", "100%\nof a,b:c::d", file="a,b:c%.py", line="", title="x: y")
    assert line == "::error file=a%2Cb%3Ac%25.py,title=x%3A y::100%25%0Aof a,b:c::d"
    assert obeyed_in(line) == [Command("error", {"file": "a,b:c%.py", "title": "x: y"}, "100%\nof a,b:c::d")]
    assert command("notice", "x") == "::notice::x"


def test_the_ledger_has_one_line_and_other_reports_none() -> None:
    assert render(LedgerReport(NOW, ()), Format.GITHUB, now=NOW) == "releases: 0 releases\n"
    with pytest.raises(TypeError):
        render(where_report(), Format.GITHUB, now=NOW)


def test_the_reader_of_these_tests_knows_what_a_runner_obeys() -> None:
    assert [one.name for one in obeyed_in(" \t::warning::x\na ##[group]y\n:: x\n::x\n##[")] == ["warning", "group"]
    with pytest.raises(ValueError, match="never comes"):
        outputs_in("x<<y\nz\n")
