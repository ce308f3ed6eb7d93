"""Changed files as trees of imports: chains with the same beginning share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from deploytool.domain.report import FileChange, Relevance
from deploytool.render.wording import chain_of

SAID = {Relevance.NOT_IMPORTED: "nothing it runs imports it"}  # where no note says it better


@dataclass(slots=True)
class Node:
    """A file, and what it imports on the way to `below`; `file` when it is one of those asked about."""

    path: str
    file: FileChange | None = None
    below: dict[str, Node] = field(default_factory=dict)


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


def note_of(file: FileChange) -> str:
    """What the one word cannot say."""
    return file.note or SAID.get(file.relevance, "")
