"""The sink: text that other people wrote, made harmless on a terminal, in a pipe and in a log."""

from __future__ import annotations

import re

# What a reader cannot see or what moves the cursor: C0 and C1 controls, line and paragraph separators, every
# format character (bidirectional controls among them), fillers and tags that Unicode calls default-ignorable,
# and lone surrogates: bytes of a file name that are not UTF-8. A variation selector may follow a pictograph.
HOSTILE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ud800-\udfff"
    "]"
    "|(?<![\u2100-\u2bff\U0001f000-\U0001faff])[\ufe0e\ufe0f]"
)
SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
SURROGATE = re.compile("[\ud800-\udfff]")


def printable(text: str) -> str:
    """The same text with everything that is not visible written out: `\\x1b`, `\\u202e`, `\\xff`."""
    if text.isascii() and text.isprintable():
        return text
    return HOSTILE.sub(_written_out, text)


def valid_unicode(text: str) -> str:
    """The same text, with only what no encoder accepts (lone surrogates) written out."""
    return text if text.isascii() else SURROGATE.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: one undecodable byte
        return f"\\x{code - 0xDC00:02x}"
    if char in SHORT:
        return SHORT[char]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
