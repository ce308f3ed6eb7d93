"""`verify` in every format: the same answers, the verdict last, and nobody's text is more than text."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.check import Answer, CheckResult, Standing
from deploytool.domain.model import Kind
from deploytool.domain.verify_report import CheckedRevision, ServiceChecks, VerifyReport, VerifyVerdict
from deploytool.errors import ExitCode
from deploytool.render import PLAIN, Format, formats_of, render
from deploytool.render.github import outputs_of
from deploytool.render.text import printable, valid_unicode
from tests.render.hostile import HOSTILE
from tests.render.reports import NOW
from tests.render.test_check_hostile import must_obey_annotations_only
from tests.render.test_hostile import COLOUR, GFM, unsafe_in
from tests.render.test_machine_hostile import page_of, skeleton
from tests.render.workflow_log import obeyed_in

PASS, FAIL, UNKNOWN = Answer.PASS, Answer.FAIL, Answer.COULD_NOT_TELL
STYLE = re.compile("<style.*?</style>", re.DOTALL)


def result(
    answer: Answer = PASS, name: str = "health", said: str = "answers 200", *, required: bool = True
) -> CheckResult:
    return CheckResult(name, "http", answer, required, said, 0.05)


def service(*results: CheckResult, name: str = "api", region: str = "us-west2", unseen: str = "") -> ServiceChecks:
    return ServiceChecks(name, Kind.SERVICE, region, (CheckedRevision(f"{name}-1", 100),), results, unseen)


def report(*services: ServiceChecks) -> VerifyReport:
    return VerifyReport(NOW, services)


def hostile(sample: str) -> VerifyReport:
    results = [result(answer, sample, sample, required=needed) for answer in Answer for needed in (True, False)]
    return report(
        service(*results, name=sample, region=sample),
        service(result(), name=sample, region="b", unseen=sample),
        service(name=sample, region=sample),
    )


@pytest.mark.parametrize(
    ("services", "verdict", "code"),
    [
        ([service(result())], VerifyVerdict.PASS, ExitCode.CLEAN),
        ([service(result(), result(FAIL, required=False))], VerifyVerdict.PASS, ExitCode.CLEAN),
        ([service(result(), result(UNKNOWN, required=False))], VerifyVerdict.PASS, ExitCode.CLEAN),
        ([service(result(UNKNOWN)), service(result())], VerifyVerdict.UNKNOWN, ExitCode.UNDETERMINED),
        ([service(result(UNKNOWN)), service(result(FAIL))], VerifyVerdict.FAIL, ExitCode.FINDINGS),
        ([service(result(), unseen="closed")], VerifyVerdict.UNKNOWN, ExitCode.UNDETERMINED),
        ([service(result(FAIL), unseen="closed")], VerifyVerdict.FAIL, ExitCode.FINDINGS),
        ([service(result()), service()], VerifyVerdict.PASS, ExitCode.CLEAN),
        ([service()], VerifyVerdict.UNKNOWN, ExitCode.UNDETERMINED),
        ([], VerifyVerdict.UNKNOWN, ExitCode.UNDETERMINED),
    ],
)
def test_verdict_and_exit_code(services: list[ServiceChecks], verdict: VerifyVerdict, code: ExitCode) -> None:
    found = report(*services)
    assert (found.verdict, found.exit_code) == (verdict, code)


@given(st.lists(st.tuples(st.sampled_from(Answer), st.booleans()), max_size=4), st.sampled_from(["", "closed"]))
def test_what_was_not_looked_at_is_never_well(answers: list[tuple[Answer, bool]], unseen: str) -> None:
    found = service(*(result(answer, required=needed) for answer, needed in answers), unseen=unseen)
    clean = bool(answers) and not unseen and all(answer is PASS or not needed for answer, needed in answers)
    assert (report(found).exit_code is ExitCode.CLEAN) == clean
    assert (found.standing in (Standing.PASS, Standing.WARNING)) == clean


def test_the_table() -> None:
    found = report(
        service(result(), result(FAIL, "lock lines", "0 lines, at least 1 expected", required=False)),
        service(result(UNKNOWN, "rows", "BigQuery answered 403"), name="web"),
        service(name="cron"),
    )
    assert render(found, Format.TABLE, now=NOW, verbose=True) == (
        "Service  Check       Answer            Took  What was seen\n"
        "api      health      ✓ pass            50ms  answers 200\n"
        "         lock lines  ! fail (warns)    50ms  0 lines, at least 1 expected\n"
        "web      rows        ? could-not-tell  50ms  BigQuery answered 403\n"
        "\n"
        "Nothing is checked: cron\n"
        "unknown: 1 of 3 checks passed, 1 could not be told, 1 warning\n"
    )
    assert "50ms" not in render(found, Format.TABLE, now=NOW)
    assert render(found, Format.TABLE, now=NOW, symbols=False).isascii()


def test_what_kept_cloud_run_from_being_asked_is_a_line_of_its_own() -> None:
    said = render(report(service(result(), unseen="denied")), Format.TABLE, now=NOW)
    assert "what serves  ? could-not-tell" in said
    assert "1 service not seen" in said


def test_a_workflow_hears_of_each_check_that_did_not_pass() -> None:
    found = report(
        service(result(FAIL), result(UNKNOWN, "rows"), result(FAIL, "lock", required=False)), service(result())
    )
    said = obeyed_in(render(found, Format.GITHUB, now=NOW))
    assert [command.name for command in said] == ["error", "error", "warning"]
    assert outputs_of(found) == {"verdict": "fail", "services": "api"}


def test_a_case_for_each_check() -> None:
    found = report(service(result(), result(FAIL, "a"), result(UNKNOWN, "b"), result(FAIL, "c", required=False)))
    root = ElementTree.fromstring(render(found, Format.JUNIT, now=NOW))
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
    }
    nothing = ElementTree.fromstring(render(report(service()), Format.JUNIT, now=NOW))
    assert (nothing.get("tests"), nothing.get("errors")) == ("1", "1")


@pytest.mark.parametrize("sample", HOSTILE)
def test_no_string_gets_out_as_more_than_text(sample: str) -> None:
    found = hostile(sample)
    for format in (*PLAIN, Format.GITHUB):
        for width in (None, 80) if format is Format.TABLE else (None,):
            said = render(found, format, now=NOW, width=width)
            assert unsafe_in(said) == set()
            said.encode()
            must_obey_annotations_only(said, format)
    plain = render(found, Format.TABLE, now=NOW, width=80)
    assert COLOUR.sub("", render(found, Format.TABLE, now=NOW, width=80, colour=True)) == plain
    for format in (Format.JUNIT, Format.HTML):
        assert obeyed_in(STYLE.sub("", render(found, format, now=NOW))) == []


@pytest.mark.parametrize("sample", HOSTILE)
def test_no_string_becomes_an_element_or_is_lost(sample: str) -> None:
    def roots(one: VerifyReport) -> list[Any]:
        return [
            ElementTree.fromstring(render(one, Format.JUNIT, now=NOW)),
            page_of(render(one, Format.HTML, now=NOW)),
        ]

    assert [skeleton(root) for root in roots(hostile(sample))] == [skeleton(root) for root in roots(hostile("plain"))]
    for root in roots(hostile(sample)):
        assert printable(sample).rstrip() in "".join(root.itertext())


@pytest.mark.parametrize("sample", HOSTILE)
def test_json_keeps_the_string(sample: str) -> None:
    said = render(hostile(sample), Format.JSON, now=NOW)
    assert said.isascii()
    first = json.loads(said)["services"][0]
    assert (first["name"], first["checks"][0]["said"]) == (valid_unicode(sample), valid_unicode(sample))


@pytest.mark.parametrize("sample", HOSTILE)
def test_markdown_is_text_and_code(sample: str) -> None:
    tokens = GFM.parse(render(hostile(sample), Format.MARKDOWN, now=NOW))
    kinds = {token.type for token in tokens} | {below.type for token in tokens for below in token.children or ()}
    assert not {kind for kind in kinds if kind.startswith(("link", "image", "html", "fence", "code_block", "hr"))}
    outside = [below.content for token in tokens for below in token.children or () if below.type == "text"]
    assert not [words for words in outside if re.search(r"[@#<>`\[\]|]|://|www\.|GH-\d", words)]


def test_only_formats_that_read_it_are_offered() -> None:
    for format in formats_of("verify"):
        assert render(report(service(result())), format, now=NOW)
    for format in set(Format) - {*formats_of("verify")}:
        with pytest.raises(TypeError):
            render(report(service(result())), format, now=NOW)
