"""Changed files on a terminal as trees of imports: the entrypoint at the root, what changed with its word beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.text import Text

from deploytool.domain.report import FileChange, Relevance
from deploytool.render.history import FILE_INDENT, more_files
from deploytool.render.sheet import View, hanging, joined, words
from deploytool.render.wording import MOST_FILES, chain_of, reaching_first

SAID = {Relevance.NOT_IMPORTED: "nothing it runs imports it"}  # where no note says it better


@dataclass(slots=True)
class Node:
    """A file, and what it imports on the way to `below`; `file` when it is one of those asked about."""

    path: str
    file: FileChange | None = None
    below: dict[str, Node] = field(default_factory=dict)


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


def forest_of(files: Sequence[FileChange]) -> dict[str, Node]:
    """Trees by their root's path; a file without a chain is a root."""
    roots: dict[str, Node] = {}
    for file in files:
        level = roots
        for step in chain_of(file):
            node = level.setdefault(step, Node(step))
            level = node.below
        node.file = file
    return roots


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
    note = (file.note or SAID.get(file.relevance, "")) if file else ""
    return [*lines, *hanging(under, words(note, "dim"), view.width, under)] if note else lines
