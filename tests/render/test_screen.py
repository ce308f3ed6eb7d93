"""What a stream can show, and an answer that gets through whatever it can show."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploytool.render.screen import Colour, Screen, say, screen_of


@pytest.mark.parametrize(
    ("environ", "choice", "colour"),
    [
        ({}, Colour.AUTO, False),
        ({}, Colour.ALWAYS, True),
        ({"FORCE_COLOR": "1"}, Colour.AUTO, True),
        ({"FORCE_COLOR": "0"}, Colour.AUTO, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, Colour.AUTO, False),
        ({"FORCE_COLOR": "1"}, Colour.NEVER, False),
        ({"NO_COLOR": "1"}, Colour.ALWAYS, True),
    ],
)
def test_who_decides_about_colour(environ: dict[str, str], choice: Colour, colour: bool, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as stream:
        assert screen_of(stream, environ, choice) == Screen(None, colour, True)


@pytest.mark.parametrize(("columns", "width"), [("120", 120), ("0", None), ("x", None), ("-5", None), ("9" * 9, None)])
def test_columns_decides_about_width(columns: str, width: int | None, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as stream:
        assert screen_of(stream, {"COLUMNS": columns}).width == width


def test_a_locale_without_symbols_gets_ascii_and_never_an_error(tmp_path: Path) -> None:
    for encoding in ("ascii", "latin-1"):
        with (tmp_path / "out").open("w", encoding=encoding) as stream:
            assert screen_of(stream, {}).symbols is False
            say("名 ok", stream)
        assert (tmp_path / "out").read_bytes() == b"\\u540d ok\n"
