"""`reconcile` for people and machines: nothing is called fixed before a second look, and every text is a sink."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.cells import cell_len

from deploytool.domain.reconcile import Disagreement, MendKind
from deploytool.domain.reconcile_report import Mended, ReconcileReport, Word
from deploytool.errors import ExitCode
from deploytool.render import Format, render
from tests.render import test_hostile
from tests.render.reconciles import items, reconcile_report
from tests.render.reports import NOW
from tests.render.strategies import SAMPLES
from tests.render.test_hostile import COLOUR, unsafe_in

SCHEMA = json.loads((Path(__file__).parents[2] / "deploytool/schemas/reconcile.json").read_text())
NOTHING = replace(reconcile_report(), items=(), errors=(), mended=(), remarks=())


def document(report: ReconcileReport) -> Any:
    said = json.loads(render(report, Format.JSON, now=NOW))
    Draft202012Validator(SCHEMA).validate(said)
    return said


def test_the_schema_knows_every_word() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for name, kind in (("rule", Disagreement), ("mend_kind", MendKind), ("word", Word)):
        assert SCHEMA["$defs"][name]["enum"] == list(kind)


def test_json_has_a_finding_for_each_item() -> None:
    said = document(reconcile_report())
    assert (said["schema"], said["verdict"]) == ("deploytool/reconcile/1", "fail")
    assert said["counts"] == {"error": 1, "warning": 2, "note": 0, "mendable": 2}
    assert [one["id"] for one in said["findings"]] == [
        "DT612",
        "DT605/api/us-west2/candidate",
        "DT602/web/europe-west1",
    ]
    assert said["findings"][1]["mend"]["kind"] == "drop-tag"
    assert len({one["fingerprint"] for one in said["findings"]}) == 3
    assert document(NOTHING)["verdict"] == "pass"


@pytest.mark.parametrize(
    ("words", "left", "locked", "code"),
    [
        ((), (), False, ExitCode.CLEAN),
        ((Word.DONE,), (), False, ExitCode.CLEAN),
        ((Word.FAILED,), (), False, ExitCode.CLEAN),  # somebody else mended it: the second look counts
        ((Word.DONE,), items(), False, ExitCode.FINDINGS),
        ((Word.LOCKED, Word.DONE), items(), False, ExitCode.LOCKED),
        ((Word.LOCKED, Word.LOOK), (), True, ExitCode.CLEAN),  # two at once: each mended what the other did not
        ((Word.LOCKED, Word.LOOK), items(), True, ExitCode.NEEDS_HUMAN),
    ],
)
def test_the_worst_counts(words: tuple[Word, ...], left: Any, locked: bool, code: ExitCode) -> None:
    mended = tuple(Mended(items()[1], word, "") for word in words)
    report = replace(NOTHING, items=left).after(mended, (), locked=locked)
    assert report.exit_code is code
    unseen = replace(report, errors=reconcile_report().errors)
    assert unseen.exit_code is not ExitCode.CLEAN


@pytest.mark.parametrize("width", [80, 100, 160])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    said = render(reconcile_report(), Format.TABLE, now=NOW, width=width)
    assert max(map(cell_len, said.splitlines())) <= width


def test_fixed_is_said_only_when_nothing_is_left() -> None:
    mended = (Mended(items()[1], Word.DONE, "the tag is off"),)
    for report, fixed in (
        (replace(NOTHING, mended=mended), True),
        (replace(NOTHING, mended=mended, errors=reconcile_report().errors), False),
        (replace(NOTHING, mended=mended, items=items()), False),
        (NOTHING, False),
    ):
        for format in (Format.TABLE, Format.MARKDOWN):
            assert ("All fixed" in render(report, format, now=NOW)) is fixed


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_place_is_a_sink(sample: str) -> None:
    report = reconcile_report(sample)
    for width in (None, 80):
        said = render(report, Format.TABLE, now=NOW, width=width)
        assert unsafe_in(said) == set()
        assert COLOUR.sub("", render(report, Format.TABLE, now=NOW, width=width, colour=True)) == said
    assert render(report, Format.JSON, now=NOW).isascii()
    document(report)
    for test in (test_hostile.test_no_table_row_is_broken, test_hostile.test_markdown_renders_to_text_and_code_only):
        test.hypothesis.inner_test(report, False)  # type: ignore[attr-defined]
