"""A message as Block Kit, within Slack's limits.

Everything that comes from somebody is plain text, in which Slack reads neither mentions nor links. Only the fallback
for notifications and our own link are Slack's markup; there the three letters that begin any are written out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from deploytool.domain.message import Message, Speak, State
from deploytool.render.text import printable

MOST_HEADER = 150
MOST_TEXT = 3_000
MOST_FIELDS = 10
MOST_FIELD = 2_000
MOST_SECTIONS = 6  # of lines; with header, fields, next step and context far below Slack's 50 blocks
MOST_LINE = 600  # so that one line does not take the place of all others
MOST_FALLBACK = 300
MOST_LINK = 1_000
CUT = " … (cut)"
MARKS = {State.OK: "✅", State.BAD: "❌", State.UNKNOWN: "❔"}
KINDS = {Speak.NEW: "", Speak.CHANGED: "changed: ", Speak.REMINDER: "still: ", Speak.ALL_CLEAR: "all clear: "}
# In the fallback: what some reader of Slack's might take for a mention, a channel or an address.
OBEYED = re.compile(r"(?<=[@#])(?=\S)|(?<=:)(?=/)|(?<=\w)(?=\.\w)")
LINK = re.compile(r"https://[A-Za-z0-9./_~%?=&:;,+-]+")


def payload_of(message: Message) -> dict[str, Any]:
    """The payload of an incoming webhook."""
    blocks = [_header(message), *_fields(message.fields), *_lines(message.lines), *_next(message), _context(message)]
    fallback = escaped(OBEYED.sub("\u200b", _cut(title_of(message), MOST_FALLBACK)))
    return {"text": fallback, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def title_of(message: Message) -> str:
    rehearsal = "rehearsal: " if message.rehearsal else ""
    return f"{MARKS[message.state]} {rehearsal}{KINDS.get(message.kind, '')}{printable(message.title)}"


def escaped(text: str) -> str:
    """As Slack wants its three special letters where they mean nothing."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _header(message: Message) -> dict[str, Any]:
    return {"type": "header", "text": _plain(title_of(message), MOST_HEADER)}


def _fields(fields: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    texts = [f"{printable(name)}: {printable(value)}" for name, value in fields]
    if len(texts) > MOST_FIELDS:
        texts = [*texts[: MOST_FIELDS - 1], f"… and {len(texts) - MOST_FIELDS + 1:,} more"]
    if texts:
        yield {"type": "section", "fields": [_plain(text, MOST_FIELD) for text in texts]}


def _lines(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    """As many as there is room for, and how many there are besides."""
    texts, taken = [""], 0
    for line in lines:
        text = f"• {_cut(printable(line), MOST_LINE)}\n"
        if _size(texts[-1]) + _size(text) > MOST_TEXT:
            if len(texts) == MOST_SECTIONS:
                break
            texts.append("")
        texts[-1] += text
        taken += 1
    for text in texts:
        if text:
            yield {"type": "section", "text": _plain(text.rstrip("\n"), MOST_TEXT)}
    if taken < len(lines):
        yield {"type": "section", "text": _plain(f"… and {len(lines) - taken:,} more lines", MOST_TEXT)}


def _next(message: Message) -> Iterator[dict[str, Any]]:
    if message.next_command:
        yield {"type": "section", "text": _plain(f"next: {printable(message.next_command)}", MOST_TEXT)}


def _context(message: Message) -> dict[str, Any]:
    elements = [_plain(f"deploytool, {message.at.strftime('%Y-%m-%d %H:%M')} UTC", MOST_FIELD)]
    if is_link(message.link):
        elements.append({"type": "mrkdwn", "text": f"<{escaped(message.link)}|the run>", "verbatim": True})
    return {"type": "context", "elements": elements}


def is_link(text: str) -> bool:
    """An address that can stand between Slack's signs without ending them."""
    if len(text) > MOST_LINK or not LINK.fullmatch(text):
        return False
    try:
        return bool(urlsplit(text).hostname)
    except ValueError:
        return False


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": _cut(text, most) or "-", "emoji": False}


def _cut(text: str, most: int) -> str:
    """At most so many letters as Slack counts them, with a word about it when something is missing."""
    if _size(text) <= most:
        return text
    kept = text[: most - len(CUT)]
    while _size(kept) > most - len(CUT):
        kept = kept[: -max(1, (_size(kept) - most + len(CUT)) // 2)]
    return f"{kept}{CUT}"


def _size(text: str) -> int:
    """In UTF-16 units: as JavaScript counts, and never less than anybody else does."""
    return len(text) + sum(letter > "\uffff" for letter in text)
