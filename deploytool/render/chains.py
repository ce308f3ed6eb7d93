"""Changed files on a terminal as trees of imports: the entrypoint at the root, what changed with its word beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from deploytool.domain.report import FileChange
from deploytool.render.forest import Node, forest_of, note_of
from deploytool.render.history import FILE_INDENT, more_files
from deploytool.render.sheet import View, hanging, joined, words
from deploytool.render.wording import MOST_FILES, reaching_first


@dataclass(frozen=True, slots=True)
class Guides:
    """The lines that are drawn before a node: before its first line, and before what stands under it."""

    first: str = ""
    under: str = ""


def tree_lines(files: Sequence[FileChange], view: View) -> list[Text]:
    """Each file once, behind the word for its relevance; chains with the same beginning share it."""
    shown = reaching_first(files)[:MOST_FILES]
    wide = max((len(file.relevance) for file in shown), default=0) + 2
    lines: list[Text] = []
    for node, guides in _drawn([*forest_of(shown).values()], view.symbols):
        lines += _node_lines(node, guides, wide, view)
    return [*lines, *more_files(files)]


def _drawn(nodes: Sequence[Node], symbols: bool, above: Guides | None = None) -> Iterator[tuple[Node, Guides]]:
    tee, corner, bar = ("├─ ", "└─ ", "│  ") if symbols else ("|- ", "`- ", "|  ")
    for number, node in enumerate(nodes, start=1):
        last = number == len(nodes)
        guides = Guides()
        if above is not None:
            guides = Guides(above.under + (corner if last else tee), above.under + ("   " if last else bar))
        yield node, guides
        yield from _drawn([*node.below.values()], symbols, guides)


def _node_lines(node: Node, guides: Guides, wide: int, view: View) -> list[Text]:
    file = node.file
    reaches = file is not None and file.relevance.reaches
    word = words(f"{FILE_INDENT}{file.relevance if file else '':<{wide}}", "" if reaches else "dim")
    below = ("│  " if view.symbols else "|  ") if node.below else ""
    under = words(" " * word.cell_len + guides.under + below, "dim")
    path = words(node.path, "bold" if reaches else "dim")
    lines = hanging(joined(word, words(guides.first, "dim")), path, view.width, under)
    note = note_of(file) if file else ""
    return [*lines, *hanging(under, words(note, "dim"), view.width, under)] if note else lines
