"""The files of an image, laid out step by step as COPY and ADD put them there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from deploytool.domain.content import Rules
from deploytool.domain.dockerfile_recipe import Copy, Folder, Recipe, Run, Stage
from deploytool.domain.dockerfile_runs import folders_made
from deploytool.domain.dockerfile_words import Unreadable
from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.image_sources import Context, Source, is_remote, is_wild
from deploytool.domain.links import MOST_HOPS
from deploytool.domain.tree import FOLDER, LINK, Tree

MOST_PLACED = 300_000  # files laid by all steps together

# Folders that every base image has: `COPY start.sh /usr/local/bin` puts a file in it, not in its place.
_USUAL = """
    bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr usr/bin usr/include usr/lib
    usr/local usr/local/bin usr/local/etc usr/local/lib usr/local/sbin usr/local/share usr/local/src usr/sbin usr/share
    usr/src var var/cache var/lib var/log var/run var/tmp
"""
USUAL_FOLDERS = frozenset(f"/{name}" for name in _USUAL.split())


class Placed(NamedTuple):
    """A file or link in the image. `path` is None for text that the Dockerfile itself holds (then `oid` is "")."""

    mode: int
    oid: str
    path: str | None
    text: str = ""  # of a heredoc; where a link leads


Narrowed = Mapping[tuple[int, str], Rules]  # (line, folder) -> what `COPY --exclude` leaves out there


class Layout(NamedTuple):
    files: Mapping[str, Placed]  # by absolute path in the image
    doubts: tuple[Doubt, ...] = ()


@dataclass(slots=True)
class Files:
    """A file system while it is made."""

    placed: dict[str, Placed] = field(default_factory=dict)
    folders: set[str] = field(default_factory=lambda: {"/"})

    def copy(self) -> Files:
        return Files(dict(self.placed), set(self.folders))

    def put(self, path: str, what: Placed) -> None:
        self.placed[path] = what
        self.make(path.rsplit("/", 1)[0])

    def make(self, folder: str) -> None:
        while folder and folder not in self.folders:
            self.folders.add(folder)
            folder = folder.rsplit("/", 1)[0]

    def below(self, folder: str) -> Iterator[tuple[str, Placed]]:
        """Files below a folder, by path relative to it."""
        prefix = folder.rstrip("/") + "/"
        for path, what in list(self.placed.items()):
            if path.startswith(prefix):
                yield path[len(prefix) :], what

    def real(self, path: str) -> str:
        """The path with a link at its end followed inside this image."""
        for _ in range(MOST_HOPS):
            what = self.placed.get(path)
            if what is None or what.mode != LINK or not what.text:
                break
            path = cleaned(what.text if what.text.startswith("/") else f"{path.rsplit('/', 1)[0]}/{what.text}")
        return path


def layout_of(recipe: Recipe, context: Context, narrowed: Narrowed, dockerfile: str) -> Layout:
    """Lay out the last stage. `narrowed` has the rules of `COPY --exclude` where they could be kept."""
    laying = _Laying(context, narrowed, dockerfile)
    try:
        for stage in recipe.needed:
            laying.stage(stage)
    except Unreadable as wrong:
        laying.doubts.append(Doubt(dockerfile, 0, str(wrong), DoubtKind.TOO_LARGE))
    if not recipe.stages:
        return Layout(MappingProxyType({}), tuple(laying.doubts))
    last = laying.stages.get(recipe.stages[-1].index, Files())
    return Layout(MappingProxyType(last.placed), tuple(laying.doubts))


@dataclass(slots=True)
class _Laying:
    context: Context
    narrowed: Narrowed
    dockerfile: str
    stages: dict[int, Files] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    count: int = 0

    def stage(self, stage: Stage) -> None:
        files = Files() if stage.parent is None else self.stages[stage.parent].copy()
        if stage.parent is None and stage.image != "scratch":
            files.folders |= USUAL_FOLDERS
        self.count += len(files.placed)
        self.stages[stage.index] = files
        for step in stage.steps:
            if isinstance(step, Folder):
                files.make(step.path)
            elif isinstance(step, Run):
                for folder in folders_made(step):
                    files.make(cleaned(folder if folder.startswith("/") else f"{step.workdir}/{folder}"))
            else:
                self._copy(files, step)

    def _copy(self, files: Files, copy: Copy) -> None:
        for heredoc in copy.heredocs:
            target = _target(files, copy, heredoc.name)
            self._put(files, target, Placed(0o100644, "", None, heredoc.text))
        if copy.origin.stage is not None:
            for text in copy.sources:
                self._from_stage(files, copy, self.stages[copy.origin.stage], text)
        elif copy.origin.is_context:
            texts = ("",) if copy.unknown else copy.sources
            for text in texts:
                if not (copy.add and is_remote(text)):
                    self._from_context(files, copy, text)

    def _from_context(self, files: Files, copy: Copy, text: str) -> None:
        for source in self.context.sources(text, parents=copy.parents).sources:
            for path, target, mode, oid in self._pairs(files, copy, text, source):
                self._put(files, target, Placed(mode, oid, path, self._link_text(mode, oid)))

    def _link_text(self, mode: int, oid: str) -> str:
        return self.context.tree.objects.blob(oid).decode("utf-8", "surrogateescape") if mode == LINK else ""

    def _pairs(self, files: Files, copy: Copy, text: str, source: Source) -> Iterator[tuple[str, str, int, str]]:
        """(repository path, image path, mode, blob) of each file that this source brings."""
        tree = self.context.tree
        entry = tree.entry(source.path)
        if entry is None:
            return
        home = _under(copy.target, _kept(text, source.name, self.context.folder)) if copy.parents else ""
        if entry.mode != FOLDER:
            if not self.context.rules.ignores(source.path):
                yield source.path, home or _target(files, copy, source.name), entry.mode, entry.oid
            return
        narrowed = self.narrowed.get((copy.line, source.path))
        rules = (self.context.rules, *([narrowed] if narrowed is not None else []))
        cut = len(source.path) + 1 if source.path else 0
        top = (home or copy.target).rstrip("/")
        for path, mode, oid in _taken(tree, source.path, rules):
            yield path, f"{top}/{path[cut:]}", mode, oid

    def _from_stage(self, files: Files, copy: Copy, origin: Files, text: str) -> None:
        path = cleaned("/" + text)
        if is_wild(path):
            why = "a pattern over another stage's files: all that was copied there is assumed"
            self.doubts.append(Doubt(self.dockerfile, copy.line, why, DoubtKind.STAGE_PATTERN))
            path = path[: path.index(next(mark for mark in path if mark in "*?["))].rsplit("/", 1)[0] or "/"
        path = origin.real(path)
        if path in origin.placed:
            self._put(files, _target(files, copy, cleaned("/" + text)), origin.placed[path])
            return
        top = copy.target.rstrip("/")
        if copy.parents:
            top = _under(copy.target, path[1:])
        for below, what in origin.below(path):
            self._put(files, f"{top}/{below}", what)

    def _put(self, files: Files, target: str, what: Placed) -> None:
        self.count += 1
        if self.count > MOST_PLACED:
            raise Unreadable(f"more than {MOST_PLACED} files are laid out", too_large=True)
        files.put(target, what)


def _target(files: Files, copy: Copy, name: str) -> str:
    """Where a single file goes: into the target when that is a folder or there are several sources."""
    several = len(copy.sources) + len(copy.heredocs) > 1
    target = copy.target.rstrip("/")
    if copy.target.endswith("/") or several or (target or "/") in files.folders:
        return f"{target}/{name.rsplit('/', 1)[-1]}"
    return target


def _under(target: str, path: str) -> str:
    return cleaned(f"{target}/{path}")


def _kept(text: str, name: str, folder: str) -> str:
    """The part of a `--parents` source that is kept: from the context root, or from behind `/./`."""
    relative = name[len(folder) :].lstrip("/") if folder else name
    before, pivot, _ = text.partition("/./")
    skip = cleaned("/" + before)[1:]
    if not pivot or not skip:
        return relative
    return "/".join(relative.split("/")[skip.count("/") + 1 :])


def _taken(tree: Tree, folder: str, rules: tuple[Rules, ...]) -> Iterator[tuple[str, int, str]]:
    """Every file below a folder that no rule leaves out; folders that are left out entirely are not opened."""
    start = tree.entry(folder)
    pending = [(folder, start)] if start is not None else []
    while pending:
        path, entry = pending.pop()
        prefix = f"{path}/" if path else ""
        for name, below in tree.objects.listing(entry.oid).items():
            here = prefix + name
            if below.mode == FOLDER:
                if not any(rule.prunes(here) for rule in rules):
                    pending.append((here, below))
            elif not any(rule.ignores(here) for rule in rules):
                yield here, below.mode, below.oid
