"""What stands against building an image from git alone: told before anything is done, with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from deploytool.domain.build import Wanted
from deploytool.domain.difference import files_taken
from deploytool.domain.dockerfile_bases import workdir_of
from deploytool.domain.dockerfile_recipe import Copy, Recipe
from deploytool.domain.dockerfile_skips import skipped_as
from deploytool.domain.doubt import DoubtKind
from deploytool.domain.image import Image
from deploytool.domain.image_gathering import Outside
from deploytool.domain.image_sources import is_remote, is_wild
from deploytool.domain.tree import SUBMODULE, Entry, Tree

POINTER = b"version https://git-lfs.github.com/spec/"  # how a file begins that Git LFS keeps elsewhere
LONGEST_POINTER = 1024  # bytes

# A link is copied as a link, wherever it leads; every other doubt means that files may come or go unseen.
BESIDE_THE_FILES = frozenset((DoubtKind.LINK_BROKEN, DoubtKind.LINK_LOOP, DoubtKind.LINK_OUTSIDE))

Refusal = tuple[str, str]  # sentence, hint

# Registry names end in a folder of this grammar; a leading dash would be an option.
NAME = re.compile(r"[a-z0-9][a-z0-9.-]*(?::[0-9]+)?(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)+")

ANOTHER = 'Build it another way: [services.NAME.release] build = "docker" or "cloudbuild" in services.toml.'
NO_DOCKERFILE = "Deploy functions and buildpack services with gcloud; deploytool shows their drift all the same."


def nothing_to_build(wanted: Wanted) -> Refusal:
    """Without a Dockerfile, or with one that the commit does not have."""
    if wanted.dockerfile is None:
        return f"{wanted.service} has no Dockerfile, so there is nothing to build by.", NO_DOCKERFILE
    why = f"There is no {wanted.dockerfile} at {wanted.commit[:8]}."
    return why, f"Correct [services.{wanted.service}] dockerfile in services.toml, or commit the file."


def unnamed(wanted: Wanted) -> Refusal | None:
    """An image that is pushed needs the name of a repository to be pushed to."""
    if NAME.fullmatch(wanted.image):
        return None
    said = f"{wanted.image[:100]!r} is no name to push an image to" if wanted.image else "Its image has no name"
    hint = f'[services.{wanted.service}] image = "REGION-docker.pkg.dev/PROJECT/REPOSITORY/NAME" in services.toml.'
    return f"{said}.", hint


def not_in_git(made: Image, tree: Tree) -> Refusal | None:
    """Files that the build would look for and a clean export does not have."""
    for outside in made.outside:
        if not is_remote(outside.source) and not _may_be_empty(made, outside):
            why = f"{made.dockerfile}:{outside.line}: COPY takes {outside.source[:80]!r}, which git does not hold."
            return why, "Commit it, or fetch it while the image is built: a file beside the sources is never used."
    for path, entry in files_of_build(made, tree):
        if entry.mode == SUBMODULE and taken(made, path):
            why = f"{path} is a submodule: its files belong to another repository and are not in this commit."
            return why, "Leave it out with .dockerignore, or bring its files in while the image is built."
    return None


def _may_be_empty(made: Image, outside: Outside) -> bool:
    """`COPY package.json yarn.lock* ./`: a pattern beside other sources may find nothing."""
    steps = (step for stage in (made.recipe.stages if made.recipe else ()) for step in stage.steps)
    copies = [step for step in steps if isinstance(step, Copy) and step.line == outside.line]
    gone = {one.source for one in made.outside if one.line == outside.line}
    return is_wild(outside.source) and any(set(copy.sources) - gone for copy in copies)


def files_of_build(made: Image, tree: Tree) -> Iterator[tuple[str, Entry]]:
    """Everything that the builder is sent: the context less what its ignore file leaves out, and what names it."""
    seen: set[str] = set()
    sent = ((path, entry) for path, entry in tree.walk(made.context) if not made.ignore.ignores(path))
    for path, entry in chain(files_taken(tree, made.selection), sent):
        if path not in seen:
            seen.add(path)
            yield path, entry


def left_out_submodules(made: Image, tree: Tree) -> tuple[str, ...]:
    """Submodules that the builder would be sent, if their files were here; nothing takes them."""
    return tuple(path for path, entry in files_of_build(made, tree) if entry.mode == SUBMODULE)


def taken(made: Image, path: str) -> bool:
    """Can the file end in the image?"""
    return not made.complete or made.selection.takes(path)


def pointer_in(path: str, content: bytes) -> Refusal | None:
    if len(content) > LONGEST_POINTER or not content.startswith(POINTER):
        return None
    why = f"{path} is kept by Git LFS: git holds a pointer of {len(content)} bytes, which would be built in its place."
    return why, "Fetch the file while the image is built, or keep it in git itself."


def beyond_a_layout(made: Image, tree: Tree) -> Refusal | None:
    """What cannot be told without running a build: it takes docker or Cloud Build."""
    recipe = made.recipe
    if recipe is None or not recipe.stages or not made.complete:
        doubt = next(iter(made.doubts), None)
        where = f"{made.dockerfile}:{doubt.line}: {doubt.why}" if doubt else f"{made.dockerfile} cannot be read"
        return f"{where}.", ANOTHER
    for line, why in chain(_bases(recipe), _copies(recipe), _runs(made), _doubts(made, tree), _start(made)):
        return f"{made.dockerfile}:{line}: {why}." if line else f"{made.dockerfile}: {why}.", ANOTHER
    return None


def skipped_in(made: Image) -> tuple[str, ...]:
    return tuple(f"RUN at line {run.line} was skipped: {skipped_as(run)}" for run in made.runs)


Told = Iterable[tuple[int, str]]


def _bases(recipe: Recipe) -> Told:
    for stage in recipe.needed:
        if stage.parent is None and stage.image != "scratch" and workdir_of(stage.image) is None:
            yield stage.line, f"nobody here knows what is in {stage.image[:80] or 'this base image'}"


def _copies(recipe: Recipe) -> Told:
    for stage in recipe.needed:
        for step in stage.steps:
            if not isinstance(step, Copy):
                continue
            if step.origin.elsewhere is not None:
                yield step.line, f"COPY --from={step.origin.elsewhere[:80]} takes files of another image"
            elif step.add and any(map(is_remote, step.sources)):
                yield step.line, "ADD fetches a file from elsewhere"


def _runs(made: Image) -> Told:
    for run in made.runs:
        if not skipped_as(run):
            said = " ".join(run.argv) or " ".join(run.text.split())
            yield run.line, f"RUN {said[:80]} may make or change files, which only a build can tell"


def _doubts(made: Image, tree: Tree) -> Told:
    layout = made.layout(tree)
    for doubt in (*made.doubts, *layout.doubts):
        if doubt.kind not in BESIDE_THE_FILES:
            yield doubt.line, doubt.why if doubt.path == made.dockerfile else f"{doubt.path}: {doubt.why}"
    files = layout.files
    for path in files:
        above = path.rpartition("/")[0]
        while above:
            if above in files:
                yield 0, f"{path} would lie below {above}, which is no folder"
            above = above.rpartition("/")[0]


def _start(made: Image) -> Told:
    if made.command is None or not made.command.argv:
        yield 0, "it has no CMD and no ENTRYPOINT: the base image decides what starts"
