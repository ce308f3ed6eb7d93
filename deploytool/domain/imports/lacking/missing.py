"""What the program imports and its image does not have.

Said in Python's own terms: a module of the repository that was not copied, a distribution that nobody installs, a name
that exists nowhere. `Closure.needed` holds what no file of the image answers to; this tells which of it is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from deploytool.domain.dockerfile_recipe import Run
from deploytool.domain.doubt import Doubt
from deploytool.domain.image_folder import FUNCTION_FOLDER
from deploytool.domain.image_layout import Layout
from deploytool.domain.imports.closure import Closure, Needed
from deploytool.domain.imports.facts import When
from deploytool.domain.imports.installed.bringing import is_standard, likely_name, modules_of, provides, shown_name
from deploytool.domain.imports.installed.distributions import Requirements
from deploytool.domain.imports.installed.known_names import SHARED
from deploytool.domain.imports.lacking.counterparts import Counterparts
from deploytool.domain.imports.lacking.hiding import hiding_in
from deploytool.domain.imports.lacking.left_behind import bare_packages, left_behind
from deploytool.domain.imports.lacking.missing_module import Cause, Hits, Level, MissingModule
from deploytool.domain.imports.lacking.sources import Sources
from deploytool.domain.tree import Tree


def missing_of(
    closure: Closure,
    layout: Layout,
    tree: Tree,
    requirements: Requirements | None,
    *,
    dockerfile: str | None,
    doubts: Sequence[Doubt] = (),
    runs: Sequence[Run] = (),
    before: Collection[str] = (),
) -> tuple[MissingModule, ...]:
    """Sorted by path and line, each name once per file; nothing when what is started is not known.

    `requirements` None: nobody knows what is installed, so nothing third-party is said. `doubts` are the image's: with
    one that may bring files, first-party errors are warnings. `dockerfile` None: the image is a source folder, into
    which a deploy may put more than git shows, so they are warnings too. So is a module that one of `runs` writes.
    `before`: files that the image is known to have had, so that no doubt brings them.
    """
    started = any(reached.by is None for reached in closure.reached.values())
    if not started and not any(not needed.by for needed in closure.needed):
        return ()
    found: dict[tuple[str, str], MissingModule] = {}
    hiding = hiding_in((*layout.doubts, *doubts))
    for missing in _Looking(closure, layout, tree, requirements, hiding, dockerfile, runs, before).all():
        known = found.setdefault((missing.name, missing.path), missing)
        if known.level is Level.WARNING and missing.level is Level.ERROR:
            found[missing.name, missing.path] = missing
    return tuple(sorted(found.values(), key=lambda one: (one.path, one.line, one.name)))


@dataclass(slots=True)
class _Looking:
    closure: Closure
    layout: Layout
    tree: Tree
    requirements: Requirements | None
    hiding: Doubt | None
    dockerfile: str | None
    runs: Sequence[Run]
    before: Collection[str]
    places: Counterparts = field(init=False)
    sources: Sources = field(init=False)

    def __post_init__(self) -> None:
        self.places = Counterparts(self.layout.files, self.closure.roots, self.tree)
        self.sources = Sources(self.layout, self.tree)

    def all(self) -> Iterator[MissingModule]:
        """First everything that fails, then without what another import makes up for."""
        failing: list[tuple[Needed, MissingModule]] = []
        behind = left_behind(self.closure, self.places, self.sources)
        for needed in (*self.closure.needed, *behind):
            if needed.when is not When.TYPE_CHECKING and not is_standard(needed.name):
                found = ((needed, missing) for missing in self._of(needed))
                failing += (one for one in found if not needed.perhaps or one[1].cause is Cause.NOT_COPIED)
        lines = {(needed.by, needed.line) for needed, _ in failing}
        yield from (missing for needed, missing in failing if not self._made_up_for(needed, lines))
        for needed, home, folder in bare_packages(self.closure, self.places, self.tree):
            why = f"{home} has code and is not in the image, so Python takes {needed.name} without it"
            hint = self._add(home, f"{folder}/__init__.py")
            yield self._said(needed, needed.name, Level.WARNING, Cause.NOWHERE, why, hint)

    def _made_up_for(self, needed: Needed, failing: set[tuple[str, int]]) -> bool:
        """Another import stands in, or stands before and works; or the program itself looks whether it is there."""
        known = self.sources.fallbacks(needed.by)
        if needed.line in known.looked_for:
            return True
        others = known.instead.get(needed.line, set()), known.after.get(needed.line, set())
        return any(lines and not any((needed.by, line) in failing for line in lines) for lines in others)

    def _of(self, needed: Needed) -> Iterator[MissingModule]:
        if needed.name.startswith((".", "/")):
            yield from self._beyond(needed) if needed.name.startswith(".") else self._script(needed)
        elif needed.name not in SHARED and (there := self.places.in_image(needed.name)) is not None:
            if self._gives_way(needed.name, there):
                return
            if needed.names and self.places.in_order(needed.name, self.places.roots):
                yield from self._names(needed, there)
            else:
                yield self._hidden(needed, there)
        else:
            for module in modules_of(needed):
                yield from self._absent(needed, module)

    def _gives_way(self, module: str, there: str) -> bool:
        """A mere folder is hidden by an installed package of its name, wherever in sys.path that is."""
        if there not in self.places.folders:
            return False
        brought = None if self.requirements is None else provides(module, self.requirements)
        return brought is True or (brought is None and likely_name(module) is not None)

    def _names(self, needed: Needed, there: str) -> Iterator[MissingModule]:
        """The module is there. What it lacks is an attribute, unless the repository has a module of that name or the
        module is a mere folder, which has no attributes."""
        for name in needed.names:
            module = f"{needed.name}.{name}"
            if name == "*" or self.places.in_image(module) is not None:
                continue
            if self.places.in_repository(module) is not None:
                yield from self._uncopied(needed._replace(name=module, names=()), module)
            elif there in self.places.folders:
                why = f"{there} has no __init__.py, so nothing but its modules can be imported from it"
                yield self._nowhere(needed, module, why)

    def _absent(self, needed: Needed, module: str) -> Iterator[MissingModule]:
        brought = None if self.requirements is None else provides(module, self.requirements)
        if brought or self._in_project(module):
            return
        home = self.places.in_repository(module)
        if home is not None and not self._is_theirs(module, home, brought):
            yield from self._uncopied(needed, module)
        elif self._is_ours(module):
            yield self._nowhere(needed, module)
        elif brought is False:
            yield self._uninstalled(needed, module)

    def _is_theirs(self, module: str, home: str, brought: bool | None) -> bool:
        """Something in the repository that may only happen to be called like a known distribution's module."""
        return likely_name(module) is not None and (brought is None or not home.endswith(".py"))

    def _is_ours(self, module: str) -> bool:
        first = module.partition(".")[0]
        if first == module or first in SHARED:
            return False
        return self.places.in_image(first) is not None or self.places.in_repository(first) is not None

    def _in_project(self, module: str) -> bool:
        """Does a folder that is installed as a package have it?"""
        projects = () if self.requirements is None else self.requirements.projects
        return any(self.places.below(f"{project}/{inner}", module) for project in projects for inner in ("", "src"))

    def _beyond(self, needed: Needed) -> Iterator[MissingModule]:
        certain = not (needed.guarded or self.closure.any_root)
        why = "the relative import leaves the topmost package that its file is in, as the program is started"
        hint = "Import it by its full name, or start the program from the folder above its package."
        yield self._said(needed, needed.name, _level(certain), Cause.NOWHERE, why, hint)

    def _script(self, needed: Needed) -> Iterator[MissingModule]:
        home = self.places.origin(needed.name)
        if home is not None:
            why = f"it is what the container starts, and {home} was not copied there"
            hint = self._add(home, needed.name)
            yield self._said(needed, needed.name, Level.ERROR, Cause.NOT_STARTED, why, hint, home)

    def _hidden(self, needed: Needed, there: str) -> MissingModule:
        """In the image, yet Python takes another package of that name first."""
        first = needed.name.partition(".")[0]
        why = f"{there} is in the image, but another package {first} is found before it and hides it"
        doubtful = self.closure.edited and self.places.in_some_order(needed.name)
        certain = not (doubtful or self.closure.any_root)
        if not certain:
            why = f"shadowing: {why}, unless sys.path is edited so that it comes first"
        hint = f"Give the two packages called {first} different names, or import it by the name that is found."
        return self._said(needed, needed.name, _level(certain), Cause.SHADOWED, why, hint)

    def _uncopied(self, needed: Needed, module: str) -> Iterator[MissingModule]:
        below = [f"{module}.{name}" for name in needed.names if name != "*"] if module == needed.name else []
        modules = [name for name in below if self.places.in_repository(name) is not None]
        for one in modules or [module]:  # `from a import b` asks for a.b when that is a module, too
            home = self.places.in_repository(one) or ""
            why = f"{home} is in the repository and not in the image"
            if needed.when is When.FUNCTION:
                why += "; it is missed when the function is called"
            hint = self._add(*self.places.copy(one, home))
            yield self._said(needed, one, Level.ERROR, Cause.NOT_COPIED, why, hint, home)

    def _nowhere(self, needed: Needed, module: str, why: str = "") -> MissingModule:
        why = why or f"{module.partition('.')[0]} is a package of this repository, and has no such module"
        hint = f"Correct the import, or add {module.replace('.', '/')}.py."
        certain = not (needed.guarded or self.closure.any_root)
        return self._said(needed, module, _level(certain), Cause.NOWHERE, why, hint)

    def _uninstalled(self, needed: Needed, module: str) -> MissingModule:
        assert self.requirements is not None
        outside = self.places.elsewhere(module)
        if outside is not None and likely_name(module) is None:
            certain = not (needed.guarded or self.closure.any_root)
            why = f"{outside} is in the image, in no folder that Python looks in"
            roots = ", ".join(self.closure.roots)
            hint = f"Import it by its full name, or put its folder into PYTHONPATH (now: {roots})."
            return self._said(needed, module, _level(certain), Cause.SHADOWED, why, hint)
        locked = self.requirements.locked
        started = not needed.by and likely_name(module) is None and self.requirements.complete
        certain = (locked or started) and not (needed.guarded or self.closure.any_root)
        certain = certain and self.sources.at_startup(needed, self.closure)
        source = next(iter(self.requirements.sources), "the requirements")
        why = f"{source} does not list it" if locked else f"nothing that {source} lists is known to bring it"
        name = likely_name(shown_name(module)) or f"{shown_name(module)}, or what brings it,"
        hint = f"Add {name} to {source}."
        return self._said(needed, shown_name(module), _level(certain), Cause.NOT_INSTALLED, why, hint)

    def _add(self, source: str, target: str) -> str:
        if self.dockerfile is None:
            place = target.removeprefix(f"{FUNCTION_FOLDER}/")
            return f"Put {source} into the source folder as {place}: a copy or a link."
        return f"Add to {self.dockerfile}: COPY {source} {target}"

    def _said(
        self, needed: Needed, name: str, level: Level, cause: Cause, why: str, hint: str, home: str = ""
    ) -> MissingModule:
        placed = self.layout.files.get(needed.by)
        path = needed.by if placed is None else placed.path  # None: text of the Dockerfile
        if level is Level.ERROR and not cause.third_party and (doubt := self._perhaps(name, home)):
            level, why = Level.WARNING, f"{why}; unless {doubt}"
        line = needed.line if path is not None else 0
        place, hits = path or self.dockerfile or "", self._hits(needed)
        return MissingModule(name, place, line, level, cause, why, hint, home, hits, not needed.by)

    def _hits(self, needed: Needed) -> Hits:
        if needed.guarded:
            return Hits.CAUGHT
        return Hits.STARTUP if self.sources.at_startup(needed, self.closure) else Hits.CALL

    def _perhaps(self, module: str, home: str) -> str:
        """How a file could get into the image unseen, "" when it could not."""
        if self.dockerfile is None:
            return "" if home in self.before else "the deploy puts it into the source folder"
        last = module.rpartition(".")[2]
        writes = re.compile(rf"(?<![\w.-]){re.escape(last)}(?:\.py|/__init__\.py)(?![\w.])")
        for run in self.runs:
            if writes.search(run.text) or any(map(writes.search, run.argv)):
                return f"{self.dockerfile}:{run.line} writes it"
        if self.hiding is None or home in self.before:
            return ""
        return f"{self.hiding.path}:{self.hiding.line} brings it ({self.hiding.why})"


def _level(certain: bool) -> Level:
    return Level.ERROR if certain else Level.WARNING
