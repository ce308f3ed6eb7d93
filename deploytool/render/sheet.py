"""Columns on a terminal: as wide as they need to be, and calm when there is no room."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from io import StringIO

from rich.console import Console
from rich.text import Text

from deploytool.render.text import printable

GAP = 2
BREAKS = re.compile(r"[/_-]+|\.+(?!\w{1,4}$)")  # where a long name may be broken; not before its extension
COMFORT = 36  # a note beside the row needs this much room, or all it needs; else it goes beneath


@dataclass(frozen=True, slots=True)
class View:
    """What the reader wants to see, and can see."""

    now: datetime  # ages are against this
    verbose: bool = False
    width: int | None = None  # None: as wide as needed, one line per row
    colour: bool = False
    symbols: bool = True  # False: our own words stay within ASCII

    @property
    def arrow(self) -> str:
        return " → " if self.symbols else " -> "

    @property
    def within(self) -> View:
        """The same view for lines that will be `indented`."""
        return replace(self, width=None if self.width is None else self.width - GAP)


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    right: bool = False
    optional: bool = False  # left out when the terminal is too narrow for all columns


@dataclass(frozen=True, slots=True)
class Row:
    """`cells` are one column each; `note` flows in the room that is left; `below` is printed as it is."""

    cells: tuple[Text, ...]
    note: Text
    below: tuple[Text, ...] = ()


def words(text: str, style: str = "") -> Text:
    """The only way text gets onto a sheet: made harmless, and never read as markup."""
    return Text(printable(text), style=style)


def joined(*parts: Text | str) -> Text:
    return Text.assemble(*(part if isinstance(part, Text) else words(part) for part in parts))


def lay_out(columns: Sequence[Column], note: str, rows: Sequence[Row], width: int | None) -> list[Text]:
    """Lines of text, the first one the titles. A cell may hold several lines."""
    widths = _widths(columns, rows, width)
    room = None if width is None else width - sum(widths.values()) - GAP * len(widths)
    longest = max((row.note.cell_len for row in rows), default=0)
    beside = room is None or room >= min(longest, COMFORT)
    titles = Row(tuple(words(column.title, "dim") for column in columns), words(note if beside else "", "dim"))
    lines: list[Text] = []
    for row in (titles, *rows):
        lines += _row_lines(columns, row, widths, beside, room if beside else width)
        lines += row.below
    return lines


def hanging(prefix: Text, body: Text, width: int | None, under: Text | None = None) -> list[Text]:
    """`prefix` and then `body`, whose further lines stand under its first: behind blanks, or behind `under`."""
    under = words(" " * prefix.cell_len) if under is None else under
    room = None if width is None else width - max(prefix.cell_len, under.cell_len)
    if room is None or room < 12:
        return [joined(prefix, body)]
    first, *more = wrapped(body, room)
    return [joined(prefix, first), *(joined(under, line) for line in more)]


def labelled(said: Sequence[tuple[str, Text]], width: int | None, narrowest: int = 8) -> list[Text]:
    """A label and a text on each line, the texts under one another."""
    wide = max([narrowest, *(len(label) for label, _ in said)]) + GAP
    return [line for label, text in said for line in hanging(words(f"{label:<{wide}}", "dim"), text, width)]


def indented(lines: Iterable[Text]) -> list[Text]:
    """Lines that were laid out for `view.within`, moved to the right."""
    return [joined(" " * GAP, line) for line in lines]


@cache
def _ruler() -> Console:
    """What rich asks about tabs and emoji when it breaks lines; there is nothing to ask twice."""
    return Console(file=StringIO())


def wrapped(text: Text, width: int) -> list[Text]:
    if text.cell_len <= width:
        return [text]
    if " " not in text.plain:
        return _wrapped_name(text, width)
    return list(text.wrap(_ruler(), width, overflow="fold"))


def _wrapped_name(name: Text, width: int) -> list[Text]:
    """A path or a name that is too long, broken where a person would break it."""
    lines: list[Text] = [Text()]
    for part in name.divide([found.end() for found in BREAKS.finditer(name.plain)]):
        if lines[-1].cell_len + part.cell_len <= width:
            lines[-1].append_text(part)
        else:
            lines += part.wrap(_ruler(), width, overflow="fold")
    return [line for line in lines if line.plain]


def painted(lines: Sequence[Text], colour: bool) -> str:
    """The lines as one string; without colour there is no escape byte in it."""
    for line in lines:
        line.rstrip()
    if not colour:
        return "".join(f"{line.plain}\n" for line in lines)
    page = Console(
        file=StringIO(), force_terminal=True, color_system="standard", no_color=False, legacy_windows=False, width=80
    )
    with page.capture() as captured:
        for line in lines:
            page.print(line, soft_wrap=True, highlight=False)
    return captured.get()


def _widths(columns: Sequence[Column], rows: Sequence[Row], width: int | None) -> dict[int, int]:
    """Column index to width: optional columns go first, then the first column gives way."""
    widths = {
        index: max([len(column.title), *(_cell_width(row.cells[index]) for row in rows)])
        for index, column in enumerate(columns)
    }
    if width is None:
        return widths
    for index in reversed(widths):
        if columns[index].optional and sum(widths.values()) + GAP * (len(widths) - 1) > width:
            widths = {kept: wide for kept, wide in widths.items() if kept != index}
    over = sum(widths.values()) + GAP * (len(widths) - 1) - width
    return {**widths, 0: max(8, widths[0] - over)} if over > 0 else widths


def _cell_width(cell: Text) -> int:
    return max((line.cell_len for line in cell.split("\n")), default=0) if "\n" in cell.plain else cell.cell_len


def _row_lines(
    columns: Sequence[Column], row: Row, widths: dict[int, int], beside: bool, room: int | None
) -> list[Text]:
    cells = [_cell_lines(row.cells[index], wide) for index, wide in widths.items()]
    notes: list[Text] = []
    if row.note.plain:
        notes = [row.note] if room is None else wrapped(row.note, max(room - (0 if beside else GAP), 12))
    height = max(len(cell) for cell in cells)
    lines = []
    for number in range(max(height, len(notes)) if beside else height):
        line = Text()
        for (index, wide), cell in zip(widths.items(), cells, strict=True):
            text = cell[number] if number < len(cell) else Text()
            pad = " " * (wide - text.cell_len)
            line.append_text(joined(pad, text) if columns[index].right else joined(text, pad)).append(" " * GAP)
        if beside and number < len(notes):
            line.append_text(notes[number])
        lines.append(line)
    return lines if beside else [*lines, *(joined(" " * GAP, note) for note in notes)]


def _cell_lines(cell: Text, wide: int) -> list[Text]:
    if cell.cell_len <= wide and "\n" not in cell.plain:
        return [cell]
    return [piece for line in cell.split("\n", allow_blank=True) for piece in wrapped(line, wide)]
