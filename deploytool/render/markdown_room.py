"""Markdown in as much room as there is: what does not fit is left out at the end of a block, and counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from deploytool.render.markdown_text import END_OF_DETAILS

ENTRY = re.compile(r"^(?:- |\| (?!---))", re.MULTILINE)  # an item of a list, or a row of a table
CLOSING = f"\n\n{END_OF_DETAILS}"


def joined(blocks: Iterable[str]) -> str:
    return "\n\n".join(block for block in blocks if block) + "\n"


def fitted(blocks: Sequence[str], room: int, size: Callable[[str], int], why: str) -> str:
    """The blocks that have room, and a sentence about the rest; `why` ends it. "" when not even that has room."""
    whole = joined(blocks)
    if size(whole) <= room:
        return whole
    entries = sum(map(_entries, blocks))
    left = room - size(_farewell(entries, why)) - size(CLOSING) - 3
    if left < 0:
        return ""
    kept: list[str] = []
    for block in filter(None, blocks):
        if size(block) + 2 > left:
            kept += _beginning(block, left - 2, size)
            break
        kept.append(block)
        left -= size(block) + 2
    missing = entries - sum(map(_entries, kept))
    return joined([*kept, END_OF_DETAILS if _is_open(kept) else "", _farewell(missing, why)])


def _beginning(block: str, room: int, size: Callable[[str], int]) -> list[str]:
    """As many lines of a list, a table or a fence as have room; of anything else nothing."""
    lines = block.split("\n")
    last = lines[-1:] if block.startswith("```") else []
    if not last and not all(line.startswith(("- ", "  - ", "|")) for line in lines):
        return []
    left = room - sum(size(line) + 1 for line in last)
    kept: list[str] = []
    for line in lines[: len(lines) - len(last)]:
        left -= size(line) + 1
        if left < 0:
            break
        kept.append(line)
    least = 2 if last or block.startswith("|") else 0  # a fence, or the titles of a table, with nothing below
    return ["\n".join([*kept, *last])] if len(kept) > least else []


def _entries(block: str) -> int:
    titles = 1 if block.startswith("| ") else 0
    return len(ENTRY.findall(block)) - titles


def _is_open(kept: Sequence[str]) -> bool:
    return sum(block.startswith("<details>") for block in kept) > kept.count(END_OF_DETAILS)


def _farewell(entries: int, why: str) -> str:
    what = f"{entries:,} entries are" if entries > 1 else "One entry is" if entries == 1 else "The rest is"
    return f"**{what} left out here: {why}.**"
