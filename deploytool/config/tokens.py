"""TOML cut into the pieces that say where things are: strings and comments whole, and the signs between them."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Whatever the text is, it is read once from left to right: no two alternatives begin alike, and what could be cut in
# several ways is possessive. Only single characters may be: before 3.11.5 Python matches possessive groups wrongly.
STRING = (
    r'"""(?:[^"\\]++|\\[\s\S]|"(?!""))*"""(?:"{0,2}+)'
    r"|'''(?:[^']++|'(?!''))*'''(?:'{0,2}+)"
    r'|"(?:[^"\\\n]++|\\[^\n])*"'
    r"|'[^'\n]*+'"
)
PIECE = re.compile(rf"(?:[ \t\r]++|#[^\n]*+)*(?:({STRING})|([^\s\"'#\[\]{{}}.=,]++)|(\n(?:\s++|#[^\n]*+)*|[\s\S]|\Z))")
SIGN = re.compile(rf"(?:[^\"'#\[\]{{}}.=,\n]++|#[^\n]*+|{STRING})*([\[\]{{}}.=,]|\n(?:\s++|#[^\n]*+)*|\Z|[\"'])")


def signs(text: str) -> Iterator[tuple[str, int]]:
    """Brackets, dots, equals signs, commas and line ends outside strings and comments, with their offsets.

    Ends with the text, or where a quote is opened and never closed: there TOML's own parser stops as well.
    """
    for found in SIGN.finditer(text):
        sign = found[1]
        if sign in ("", '"', "'"):
            return
        yield sign[0], found.start(1)


def pieces(text: str) -> Iterator[tuple[str, str, int]]:
    """(kind, text, line) of each string ("s"), bare word ("w") and sign ("." "=" "[" … or a line end)."""
    line = 1
    for found in PIECE.finditer(text):
        string, word, sign = found.groups()
        if string is not None:
            yield "s", string, line
            line += string.count("\n")
        elif word is not None:
            yield "w", word, line
        elif sign:
            yield sign[0], sign, line
            line += sign.count("\n")
