"""An answer gets to every place that was named, and a place that cannot be written is never passed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deploytool.app import App
from deploytool.errors import DeployToolError
from deploytool.render import Format
from deploytool.render.outputs import Output
from tests.render.checks import check_report, many_findings, passing_check
from tests.render.reports import drift_report, status_report
from tests.render.workflow_log import obeyed_in, outputs_in

ENVIRON = {"DEPLOYTOOL_NOW": "2026-02-05T00:45:00Z", "NO_COLOR": "1"}


def app_in(**environ: object) -> App:
    return App(environ={**ENVIRON, **{name: str(value) for name, value in environ.items()}})


def test_one_format_goes_to_standard_output(capsys: Any) -> None:
    app_in().say(drift_report(), Format.JSON)
    assert json.loads(capsys.readouterr().out)["schema"] == "deploytool/drift/1"


def test_several_at_once(tmp_path: Path, capsys: Any) -> None:
    places = [
        Output(Format.TABLE),
        Output(Format.JSON, tmp_path / "a.json"),
        Output(Format.MARKDOWN, tmp_path / "b.md"),
        Output(Format.TABLE, tmp_path / "c.txt"),
    ]
    app_in(COLUMNS=60, FORCE_COLOR=1).say(check_report(), places, verbose=True)
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 60
    assert json.loads((tmp_path / "a.json").read_text())["verdict"] == "fail"
    assert (tmp_path / "b.md").read_text(encoding="utf-8").startswith("<!-- deploytool check -->")
    wide = (tmp_path / "c.txt").read_text(encoding="utf-8")
    assert max(map(len, wide.splitlines())) > 60  # a file has no width, and no colour
    assert "\x1b" not in wide


def test_only_files_means_nothing_on_standard_output(tmp_path: Path, capsys: Any) -> None:
    app_in().say(status_report(), [Output(Format.JSON, tmp_path / "a.json")], fleet={"services": []})
    assert capsys.readouterr().out == ""
    assert json.loads((tmp_path / "a.json").read_text())["fleet"] == {"services": []}


def test_a_file_that_cannot_be_written_is_an_error_and_the_others_are_written(tmp_path: Path, capsys: Any) -> None:
    places = [
        Output(Format.JSON, tmp_path / "no" / "a.json"),
        Output(Format.TABLE),
        Output(Format.JSON, tmp_path / "b"),
    ]
    with pytest.raises(DeployToolError, match=r"a\.json could not be written: No such file or directory"):
        app_in().say(drift_report(), places)
    assert "2 stale" in capsys.readouterr().out
    assert (tmp_path / "b").exists()


def test_in_a_workflow_log_summary_and_outputs_get_theirs(tmp_path: Path, capsys: Any) -> None:
    summary, outputs = tmp_path / "summary.md", tmp_path / "output"
    summary.write_text("before\n")
    outputs.write_text("mine=1")
    app_in(GITHUB_STEP_SUMMARY=summary, GITHUB_OUTPUT=outputs).say(check_report(), Format.GITHUB)
    assert len(obeyed_in(capsys.readouterr().out)) == 5
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n\n<!-- deploytool check -->\n")
    assert "**The merge makes stale:**" in text
    assert outputs_in(outputs.read_text()) == {
        "mine": "1",
        "verdict": "fail",
        "services": "prediction-worker prediction-coordinator",
        "matrix": '{"service": ["prediction-worker", "prediction-coordinator"]}',
    }


def test_each_value_has_a_delimiter_that_nobody_can_foresee(tmp_path: Path) -> None:
    for name in ("a", "b"):
        app_in(GITHUB_OUTPUT=tmp_path / name).say(passing_check(), [Output(Format.GITHUB, tmp_path / "log")])
    said = [line.split("<<")[1] for name in "ab" for line in (tmp_path / name).read_text().splitlines() if "<<" in line]
    assert len(set(said)) == len(said) == 6
    assert all(len(word) > 32 for word in said)


def test_elsewhere_there_are_only_annotations(capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app_in().say(check_report(), Format.GITHUB)
    said = capsys.readouterr()
    assert len(obeyed_in(said.out)) == 5
    assert said.err == ""
    assert [*tmp_path.iterdir()] == []


def test_status_has_a_summary_and_no_outputs(tmp_path: Path, capsys: Any) -> None:
    app_in(GITHUB_STEP_SUMMARY=tmp_path / "s", GITHUB_OUTPUT=tmp_path / "o").say(status_report(), Format.GITHUB)
    assert capsys.readouterr().out == "status: 2 of 3 services serving\n"
    assert (tmp_path / "s").read_text(encoding="utf-8").startswith("### What serves\n")
    assert not (tmp_path / "o").exists()


def test_a_summary_never_grows_beyond_what_github_takes(tmp_path: Path, capsys: Any) -> None:
    summary = tmp_path / "summary.md"
    for _ in range(30):
        app_in(GITHUB_STEP_SUMMARY=summary).say(many_findings(5_000), Format.GITHUB)
        assert summary.stat().st_size <= 1024 * 1024
    text = summary.read_text(encoding="utf-8")
    assert "left out here: a step's summary holds 1 MiB" in text
    assert "The step's summary is full: nothing was added to it." in capsys.readouterr().err


def test_a_summary_that_cannot_be_written_is_an_error(tmp_path: Path, capsys: Any) -> None:
    app = app_in(GITHUB_STEP_SUMMARY=tmp_path / "no" / "summary.md", GITHUB_OUTPUT=tmp_path / "o")
    with pytest.raises(DeployToolError, match="could not be written"):
        app.say(check_report(), Format.GITHUB)
    assert len(obeyed_in(capsys.readouterr().out)) == 5
    assert (tmp_path / "o").exists()


def test_commands_are_obeyed_in_no_other_format(capsys: Any) -> None:
    report = drift_report()
    hostile = type(report)(report.generated_at, "::error::x", report.target_commit, (), (), (), ())
    for format in (Format.TABLE, Format.JSON, Format.MARKDOWN):
        app_in().say(hostile, format)
        app_in().note("::error::y ##[z]")
        said = capsys.readouterr()
        assert obeyed_in(said.out) == obeyed_in(said.err) == []


def test_the_plan_before_a_question_is_on_standard_error(capsys: Any) -> None:
    app_in().show(drift_report())
    said = capsys.readouterr()
    assert said.out == ""
    assert "2 stale" in said.err
