"""A message as JSON for a webhook: `deploytool/message/1`."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from deploytool.domain.message import Message
from deploytool.render.text import valid_unicode

SCHEMA = "deploytool/message/1"
MOST_LINES = 200
MOST_TEXT = 2_000
CUT = " … (cut)"


def shape_of(message: Message) -> dict[str, Any]:
    """`more_lines`: how many there were besides."""
    lines = [_text(line) for line in message.lines[:MOST_LINES]]
    return {
        "schema": SCHEMA,
        "kind": str(message.kind),
        "about": _text(message.about),
        "state": str(message.state),
        "title": _text(message.title),
        "at": message.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "lines": lines,
        "more_lines": len(message.lines) - len(lines),
        "fields": [{"name": _text(name), "value": _text(value)} for name, value in message.fields],
        "next_command": _text(message.next_command),
        "link": _text(message.link),
        "rehearsal": message.rehearsal,
    }


def _text(text: str) -> str:
    text = valid_unicode(text)
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - len(CUT)] + CUT
