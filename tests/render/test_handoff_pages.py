"""`handoff`, its check and `report` with text that other people wrote: it only stands there."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator

from deploytool.domain.claim import Claimed, Evidence
from deploytool.domain.handoff_check_report import CellTruth, HandoffCheckReport, RowTruth
from deploytool.domain.handoff_report import HandoffReport, told_of
from deploytool.domain.handwritten import Column
from deploytool.domain.ledger_report import Standing
from deploytool.domain.release import Kind, Outcome
from deploytool.domain.report import CommitNote, Contains, DriftReport, LookError, Relevance, Verdict
from deploytool.domain.spoken_time import Truth
from deploytool.domain.week import Window, days_of, figures_of, stale_times_of
from deploytool.domain.week_report import WeekReport
from deploytool.render import Format, Report, render
from tests.asking import ROOT
from tests.domain.test_week import START, release, shifts
from tests.render.hostile import HOSTILE
from tests.render.reports import NOW, TARGET, change, service

SAID = "0" * 40


def drift(text: str) -> DriftReport:
    files = (change(text, Relevance.IMPORTED),)
    waiting = CommitNote(SAID, text, NOW, text, Relevance.IMPORTED, files)
    stale = service("api", Verdict.STALE, text, commits=(waiting,), hint=text)
    return DriftReport(NOW, "main", TARGET, (stale, service("web", Verdict.UNKNOWN, text)))


def handoff(text: str) -> HandoffReport:
    ended = release("r1", 1, outcome=Outcome.ROLLED_BACK, by=text)
    return HandoffReport(
        NOW, START, drift(text), (ended,), ((release("r2", 2, outcome=None), Standing.UNSURE),), None,
        (LookError("", text),),
    )  # fmt: skip


def checked(text: str) -> HandoffCheckReport:
    row = RowTruth(3, text, (CellTruth(Column.COMMIT, text, Truth.UNTRUE, text),), drift(text).services[0])
    files = ((text, Relevance.IMPORTED),)
    claim = Claimed(text, text, "us-west2", Truth.UNKNOWN, text, (Evidence(SAID, text, NOW, Contains.NO, files),))
    return HandoffCheckReport(NOW, text, 1, (row,), (claim,), drift(text).services, (), (LookError(text, text),))


def week(text: str) -> WeekReport:
    window = Window(START, START + timedelta(days=7))
    releases = [release("r1", 1, steps=shifts(1.5)), release("r2", 30, outcome=Outcome.FAILED_SAFE, name=text or "x")]
    stale = stale_times_of(drift(text).services, releases, window, {}, NOW)
    return WeekReport(
        NOW, *window, figures_of(releases, window, {}, ()), stale, days_of(releases, window), (LookError(text, text),)
    )


@pytest.mark.parametrize("text", HOSTILE[::5])
def test_hostile_text_stays_on_its_line(text: str) -> None:
    for made in (handoff, checked, week):
        for format in (Format.TABLE, Format.MARKDOWN):
            hostile, calm = (render(made(word), format, now=NOW) for word in (text, "calm words"))
            assert "\x1b" not in hostile
            assert not [one for one in hostile.splitlines() if one.lstrip().startswith(("::", "##[", "##vso"))]
            if format is Format.MARKDOWN:
                assert abs(len(hostile.splitlines()) - len(calm.splitlines())) <= 1  # empty text is left out


@pytest.mark.parametrize("text", HOSTILE[::9])
def test_the_page_of_the_week_loads_and_runs_nothing(text: str) -> None:
    page = render(week(text), Format.HTML, now=NOW)
    assert page.isascii()
    assert "<script" not in page.lower()
    assert page.count("<img") == page.count("onerror=alert(1)>") == 0
    assert page.count("<rect") == 2 + sum(bool(row.seconds) for row in week(text).stale)


@pytest.mark.parametrize(("made", "schema"), [(handoff, "handoff"), (checked, "handoff-check"), (week, "report")])
@pytest.mark.parametrize("text", ["calm words", *HOSTILE[::40]])
def test_json_keeps_its_schema(made: object, schema: str, text: str) -> None:
    document = json.loads((ROOT / f"deploytool/schemas/{schema}.json").read_text())
    Draft202012Validator.check_schema(document)
    said = json.loads(render(made(text), Format.JSON, now=NOW))  # type: ignore[operator]
    Draft202012Validator(document).validate(said)
    assert list(said) == document["required"]


def test_what_is_told_of_yesterday() -> None:
    failed, good = release("f", 30, outcome=Outcome.FAILED_SAFE), release("g", 31)
    old, back = release("o", 1, outcome=Outcome.FAILED_SAFE), release("b", 40, kind=Kind.ROLLBACK)
    opened = release("p", 41, outcome=None)
    found = told_of([old, failed, good, back, opened], START + timedelta(hours=24))
    assert [one.id for one in found] == ["b", "f"]


def test_what_to_type_next_comes_once_and_the_worst_first() -> None:
    human = release("h", 1, outcome=Outcome.NEEDS_HUMAN)
    services = (
        service("ok", Verdict.CURRENT, ""),
        service("dark", Verdict.UNKNOWN, "no commit", hint="Deploy with the full commit id."),
        service("api", Verdict.STALE, "1 commit behind"),
        service("api", Verdict.STALE, "1 commit behind", region="europe-west1"),
    )
    report: Report = HandoffReport(NOW, START, DriftReport(NOW, "main", TARGET, services), (human,))
    assert isinstance(report, HandoffReport)
    assert [step.command for step in report.steps] == [
        "deploytool releases show h",
        "deploytool deploy api",
        "deploytool drift dark --verbose",
    ]
