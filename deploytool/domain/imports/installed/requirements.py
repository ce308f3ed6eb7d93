"""What the package installers bring into an image: its RUN lines read together with the files that they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from deploytool.domain.dockerfile_recipe import Copy, Recipe, Run, Stage
from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.image import Image
from deploytool.domain.image_folder import FUNCTION_FOLDER
from deploytool.domain.image_layout import Layout, layout_of
from deploytool.domain.image_sources import Context
from deploytool.domain.imports.installed.distributions import (
    INSTALLED_FROM,
    INSTALLERS,
    Distribution,
    Listed,
    Requirements,
)
from deploytool.domain.imports.installed.install_commands import Install, install_of
from deploytool.domain.imports.installed.lockfiles import LOCKS, locked_in, project_in
from deploytool.domain.imports.installed.requirement_lines import Listing, listed_in
from deploytool.domain.imports.installed.shell_words import spoken_by
from deploytool.domain.links import MOST_HOPS
from deploytool.domain.tree import LINK, Tree

Read = Callable[[str], bytes | None]  # a repository path's content

NOTHING = Layout({})
MOST_FILES = 1_000  # requirements files that name one another

# Images that bring no distribution but the installers; any other may bring some that nobody sees here.
_PLAIN = re.compile(
    r"(?:[a-z0-9.:-]+/)*(?:python|debian|ubuntu|alpine|busybox|node|golang|rust|ruby|openjdk|bun|deno|nginx|httpd|uv|pypy|python3(?:-debian\d+)?"
    r"|(?:base|static|cc)-debian\d+)(?:[:@].*)?\Z"
)
_PACKAGES = re.compile(r"site-packages|dist-packages|/venv|/\.venv|/lib/python|^/usr/local/?\Z|^/usr/?\Z|^/opt/?|^/\Z")


def requirements_of(image: Image, tree: Tree, layout: Layout | None = None) -> Requirements:
    """What is installed in this image; `layout` spares laying it out again."""
    if image.recipe is None or image.dockerfile is None:
        return _of_folder(image.layout(tree) if layout is None else layout, tree.read)
    reading = _Reading(tree.read, image.dockerfile, image.context)
    if not image.complete:
        reading.doubt(0, "the Dockerfile could not be read as a whole")
    needed = image.recipe.needed
    for stage in needed:
        reading.stage(stage)
        last = stage is needed[-1]
        runs = [step for step in stage.steps if isinstance(step, Run)]
        if runs:
            reading.layout = layout if last and layout is not None else _layout_at(image, image.recipe, stage, tree)
            reading.runs(runs)
    return reading.requirements()


def installed_by(
    runs: Sequence[Run], layout: Layout, read: Read, *, dockerfile: str = "Dockerfile", context: str = ""
) -> Requirements:
    """What these RUN lines install, the files they name being looked up in one layout."""
    reading = _Reading(read, dockerfile, context, layout)
    reading.runs(runs)
    return reading.requirements()


def _layout_at(image: Image, recipe: Recipe, stage: Stage, tree: Tree) -> Layout:
    until = replace(recipe, stages=recipe.stages[: stage.index + 1])
    return layout_of(until, Context(tree, image.context, image.ignore), image.narrowed, image.dockerfile or "")


def _of_folder(layout: Layout, read: Read) -> Requirements:
    """A function or a buildpack's service: what the buildpack finds in the source folder, and the framework."""
    reading = _Reading(read, "", "", layout)
    framework = Distribution("functions-framework", "", "", 0)
    place = f"{FUNCTION_FOLDER}/requirements.txt"
    if reading.content(place) is not None:
        reading.file(place, 0)
    else:
        reading.project(FUNCTION_FOLDER, tuple(LOCKS), 0, needed=False)
    reading.found.append(framework)
    return reading.requirements()


