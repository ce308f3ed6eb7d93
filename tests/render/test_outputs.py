"""What `--format` says: a format, a file, several of them, and what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploytool.errors import ExitCode, UsageError
from deploytool.render import PLAIN, Format, formats_of
from deploytool.render.outputs import Output, format_in, listed, outputs_in


@pytest.mark.parametrize(
    ("said", "outputs"),
    [
        ([], [Output(Format.TABLE)]),
        (["json"], [Output(Format.JSON)]),
        (["json:-"], [Output(Format.JSON)]),
        (["sarif:out.sarif"], [Output(Format.SARIF, Path("out.sarif"))]),
        (["html:a:b.html"], [Output(Format.HTML, Path("a:b.html"))]),
        (["junit:./-"], [Output(Format.JUNIT, Path("./-"))]),
        (["json:日本 x.json"], [Output(Format.JSON, Path("日本 x.json"))]),
        (
            ["github", "sarif:out.sarif", "json:a", "json:b"],
            [
                Output(Format.GITHUB),
                Output(Format.SARIF, Path("out.sarif")),
                Output(Format.JSON, Path("a")),
                Output(Format.JSON, Path("b")),
            ],
        ),
    ],
)
def test_a_format_and_perhaps_a_file(said: list[str], outputs: list[Output]) -> None:
    assert outputs_in(said, "drift") == tuple(outputs)


@pytest.mark.parametrize(
    ("said", "command", "message", "hint"),
    [
        (["xml"], "drift", "There is no format 'xml'.", "drift can be written as"),
        (["JSON"], "drift", "There is no format 'JSON'.", "json"),
        ([""], "drift", "There is no format ''.", "json"),
        ([":x"], "drift", "There is no format ''.", "json"),
        (["jsno"], "drift", "There is no format 'jsno'.", "Did you mean json?"),
        (["sarif"], "status", "cannot be written as sarif; those of drift and check can", "github or html"),
        (["html"], "explain", "those of drift, check, verify, status", "table, json or markdown"),
        (["json:"], "drift", "--format json: names no file.", "json:FILE"),
        (["json", "table"], "drift", "Only one answer goes to standard output, not json and table.", "table:FILE"),
        (["json:-", "json"], "drift", "not json and json", "json:FILE"),
    ],
)
def test_what_cannot_be_is_a_usage_error_with_a_hint(said: list[str], command: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        outputs_in(said, command)
    assert message in refused.value.message
    assert hint in refused.value.hint
    assert refused.value.exit_code is ExitCode.USAGE


def test_every_command_has_the_plain_formats_and_only_some_have_more() -> None:
    for command in ("drift", "check", "status", "releases", "explain", "where", "deploy", "lock list", ""):
        assert set(formats_of(command)) >= set(PLAIN)
    assert formats_of("drift") == formats_of("check") == tuple(Format)
    assert formats_of("explain") == PLAIN
    assert format_in("markdown", "where") is Format.MARKDOWN


def test_lists_are_said_as_people_say_them() -> None:
    assert [listed("a"), listed("ab"), listed("abc", "and")] == ["a", "a or b", "a, b and c"]
