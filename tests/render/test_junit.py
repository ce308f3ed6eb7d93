"""JUnit as build services take it, read by somebody else's parser."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from deploytool.domain.check_report import CheckReport, Policy
from deploytool.domain.report import CodeState, DriftReport, LookError, Verdict
from deploytool.render.junit import junit
from tests.render.checks import MODULE, blind_check, check_report, many_findings, passing_check, strict_check
from tests.render.reports import drift_report, service

REPORTS = (check_report(), passing_check(), blind_check(), strict_check(), many_findings(300), drift_report())


def suite_of(report: CheckReport | DriftReport) -> TestSuite:
    said = junit(report)
    assert said.isascii()
    [suite] = JUnitXml.fromstring(said.encode())
    return suite


def cases_of(report: CheckReport | DriftReport) -> dict[str, TestCase]:
    cases = {case.name: case for case in suite_of(report)}
    assert len(cases) == suite_of(report).tests
    return cases


def result_of(case: TestCase) -> tuple[type, str, str] | None:
    """Failure or error, its type and its text; None of a case that is well."""
    if not case.result:
        return None
    [result] = case.result
    return type(result), result.type, result.text


@pytest.mark.parametrize("report", REPORTS)
def test_the_figures_of_the_suite_are_those_of_its_cases(report: CheckReport | DriftReport) -> None:
    suite = suite_of(report)
    said = (suite.tests, suite.failures, suite.errors, suite.skipped)
    suite.update_statistics()
    assert said == (suite.tests, suite.failures, suite.errors, suite.skipped)
    assert junit(report) == junit(report)
    assert bool(suite.failures or suite.errors) == (report.exit_code != 0)


def test_a_service_fails_with_what_stops_the_merge() -> None:
    cases = cases_of(check_report())
    assert [*cases] == [
        "prediction-worker", "prediction-coordinator", "nba-phase4-precompute-processors", "web", "the repository"
    ]  # fmt: skip
    kind, rule, text = result_of(cases["prediction-worker"]) or (None, None, "")
    assert (kind, rule) == (Failure, "DT201")
    assert text.split("\n")[0] == f"error DT201 predictions/worker/worker.py:41: {MODULE.message}"
    assert f"  hint: {MODULE.hint}" in text.split("\n")
    assert cases["prediction-worker"].result[0].message == f"{MODULE.message} (and 1 more finding)"
    assert "note DT401 after the merge" in cases["prediction-worker"].system_out
    assert result_of(cases["prediction-coordinator"]) is None
    assert "warning DT303 services.toml:12: " in cases["prediction-coordinator"].system_out
    assert "(was there before)" in cases["nba-phase4-precompute-processors"].system_out
    assert "DT301 tools/rates.py: " in cases["the repository"].system_out
    assert result_of(cases["web"]) is None
    assert not cases["web"].system_out


def test_the_policy_says_what_fails() -> None:
    cases = cases_of(strict_check())
    failed = [name for name, case in cases.items() if result_of(case)]
    assert failed == [
        "prediction-worker", "prediction-coordinator", "nba-phase4-precompute-processors", "the repository"
    ]  # fmt: skip
    lenient = replace(check_report(), findings=check_report().findings[2:])
    assert not any(result_of(case) for case in cases_of(lenient).values())
    assert result_of(cases_of(replace(lenient, policy=Policy(fail_on=("DT401",))))["prediction-worker"])


def test_a_service_that_was_only_found_has_a_case_too() -> None:
    report = replace(passing_check(), findings=(replace(MODULE, rule="DT104", service="gone"),))
    assert result_of(cases_of(report)["gone"])


def test_what_could_not_be_looked_at_is_an_error_and_no_failure() -> None:
    cases = cases_of(blind_check())
    assert {name: result_of(case) and result_of(case)[0] for name, case in cases.items() if result_of(case)} == {  # type: ignore[index]
        "looked at us-west2": Error,
        "looked at everything": Error,
    }
    nothing = replace(drift_report(), services=(), errors=(), unmanaged=(), remarks=())
    assert suite_of(nothing).errors == 1  # a suite without a case would be green


def test_drift_is_a_case_for_each_service_in_each_region() -> None:
    cases = cases_of(drift_report())
    kinds = {name.split(" ")[0]: result_of(case) and result_of(case)[:2] for name, case in cases.items()}  # type: ignore[index]
    assert kinds == {
        "prediction-worker": None,
        "prediction-coordinator": (Failure, "stale"),
        "nba-phase4-precompute-processors": (Failure, "stale"),
        "api": (Failure, "misrouted"),
        "web": (Error, "unknown"),
        "nba-grading-service": (Failure, "missing"),
        "looked": (Error, "could-not-look"),
    }
    text = (result_of(cases["prediction-coordinator in us-west2"]) or ("", "", ""))[2]
    assert "imported predictions/coordinator/coordinator.py -> shared/x.py" in text.split("\n")
    assert "hint: git fetch origin 0badc0de" in (result_of(cases["web in us-west2"]) or ("", "", ""))[2]


def test_what_is_current_says_why() -> None:
    calm = service("api", Verdict.CURRENT, "3 behind, none reaches it", code=CodeState.BEHIND)
    case = cases_of(replace(drift_report(), services=(calm,), errors=()))["api in us-west2"]
    assert result_of(case) is None
    assert case.system_out == "current: 3 behind, none reaches it"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\x00b\x1b[31m", r"a\x00b\x1b[31m"),
        ("\ufffe\uffff", r"\ufffe\uffff"),
        ("caf\udce9 \ud800", r"caf\xe9 \ud800"),
        ("]]> <b> & \"'", "]]> <b> & \"'"),
        ("line\nbreak", r"line\nbreak"),
        ("名前 é", "名前 é"),
    ],
)
def test_what_xml_cannot_carry_is_written_out(raw: str, shown: str) -> None:
    report = replace(blind_check(), errors=(LookError("", raw),))
    assert cases_of(report)["looked at everything"].result[0].text == f"could not look: {shown}"


@pytest.mark.parametrize("raw", ["[[ATTACHMENT|/etc/passwd]]", "[[attachment|x]]", "x\n[[Attachment|x]]"])
def test_nothing_is_attached(raw: str) -> None:
    """GitLab and Jenkins fetch what such a line names."""
    report = replace(check_report(), findings=(replace(MODULE, message=raw, hint=raw, existing=True),))
    said = "".join(ElementTree.fromstring(junit(report)).itertext()).lower()
    assert "attachment|" in said
    assert "[[attachment|" not in said
