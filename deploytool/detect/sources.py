"""What each service is made of at a commit; asked once per distinct content."""

from __future__ import annotations

from dataclasses import dataclass

from deploytool.config import ServiceTable
from deploytool.domain.content import Selection
from deploytool.domain.ignorefile import rules_of
from deploytool.domain.image import image_of, selection_of_paths
from deploytool.domain.links import LinkMemo, with_link_targets
from deploytool.domain.report import Precision
from deploytool.domain.tree import Tree


@dataclass(frozen=True, slots=True)
class Made:
    """The answer for one service at one commit."""

    selection: Selection
    absent: tuple[str, ...] = ()  # declared paths, or the Dockerfile, that do not exist at this commit
    doubts: tuple[str, ...] = ()  # sentences for people


class Sources:
    """Remembers what it was asked, because fifty services share folders, Dockerfile folders and commits."""

    def __init__(self) -> None:
        self._links = LinkMemo()
        self._known: dict[tuple[str, str, Precision], Made] = {}

    def precision_of(self, table: ServiceTable, wanted: Precision | None) -> Precision:
        """The finest precision that can be had: a service without a Dockerfile has paths only, and the reverse."""
        wanted = wanted or table.precision or Precision.IMAGE
        if table.dockerfile is None:
            return Precision.PATH
        if wanted is Precision.PATH and not table.paths:
            return Precision.IMAGE
        return Precision.PATH if wanted is Precision.PATH else Precision.IMAGE

    def made_of(self, table: ServiceTable, tree: Tree, precision: Precision) -> Made:
        key = (table.name, tree.oid, precision)
        if key not in self._known:
            self._known[key] = self._asked(table, tree, precision)
        return self._known[key]
