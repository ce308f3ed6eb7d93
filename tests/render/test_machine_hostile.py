"""What other people wrote is text in SARIF, JUnit, code quality and on a page: as whoever parses them sees it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from xml.etree import ElementTree

import html5lib
import pytest
from hypothesis import given

from deploytool.domain.check_report import CheckReport
from deploytool.render import Format, render
from deploytool.render.html import html
from deploytool.render.text import printable, valid_unicode
from tests.render.check_strategies import check_of, check_reports
from tests.render.hostile import HOSTILE
from tests.render.reports import NOW
from tests.render.strategies import drift_reports, ledger_reports, release_reports, status_reports
from tests.render.test_check_hostile import drift_of
from tests.render.test_hostile import unsafe_in
from tests.render.test_sarif import LOG
from tests.render.workflow_log import obeyed_in

PLAIN = "plain"


def said_of(report: Any, format: Format) -> str:
    said = render(report, format, now=NOW)
    assert said.isascii()
    assert said.replace("\n", "").isprintable()
    assert obeyed_in(said) == []
    return said


def xml_of(report: Any) -> ElementTree.Element:
    return ElementTree.fromstring(said_of(report, Format.JUNIT))


def page_of(said: str) -> ElementTree.Element:
    """Raises on whatever the standard calls an error."""
    builder = html5lib.getTreeBuilder("etree")
    return html5lib.HTMLParser(builder, strict=True, namespaceHTMLElements=False).parse(said)  # type: ignore[no-any-return]


def skeleton(root: ElementTree.Element) -> list[tuple[Any, ...]]:
    """Elements, the names of their attributes, and what of them is ours."""
    return [(one.tag, *sorted(one.attrib), one.get("class"), one.get("href")) for one in root.iter()]


@cache
def plain_skeletons() -> list[list[tuple[Any, ...]]]:
    both = [check_of(PLAIN), drift_of(PLAIN)]
    return [skeleton(xml_of(one)) for one in both] + [skeleton(page_of(said_of(one, Format.HTML))) for one in both]


@pytest.mark.parametrize("sample", HOSTILE)
def test_no_string_becomes_an_element_or_is_lost(sample: str) -> None:
    both = [check_of(sample), drift_of(sample)]
    roots = [xml_of(one) for one in both] + [page_of(said_of(one, Format.HTML)) for one in both]
    assert [skeleton(root) for root in roots] == plain_skeletons()
    for root in roots:
        assert printable(sample).rstrip() in "".join(root.itertext())


@pytest.mark.parametrize("sample", HOSTILE)
def test_no_string_gets_out_of_its_value(sample: str) -> None:
    for report in (check_of(sample), drift_of(sample)):
        log = json.loads(said_of(report, Format.SARIF))
        LOG.validate(log)
        said = [result["message"]["text"] for result in log["runs"][0]["results"]]
        assert not [text for text in said if "](" in text]
        if not set("{}]") & set(sample) and len(sample) < 500:
            assert all(printable(sample) in text for text in said)
        entries = json.loads(said_of(report, Format.GITLAB))
        assert all(printable(sample) in entry["description"] for entry in entries)
        assert not [text for text in (*said, *(entry["description"] for entry in entries)) if unsafe_in(text)]
        inside = not {"", ".", ".."} & set(sample.split("/"))
        paths = {entry["location"]["path"] for entry in entries if entry["check_name"].startswith("DT2")}
        assert paths <= {valid_unicode(sample) if inside else "services.toml"}


@given(check_reports | drift_reports)
def test_whatever_was_found_can_be_read_back(report: Any) -> None:
    LOG.validate(json.loads(said_of(report, Format.SARIF)))
    json.loads(said_of(report, Format.GITLAB))
    suite = xml_of(report)[0]
    looked = len(report.findings if isinstance(report, CheckReport) else report.services)
    assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
    assert suite.findall("testcase") or not looked


@given(check_reports | drift_reports | status_reports | ledger_reports | release_reports)
def test_every_page_is_made_of_the_same_few_elements(report: Any) -> None:
    said = html(report, now=NOW)
    assert said.replace("\n", "").isprintable()
    root = page_of(said)
    assert not {"script", "img", "iframe", "object", "base", "form", "link"} & {str(one.tag) for one in root.iter()}
    assert {key for one in root.iter() for key in one.attrib} <= {
        "aria-hidden", "aria-label", "aria-labelledby", "charset", "class", "colspan", "content", "data-label",
        "datetime", "height", "href", "http-equiv", "id", "lang", "name", "role", "scope", "text-anchor", "width", "x",
        "x1", "x2", "y", "y1", "y2",
    }  # fmt: skip
