"""What a service is made of: the Dockerfile interpreted on a git tree, without a checkout and without a build.

A file that ends in the image is never missing from the selection; where the Dockerfile does not tell, more is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from deploytool.domain.content import Selection
from deploytool.domain.dockerfile import recipe_of
from deploytool.domain.dockerfile_command import Command, command_of, overridden
from deploytool.domain.dockerfile_recipe import Recipe, Run
from deploytool.domain.doubt import Doubt
from deploytool.domain.ignorefile import NO_RULES, IgnoreFile, IgnoreRules, ignorefile_of, rules_of
from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.image_folder import FUNCTION_FOLDER, folder_layout
from deploytool.domain.image_gathering import Gathering, Outside
from deploytool.domain.image_layout import Layout, Narrowed, layout_of
from deploytool.domain.image_sources import Context
from deploytool.domain.links import LinkMemo, trail_of, with_link_targets
from deploytool.domain.model import Overrides
from deploytool.domain.tree import FOLDER, Tree


class PathSelection(NamedTuple):
    selection: Selection
    missing: tuple[str, ...]  # the paths that lead to nothing in this tree
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True)
class Image:
    """One service's image as far as git tells it."""

    selection: Selection
    outside: tuple[Outside, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    workdir: str = "/"
    command: Command | None = None  # None: the base image or the buildpack decides
    runs: tuple[Run, ...] = ()  # of the stages that count
    doubts: tuple[Doubt, ...] = ()
    complete: bool = True  # False: the Dockerfile could not be understood; anything of the context may be in it
    recipe: Recipe | None = None
    dockerfile: str | None = None  # its real path
    context: str = ""
    ignore: IgnoreRules = NO_RULES
    narrowed: Narrowed = field(default_factory=dict)

    def started_with(self, overrides: Overrides) -> Image:
        """The image as Cloud Run starts it."""
        stage = self.recipe.stages[-1] if self.recipe and self.recipe.stages else None
        return replace(
            self,
            command=overridden(stage, self.command, overrides.command, overrides.args),
            workdir=overrides.workdir or self.workdir,
            environment=MappingProxyType({**self.environment, **dict(overrides.environment)}),
        )

    def layout(self, tree: Tree) -> Layout:
        """The files by their path in the image; computed at each call, on the tree the image was read from."""
        if self.recipe is None or self.dockerfile is None:
            return folder_layout(self.context, tree)
        context = Context(tree, self.context, self.ignore)
        return layout_of(self.recipe, context, self.narrowed, self.dockerfile)


def image_of(
    dockerfile: str,
    context: str,
    tree: Tree,
    memo: LinkMemo | None = None,
    arguments: Mapping[str, str] | None = None,
) -> Image | None:
    """The image that `docker build -f dockerfile context` would make of this tree; None without that file in it.

    `arguments` are what --build-arg gives, for a build; without them the Dockerfile's own values count.
    """
    trail = trail_of(tree, cleaned(dockerfile), memo)
    content = None if trail.path is None else tree.read(trail.path)
    if trail.path is None or content is None:
        return None
    recipe = recipe_of(content, trail.path, arguments)
    folder = trail_of(tree, cleaned(context), memo)
    found, ignore = _ignore(tree, cleaned(dockerfile), folder.path or "")
    gathering = Gathering(Context(tree, folder.path or "", ignore.rules), trail.path, folder.path is not None)
    gathering.gather(recipe)
    inputs = {trail.path, *trail.passed, *folder.passed, *found, *gathering.links}
    last = recipe.stages[-1] if recipe.stages else None
    rules = tuple(rule for rule in (ignore.rules, *gathering.narrowed.values()) if rule != NO_RULES)
    followed = with_link_targets(tree, Selection(frozenset(gathering.roots), rules, frozenset(inputs)), memo)
    return Image(
        selection=followed.selection,
        outside=tuple(gathering.outside),
        environment=MappingProxyType(dict(last.environment) if last else {}),
        workdir=(last.workdir or "/") if last else "/",
        command=command_of(last) if last else None,
        runs=tuple(gathering.runs),
        doubts=(*recipe.doubts, *ignore.doubts, *gathering.doubts, *followed.doubts),
        complete=recipe.complete and not gathering.gave_up,
        recipe=recipe,
        dockerfile=trail.path,
        context=folder.path or "",
        ignore=ignore.rules,
        narrowed=MappingProxyType(gathering.narrowed),
    )


def _ignore(tree: Tree, dockerfile: str, context: str) -> tuple[tuple[str, ...], IgnoreFile]:
    """The ignore file that counts: the Dockerfile's own, else the context's; with the links that lead to it."""
    for path in (f"{dockerfile}.dockerignore", f"{context}/.dockerignore" if context else ".dockerignore"):
        trail = trail_of(tree, path)
        content = None if trail.path is None else tree.read(trail.path)
        if trail.path is not None and content is not None:
            return (trail.path, *trail.passed), ignorefile_of(content, context, trail.path)
    return (), IgnoreFile(NO_RULES, ())


def image_of_folder(source: str, tree: Tree, memo: LinkMemo | None = None) -> Image | None:
    """A function or buildpack image: the source folder itself; None when it is not there."""
    trail = trail_of(tree, cleaned(source), memo)
    entry = None if trail.path is None else tree.entry(trail.path)
    if trail.path is None or entry is None or entry.mode != FOLDER:
        return None
    followed = with_link_targets(tree, Selection(frozenset({trail.path}), inputs=frozenset(trail.passed)), memo)
    return Image(selection=followed.selection, workdir=FUNCTION_FOLDER, doubts=followed.doubts, context=trail.path)


def selection_of_paths(
    paths: Iterable[str], ignore_patterns: Iterable[str], tree: Tree, memo: LinkMemo | None = None
) -> PathSelection:
    """What `paths` mean on this tree, links followed. Raises MalformedPattern for a bad pattern."""
    rules = rules_of(ignore_patterns)
    roots, links = set[str](), set[str]()
    missing = []
    for path in paths:
        named = cleaned(path)
        roots.add("" if named == "." else named)  # where a link leads now, a folder may have been before
        trail = trail_of(tree, named, memo)
        links.update(trail.passed)
        if trail.path is None:
            missing.append(path)
        end = trail.wanted if trail.path is None else trail.path
        roots.update(() if end is None else (end,))
    selection = Selection(frozenset(roots), (rules,) if rules != NO_RULES else ())
    followed = with_link_targets(tree, selection, memo)
    selection = replace(followed.selection, roots=followed.selection.roots | links)  # passed, not followed
    return PathSelection(selection, tuple(missing), followed.doubts)
