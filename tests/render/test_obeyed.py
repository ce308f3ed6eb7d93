"""Text for people, JSON and markup: none of it is obeyed by who keeps a log, and it still says the same."""

from __future__ import annotations

import html
import json
from io import StringIO
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.render.obeyed import disarmed, disarmed_json, disarmed_markup
from deploytool.render.screen import say, write
from deploytool.render.text import printable, valid_unicode
from tests.render.hostile import HOSTILE
from tests.render.strategies import text
from tests.render.workflow_log import obeyed_in

pieces = st.lists(
    st.sampled_from(["::", ":", "#", "##", "##[", "[", "]", " ", "\u3000", "error", "\n", "vso"]), max_size=12
)
armed = pieces.map("".join)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("ok\n  ::error::x", "ok\n  \\x3a:error::x"),
        ("\u00a0::x", "\u00a0\\x3a:x"),
        ("a ::x", "a ::x"),
        ("a ##[x]", r"a \x23#[x]"),
        ("###[x]", r"#\x23#[x]"),
        ("##vso[x]", r"\x23#vso[x]"),
        ("## [x]", "## [x]"),
        ("# a\n## b", "# a\n## b"),
        ("\x1b[1m::x\x1b[0m", "\x1b[1m\\x3a:x\x1b[0m"),
        ("#\x1b[1m#[x", "\\x23\x1b[1m#[x"),
    ],
)
def test_only_what_would_be_obeyed_is_written_out(raw: str, shown: str) -> None:
    assert disarmed(raw) == shown


@given(armed | text)
def test_nothing_is_left_to_obey(raw: str) -> None:
    said = disarmed(raw)
    assert obeyed_in(said) == []
    assert "##[" not in said
    assert disarmed(said) == said


@given(armed | text)
def test_json_says_the_same(raw: str) -> None:
    value = {valid_unicode(raw): [valid_unicode(raw)]}
    said = disarmed_json(json.dumps(value, indent=1))
    assert json.loads(said) == value
    assert obeyed_in(said) == []
    assert disarmed(said) == said


@given(armed, armed)
def test_markup_says_the_same(raw: str, attribute: str) -> None:
    document = f'<a b="{html.escape(attribute)}">{html.escape(raw)}</a>'.replace("\u3000", " ")
    said = disarmed_markup(document)
    assert obeyed_in(said) == []
    before, after = ElementTree.fromstring(document), ElementTree.fromstring(said)
    assert (before.text, before.attrib) == (after.text, after.attrib)


def test_styles_and_scripts_are_left_alone() -> None:
    page = "<p>\n::x::y</p><style>\n::selection { color: red }\n</style>\n##[x] <script>\n::a::b</script><style>::"
    said = disarmed_markup(page)
    assert "<style>\n::selection { color: red }\n</style>" in said
    assert "<p>\n&#58;:x::y</p>" in said
    assert "&#35;#[x]" in said


@pytest.mark.parametrize("sample", HOSTILE)
def test_a_note_or_an_error_is_never_obeyed(sample: str) -> None:
    stream = StringIO()
    say(printable(f"error: {sample}") + "\n" + printable(sample), stream)
    assert obeyed_in(stream.getvalue()) == []


def test_a_section_of_a_gitlab_job_needs_bytes_that_do_not_come_through() -> None:
    shown = printable("\x1b[0Ksection_start:1560896352:evil[collapsed=true]\r\x1b[0KTitle")
    assert shown == r"\x1b[0Ksection_start:1560896352:evil[collapsed=true]\r\x1b[0KTitle"


def test_what_is_written_as_it_is_stays_as_it_is() -> None:
    stream = StringIO()
    write("::error::x", stream)
    assert stream.getvalue() == "::error::x\n"


@pytest.mark.parametrize("evil", [" " * 10**6, "#" * 10**6, "##" + "a" * 10**6, "<style" * 10**5, "<script>" * 10**5])
def test_no_text_takes_long(evil: str) -> None:
    import time

    began = time.perf_counter()
    for quiet in (disarmed, disarmed_json, disarmed_markup):
        quiet(evil)
    assert time.perf_counter() - began < 10
