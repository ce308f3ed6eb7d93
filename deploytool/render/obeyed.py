"""What a build service obeys when it stands in the log of a step: here it is made to stand there and do nothing.

GitHub takes a line that begins with `::`, and `##[` wherever it stands; others know `##name[`. GitLab's sections need
an escape byte and a carriage return, which no reader lets through.
"""

from __future__ import annotations

import re

COLOUR = r"\x1b\[[0-9;]*m"  # the only escape bytes that we write
OBEYED = re.compile(
    rf"^(?P<blanks>(?:[^\S\n]|{COLOUR})*)(?P<colon>:)(?=(?:{COLOUR})*:)"
    rf"|(?P<hash>#)(?=(?:{COLOUR})*#(?:\w|{COLOUR})*\[)",
    re.MULTILINE,
)
NO_TEXT = re.compile(r"<(style|script)\b")  # to whoever parses markup, an entity in these is none


def disarmed(text: str) -> str:
    """The same text for people, with the first character of what would be obeyed written out."""
    return OBEYED.sub(_written_out, text)


def disarmed_json(text: str) -> str:
    """The same JSON value. No line of JSON begins with a colon, and a hash only stands within strings."""
    return re.sub(r"#(?=#\w*\[)", r"\\u0023", text)


def disarmed_markup(text: str) -> str:
    """The same XML or HTML to whoever parses it."""
    parts: list[str] = []
    done = 0
    for opened in NO_TEXT.finditer(text):
        if opened.start() < done:
            continue
        closed = text.find(f"</{opened[1]}>", opened.end())
        if closed < 0:
            break
        parts += [OBEYED.sub(_as_entity, text[done : opened.start()]), text[opened.start() : closed]]
        done = closed
    return "".join([*parts, OBEYED.sub(_as_entity, text[done:])])


def _written_out(found: re.Match[str]) -> str:
    return r"\x23" if found["hash"] else rf"{found['blanks']}\x3a"


def _as_entity(found: re.Match[str]) -> str:
    return "&#35;" if found["hash"] else f"{found['blanks']}&#58;"
