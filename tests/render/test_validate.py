"""The daily check for people and for machines: verdicts in words, and somebody else's words as text."""

from __future__ import annotations

import json
from pathlib import Path

import html5lib
import pytest
from jsonschema import Draft202012Validator

from deploytool.render import Format, render
from tests.render.mornings import validate_report
from tests.render.reports import NOW

SCHEMA = json.loads((Path(__file__).parents[2] / "deploytool/schemas/validate.json").read_text())
HOSTILE = [
    "<script>x</script>",
    "\x1b[31m",
    "@everyone [a](b) | `x`",
    "::error::x",
    "##[group]",
    "\u202e",
    "a\r\nb",
    "[/b]",
]


def said(form: Format, text: str = "api", width: int | None = None) -> str:
    return render(validate_report(text), form, now=NOW, width=width)


def test_verdicts_are_words() -> None:
    table = said(Format.TABLE)
    for word in ("pass", "FAIL", "could not tell", "MISSED", "fail: 1 of 4 fail, 1 could not be told, 1 target missed"):
        assert word in table
    assert all(len(line) <= 80 for line in said(Format.TABLE, width=80).splitlines() if "target" not in line)


@pytest.mark.parametrize("text", HOSTILE)
def test_json_keeps_its_schema_and_its_values(text: str) -> None:
    document = json.loads(said(Format.JSON, text))
    Draft202012Validator(SCHEMA).validate(document)
    assert document["project"] == text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_only_stand_there(text: str) -> None:
    for form in (Format.TABLE, Format.MARKDOWN, Format.HTML):
        written = said(form, text)
        assert "\x1b" not in written
        assert "\u202e" not in written
        assert "##[" not in written
        assert not any(line.lstrip().startswith("::") for line in written.splitlines())
    page = html5lib.parse(said(Format.HTML, text), namespaceHTMLElements=False)
    assert page.find(".//script") is None
