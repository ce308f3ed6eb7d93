"""What each service is made of at a commit; asked once per distinct content."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

from deploytool.config import ServiceTable
from deploytool.domain.content import Selection
from deploytool.domain.difference import same_ground
from deploytool.domain.doubt import Doubt
from deploytool.domain.ignored import Declared
from deploytool.domain.ignorefile import rules_of
from deploytool.domain.image import Image, image_of, image_of_folder, selection_of_paths
from deploytool.domain.links import LinkMemo, LinkStore, foresee
from deploytool.domain.model import AS_BUILT, Overrides
from deploytool.domain.report import Precision
from deploytool.domain.tree import Tree


@dataclass(frozen=True, slots=True)
class Made:
    """What one service is made of at one commit."""

    selection: Selection
    absent: tuple[str, ...] = ()  # declared paths, or the Dockerfile, that do not exist at this commit
    build_inputs: frozenset[str] = frozenset()  # the Dockerfile and its ignore file
    doubts: tuple[Doubt, ...] = ()
    image: Image | None = None
    exists: bool = True  # False: nothing of the service is at this commit
    overrides: Overrides = AS_BUILT  # what Cloud Run starts in `image` instead of what that says

    def started_with(self, overrides: Overrides) -> Made:
        """The same as Cloud Run starts it."""
        if self.image is None or overrides == self.overrides:
            return self
        return replace(self, image=self.image.started_with(overrides), overrides=overrides)


class Seen(NamedTuple):
    """A service at one commit."""

    tree: Tree
    made: Made


class Sources:
    """Remembers what it was asked: fifty services share folders, and most deployed commits are shared too."""

    def __init__(self, store: LinkStore | None = None) -> None:
        self.links = LinkMemo(store)
        self._known: dict[tuple[str, str, Precision], Made] = {}

    def made_of(self, table: ServiceTable, tree: Tree, precision: Precision) -> Made:
        """What `table` is made of in `tree`. Paths are from the repository's root."""
        key = (table.name, tree.oid, precision)
        if key not in self._known:
            by_image = precision is not Precision.PATH
            made = self._from_image(table, tree) if by_image else self._from_paths(table, tree)
            self._known[key] = _with_ignore(made, table)
        return self._known[key]

    def made_like(self, table: ServiceTable, tree: Tree, precision: Precision, like: Tree) -> Made:
        """The same, quicker where the service's own paths are what they are in the tree `like`."""
        there = self.made_of(table, like, precision)
        by_paths = precision is Precision.PATH and there.exists and not there.absent
        if by_paths and same_ground(tree, like, there.selection):
            return there
        return self.made_of(table, tree, precision)

    def foresee(self, wanted: Iterable[tuple[ServiceTable, Tree]]) -> None:
        """These services are about to be looked at in these trees: fetch what their paths need in few waves."""
        ways = [
            (tree, path)
            for table, tree in wanted
            for path in (*table.roots, *filter(None, (table.dockerfile, table.context_path)))
        ]
        with suppress(KeyError):  # not in this clone: whoever needs it will hear of it
            if ways:
                foresee(ways[0][0].objects, ways, self.links)

    def _from_image(self, table: ServiceTable, tree: Tree) -> Made:
        """The source folder of a function or buildpack is its image."""
        if table.dockerfile is None:
            image = image_of_folder(table.image_folder or "", tree, self.links)
        else:
            image = image_of(table.dockerfile, table.context, tree, self.links)
        if image is None and table.dockerfile is None and table.paths:
            return self._from_paths(table, tree)  # a single file, or nothing
        if image is None:
            gone = table.dockerfile or table.context
            return Made(Selection(frozenset()), absent=(gone,), exists=False)
        return Made(image.selection, build_inputs=image.selection.inputs, doubts=image.doubts, image=image)

    def _from_paths(self, table: ServiceTable, tree: Tree) -> Made:
        """Without `paths`, the context is the source folder (functions and buildpacks)."""
        declared = table.roots or (table.context_path,)
        found = selection_of_paths(declared, (), tree, self.links)
        exists = len(found.missing) < len(declared)
        made = Made(found.selection, absent=found.missing, doubts=found.doubts, exists=exists)
        if table.dockerfile is None:
            return made
        if tree.entry(table.dockerfile) is None:
            return replace(made, absent=(*made.absent, table.dockerfile))
        inputs = frozenset({table.dockerfile})
        return replace(made, selection=made.selection.plus(inputs), build_inputs=inputs)


def precision_of(table: ServiceTable, wanted: Precision | None) -> Precision:
    """The finest that may be asked of a service: without an image there are only paths, without paths the image."""
    if table.dockerfile is None and table.image_folder is None:
        return Precision.PATH
    asked = wanted or table.precision or Precision.IMPORT
    return asked if asked is not Precision.PATH or table.roots else Precision.IMAGE


def _with_ignore(made: Made, table: ServiceTable) -> Made:
    """Apply the service's own `ignore`, which hides neither the entrypoint nor what the build reads."""
    selection = made.selection
    if table.ignore:
        selection = replace(selection, rules=(*selection.rules, Declared(rules_of(table.ignore))))
    if table.entrypoint and selection.under_root(table.entrypoint):
        selection = selection.plus((table.entrypoint,))
    return replace(made, selection=selection)
