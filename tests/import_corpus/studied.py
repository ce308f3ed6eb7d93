"""What deploytool says of a case: its image studied, with facts taken straight from the sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from posixpath import dirname, normpath

from deploytool.domain.image_layout import Layout
from deploytool.domain.imports.facts import Facts
from deploytool.domain.imports.source.extract import facts_of
from deploytool.domain.imports.study import Study, study_of
from deploytool.domain.tree import LINK, Objects
from tests.import_corpus.case import CASES, Case, laid_out
from tests.python_oracle import Image, Loaded, loaded_by

SOURCE = ".py"


@dataclass(frozen=True, slots=True)
class PlainFacts:
    """Facts straight from the sources, remembered as long as this lives."""

    objects: Objects
    known: dict[tuple[str, str], Facts] = field(default_factory=dict)

    def of(self, blobs: Mapping[str, str]) -> Mapping[str, Facts]:
        for oid, name in blobs.items():
            if (oid, name) not in self.known:
                self.known[oid, name] = facts_of(self.objects.blob(oid), name)
        return {oid: self.known[oid, name] for oid, name in blobs.items()}

    def of_text(self, text: str, name: str) -> Facts:
        return facts_of(text.encode("utf-8", "surrogateescape"), name)


@dataclass(frozen=True)
class Studied:
    case: Case
    study: Study
    image: Image

    @property
    def reached(self) -> frozenset[str]:
        """Every place of the image that a change of may matter, by the real path."""
        places = (place for place in self.study.layout.files if self.study.reaches(place))
        return frozenset(real_place(place, self.study.layout) for place in places)

    @property
    def silent(self) -> frozenset[str]:
        return frozenset(self.image) - self.reached


def real_place(place: str, layout: Layout) -> str:
    """Where a place is after the link at its end."""
    for _ in range(40):
        placed = layout.files.get(place)
        if placed is None or placed.mode != LINK:
            break
        place = normpath(placed.text if placed.text.startswith("/") else f"{dirname(place)}/{placed.text}")
    return place


@cache
def studied(name: str) -> Studied:
    case = CASES[name]
    tree = case.tree()
    image = case.image(tree)
    study = study_of(
        image, tree, PlainFacts(tree.objects), function=case.folder is not None and "function" in case.name
    )
    return Studied(case, study, laid_out(study.layout, tree))


@cache
def loaded(name: str) -> Loaded:
    one = studied(name)
    return loaded_by(one.image, one.case.run)