@dataclass(slots=True)
class _Reading:
    read: Read
    dockerfile: str
    context: str
    layout: Layout = NOTHING
    found: list[Distribution] = field(default_factory=list)
    locks: list[bool] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    absent: list[Doubt] = field(default_factory=list)
    projects: list[str] = field(default_factory=list)
    exported: bool = False
    seen: set[str] = field(default_factory=set)
    binds: tuple[str, ...] = ()

    def doubt(self, line: int, why: str, path: str = "") -> None:
        self.doubts.append(Doubt(path or self.dockerfile, line, why, DoubtKind.UNPARSABLE))

    def requirements(self) -> Requirements:
        return Requirements(
            tuple(dict.fromkeys(self.found)),
            bool(self.locks) and all(self.locks),
            not self.doubts,
            tuple(dict.fromkeys(self.doubts)),
            tuple(dict.fromkeys(self.projects)),
            tuple(dict.fromkeys(self.absent)),
        )

    def stage(self, stage: Stage) -> None:
        """Packages that come ready made: with the image a stage starts from, or copied out of another."""
        if stage.parent is None and stage.image != "scratch" and not _PLAIN.match(stage.image):
            self.doubt(stage.line, f"the image {stage.image[:80] or '?'} may bring distributions of its own")
        for step in stage.steps:
            if isinstance(step, Copy) and step.origin.elsewhere and _PACKAGES.search(step.target):
                self.doubt(step.line, f"files of the image {step.origin.elsewhere[:80]} may bring distributions")

    def runs(self, runs: Sequence[Run]) -> None:
        for run in runs:
            self.binds = run.binds
            spoken = spoken_by(run)
            if spoken is None:
                self.doubt(run.line, "this RUN line cannot be read as shell text")
            for one in spoken or ():
                install = install_of(one)
                if install is not None:
                    self.take(install, run.line)
        self.binds = ()

    def take(self, install: Install, line: int) -> None:
        if install.unclear:
            self.doubt(line, install.unclear)
        self.exported = self.exported or install.exports
        if install.tool is not None:
            self.project(install.cwd, (install.tool.value,), line, installed=install.installs_project)
        listing = Listing(self.dockerfile)
        for word in install.words:
            listing.take(word, line)
        for place in install.editable:
            listing.editable(place, line)
        self.listed(listing.listed(), install.cwd)
        self.found.extend(Distribution(name, "", self.dockerfile, line) for name in install.distributions)
        if any(each.name not in INSTALLERS for each in listing.distributions):
            self.locks.append(False)
        for name in install.files:
            self.file(_joined(install.cwd, name), line, install.cwd, groups=install.groups)

    def listed(self, listed: Listed, cwd: str, path: str = "", folder: str = "") -> None:
        """What a list names: files lie relative to it (`folder`), local packages to where pip runs (`cwd`)."""
        self.found.extend(listed.distributions)
        for line, why in listed.unclear:
            self.doubt(line, why, path)
        for name, line in listed.files:
            self.file(_joined(folder or cwd, name), line, cwd, path)
        for name, line in listed.locals:
            self.project(_joined(cwd, name), (), line, installed=True, by=path)

    def file(self, place: str, line: int, cwd: str = "", by: str = "", *, groups: bool = True) -> None:
        """A requirements file at an absolute path of the image."""
        if place in self.seen:
            return
        self.seen.add(place)
        if len(self.seen) > MOST_FILES:
            self.doubt(line, f"more than {MOST_FILES} files of requirements", by)
            return
        content = self.content(place)
        if content is None:
            if not self.exported:
                self.doubt(line, f"{place.rsplit('/', 1)[-1]}{INSTALLED_FROM}", by)
                self.absent.append(self.doubts[-1])
            return
        data, path = content
        if place.rsplit("/", 1)[-1] in ("pyproject.toml", "Pipfile"):
            listed = project_in(data, path, groups=groups)
        else:
            listed = listed_in(data, path)
        if listed.distributions:
            self.locks.append(listed.locked)
        folder = place.rsplit("/", 1)[0] or "/"
        self.listed(listed, cwd or folder, path, folder)

    def project(
        self,
        folder: str,
        locks: tuple[str, ...],
        line: int,
        *,
        installed: bool = False,
        needed: bool = True,
        by: str = "",
    ) -> None:
        """What a project folder asks for: its lock file, else its own list."""
        for name in locks:
            content = self.content(f"{folder}/{name}")
            if content is not None:
                self.locks.append(True)
                self.listed(locked_in(*content), folder, content[1])
                break
        else:
            needed = self._own_list(folder, line, by) is False and needed
            if needed and not self.exported:
                self.doubt(line, f"{folder} is installed, and what it asks for is not known here", by)
        if installed:
            self._installed(folder)

    def _own_list(self, folder: str, line: int, by: str) -> bool:
        for name in ("pyproject.toml", "Pipfile"):
            content = self.content(f"{folder}/{name}")
            if content is not None:
                listed = project_in(*content)
                self.locks.append(False)
                self.listed(listed, folder, content[1])
                legacy = self.content(f"{folder}/setup.py") is not None and not listed.distributions
                return not legacy
        return False

    def _installed(self, folder: str) -> None:
        for name in ("pyproject.toml", "setup.py", "setup.cfg"):
            content = self.content(f"{folder}/{name}")
            if content is not None:
                self.projects.append(content[1].rpartition("/")[0])
                return

    def content(self, place: str) -> tuple[bytes, str] | None:
        """(bytes, repository path) of a file of the image, or of one that a mount lays under the command."""
        place = cleaned(place)
        for _ in range(MOST_HOPS):
            what = self.layout.files.get(place)
            if what is None:
                return self._bound(place)
            if what.mode != LINK:
                data = what.text.encode("utf-8", "surrogateescape") if what.path is None else self.read(what.path)
                return None if data is None else (data, what.path or self.dockerfile)
            place = _joined(place.rsplit("/", 1)[0], what.text)
        return None

    def _bound(self, place: str) -> tuple[bytes, str] | None:
        name = place.rsplit("/", 1)[-1]
        for bind in self.binds:
            path = cleaned(f"/{self.context}/{bind}")[1:]
            for one in (path, f"{path}/{name}" if path else name):
                data = self.read(one) if one.rsplit("/", 1)[-1] == name else None
                if data is not None:
                    return data, one
        return None


def _joined(folder: str, name: str) -> str:
    return cleaned(name if name.startswith("/") else f"{folder}/{name}")
