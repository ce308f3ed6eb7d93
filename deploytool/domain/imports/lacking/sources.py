"""The text of reachable files, read where the facts do not tell enough: which import stands in for which."""

from __future__ import annotations

from dataclasses import dataclass, field

from deploytool.domain.image_layout import Layout
from deploytool.domain.imports.closure import Closure, Needed
from deploytool.domain.imports.facts import When
from deploytool.domain.imports.lacking.fallbacks import Fallbacks, fallbacks_of
from deploytool.domain.tree import LINK, SUBMODULE, Tree


@dataclass(slots=True)
class Sources:
    """Each file is read and parsed once, when somebody asks."""

    layout: Layout
    tree: Tree
    _known: dict[str, Fallbacks] = field(default_factory=dict)

    def text(self, path: str) -> bytes | None:
        """The content of a file of the image; None for a link, a submodule and what is not there."""
        placed = self.layout.files.get(path)
        if placed is None or placed.mode in (LINK, SUBMODULE):
            return None
        if not placed.oid:
            return placed.text.encode("utf-8", "surrogateescape")
        try:
            return self.tree.objects.blob(placed.oid)
        except KeyError:  # not in this clone, while its facts are remembered
            return None

    def fallbacks(self, path: str) -> Fallbacks:
        if path not in self._known:
            text = self.text(path)
            self._known[path] = Fallbacks() if text is None else fallbacks_of(text)
        return self._known[path]

    def at_startup(self, needed: Needed, closure: Closure) -> bool:
        """Does the import run whenever the program starts: no function, no `if` on some way from its start?"""
        if not needed.by:
            return True  # it is what is started
        if needed.when not in (When.TOP, When.MAIN) or needed.line in self.fallbacks(needed.by).conditional:
            return False
        pending, seen = [needed.by], {needed.by}
        while pending:
            path = pending.pop()
            if path in closure.reached and closure.reached[path].by is None:
                return True
            for by, line in closure.loaders.get(path, ()):
                if by not in seen and line not in self.fallbacks(by).conditional:
                    seen.add(by)
                    pending.append(by)
        return False
