"""Text that other people wrote, in Markdown: it does nothing but stand there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deploytool.domain.report import Verdict
from deploytool.render.text import printable

MARKS = {
    Verdict.CURRENT: "✅",
    Verdict.STALE: "❌",
    Verdict.MISROUTED: "🔀",
    Verdict.MISSING: "🚫",
    Verdict.UNKNOWN: "❔",
}
END_OF_DETAILS = "</details>"
# Plain words: nothing in them is a mention, a reference, a link, an emoji code or Markdown.
PLAIN = re.compile(r"(?!.*(?:www\.|\bGH-\d))[A-Za-z0-9%,;()' .-]*(?::(?= |$)[A-Za-z0-9%,;()' .-]*)*", re.IGNORECASE)


def code(text: str, *, cell: bool = False) -> str:
    """A code span that survives backticks, and in a table `cell` pipes too; nothing at all for empty text."""
    text = printable(text)
    if not text.strip():
        return ""
    if cell:  # readers disagree about a pipe behind a backslash, so that one is written out
        text = re.sub(r"\\\|", r"\\\\x7c", text).replace("|", r"\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str, *, cell: bool = False) -> str:
    """Our sentence as it is when it is nothing but plain words; as a code span when somebody's text is in it."""
    return text if PLAIN.fullmatch(text) else code(text, cell=cell)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """`rows` hold finished Markdown: `code`, `prose` or our own words."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fenced(text: str) -> str:
    """Lines of text that stand as they are, between fences that none of them can end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text.rstrip()}\n{fence}"


def details(title: str) -> str:
    """What begins a part that is folded away; `END_OF_DETAILS` ends it. The title is ours, in plain words."""
    return f"<details><summary>{title}</summary>"
