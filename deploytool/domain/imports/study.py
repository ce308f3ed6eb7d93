"""One image read to the end: its files, its program, and what that can load. From there, the impact of a change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Set
from dataclasses import dataclass
from posixpath import normpath

from deploytool.domain.doubt import HARMLESS, Doubt, DoubtKind
from deploytool.domain.ignorefile import rules_of
from deploytool.domain.image import Image
from deploytool.domain.image_layout import Layout, Placed
from deploytool.domain.impact import Impact
from deploytool.domain.imports.closure import Closure
from deploytool.domain.imports.facts import FactsOf
from deploytool.domain.imports.installed.requirements import requirements_of
from deploytool.domain.imports.launch.folder import program_of_folder
from deploytool.domain.imports.launch.launch import program_of
from deploytool.domain.imports.program import Program
from deploytool.domain.imports.reach.data import reads
from deploytool.domain.imports.reach.reachable import closure_of
from deploytool.domain.links import MOST_HOPS
from deploytool.domain.tree import LINK, SUBMODULE, Tree

SOURCE = ".py"


@dataclass(frozen=True, slots=True)
class Study:
    """What is known of one service at one commit."""

    layout: Layout
    program: Program
    closure: Closure
    doubts: tuple[Doubt, ...] = ()  # of the image, its program and its imports together
    texts: frozenset[str] = frozenset()  # blob ids of the files that were read to find out what is started

    @property
    def proven(self) -> bool:
        """Were all imports followed? Else any file of the image may be loaded."""
        return self.program.python and not self.closure.everything and all(d.kind in HARMLESS for d in self.doubts)

    def reaches(self, place: str) -> bool:
        """Can the program load or read the file at this path of the image?"""
        if not self.proven or place in self.closure.reached:
            return True
        return not place.endswith(SOURCE) and reads(self.closure, self.layout, place)


def study_of(
    image: Image,
    tree: Tree,
    facts: FactsOf,
    *,
    function: bool = False,
    entrypoint: str | None = None,
    dynamic: Collection[str] = (),
) -> Study:
    """Read an image of this tree. `dynamic`: repository patterns of what an unbounded import may load.

    Raises KeyError when git does not have a file that must be read.
    """
    layout = image.layout(tree)
    texts: set[str] = set()
    read = reader_of(layout, tree, texts)
    if image.dockerfile is None and image.command is None:
        program = program_of_folder(layout, read, kind_function=function, entrypoint=entrypoint)
    else:
        program = program_of(image, layout, read, entrypoint)
    closure = Closure()
    if program.python:
        closure = closure_of(program, layout, facts, dynamic=_places_of(dynamic, layout))
    doubts = (*image.doubts, *layout.doubts, *_unseen(layout), *_installed(image, tree, layout), *closure.doubts)
    return Study(layout, program, closure, tuple(dict.fromkeys(doubts)), frozenset(texts))


def impact_of(study: Study, taken: Set[str], inputs: frozenset[str]) -> Impact:
    """Sort every file of the service by what a change of it means.

    `taken` is everything that the service is made of, by repository path; `inputs` are the Dockerfile and its ignore
    file. A file that lies in the image without being taken was left out by the service's own `ignore`.
    """
    by: dict[str, str | None] = {}
    for place, reached in study.closure.reached.items():
        by.setdefault(name_of(place, study.layout), None if reached.by is None else name_of(reached.by, study.layout))
    live: set[str] = set()
    silent: set[str] = set()
    for place, placed in study.layout.files.items():
        if placed.path is not None and placed.path in taken:
            (live if study.reaches(place) else silent).add(placed.path)
    silent -= live | inputs
    return Impact(
        by=by,
        silent=frozenset(silent),
        rest=frozenset(taken - by.keys() - silent),
        proven=study.proven,
        doubts=study.doubts,
        command=study.program.said,
    )


def name_of(place: str, layout: Layout) -> str:
    """The repository path of a file in the image; for what only the Dockerfile holds, its place there."""
    placed = layout.files.get(place)
    return place if placed is None or placed.path is None else placed.path


def reader_of(layout: Layout, tree: Tree, texts: set[str]) -> Callable[[str], bytes | None]:
    """Reads a file by its path in the image, through links; None when it is not there. `texts` gains its blob id."""

    def read(place: str) -> bytes | None:
        found = _real(layout, place)
        if found is None or found.mode in (LINK, SUBMODULE):
            return None
        texts.add(found.oid)
        return tree.objects.blob(found.oid) if found.oid else found.text.encode("utf-8", "surrogateescape")

    return read


def _real(layout: Layout, place: str) -> Placed | None:
    for _ in range(MOST_HOPS):
        found = layout.files.get(place)
        if found is None or found.mode != LINK or not found.text:
            return found
        place = normpath(found.text if found.text.startswith("/") else f"{place.rpartition('/')[0]}/{found.text}")
    return None


def _installed(image: Image, tree: Tree, layout: Layout) -> Iterator[Doubt]:
    """A folder of ours that a list of requirements installs is imported by names that only its build knows."""
    requirements = requirements_of(image, tree, layout)
    for folder in requirements.projects:
        why = "installed as a package; under which names its files are imported is not seen"
        yield Doubt(folder, 0, why, DoubtKind.RUN_CONSUMES)


def _unseen(layout: Layout) -> Iterator[Doubt]:
    """A submodule's files are in another repository; what they import is not known."""
    for placed in layout.files.values():
        if placed.mode == SUBMODULE and placed.path is not None:
            yield Doubt(placed.path, 0, "a submodule; what its files import is not seen", DoubtKind.SUBMODULE)


def _places_of(patterns: Collection[str], layout: Layout) -> frozenset[str]:
    if not patterns:
        return frozenset()
    named = rules_of(patterns)  # the dialect of `ignore`, turned round: what it matches is what is meant
    return frozenset(
        place for place, placed in layout.files.items() if placed.path is not None and named.ignores(placed.path)
    )
