"""What the program imports and its image does not have.

Said in Python's own terms: a module of the repository that was not copied, a distribution that nobody installs, a name
that exists nowhere. `Closure.needed` holds what no file of the image answers to; this tells which of it is a mistake.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.image_layout import Layout
from deploytool.domain.imports.bringing import is_standard, likely_name, modules_of, provides, shown_name
from deploytool.domain.imports.closure import Closure, Needed
from deploytool.domain.imports.counterparts import Counterparts
from deploytool.domain.imports.distributions import Requirements
from deploytool.domain.imports.facts import When
from deploytool.domain.imports.fallbacks import Fallbacks, fallbacks_of
from deploytool.domain.imports.known_names import SHARED
from deploytool.domain.tree import Tree


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Kind(StrEnum):
    FIRST_PARTY = "first-party"
    THIRD_PARTY = "third-party"


@dataclass(frozen=True, slots=True)
class MissingModule:
    name: str  # dotted
    path: str  # repository path of the importing file
    line: int
    level: Level
    kind: Kind
    why: str
    hint: str


# With one of these, files may be in the image that the layout does not show.
_BRINGS_FILES = frozenset(
    (
        DoubtKind.RUN_CONSUMES,
        DoubtKind.UNKNOWN_VALUE,
        DoubtKind.UNKNOWN_INSTRUCTION,
        DoubtKind.UNKNOWN_STAGE,
        DoubtKind.UNPARSABLE,
        DoubtKind.UNPACKED,
        DoubtKind.TOO_LARGE,
    )
)
_NO_PYTHON = ("npm ", "yarn ", "pnpm ", "npx ", "node ", "apt", "apk ", "playwright ")


def missing_of(
    closure: Closure,
    layout: Layout,
    tree: Tree,
    requirements: Requirements | None,
    *,
    doubts: Sequence[Doubt] = (),
    own_roots: Collection[str] | None = None,
) -> tuple[MissingModule, ...]:
    """Sorted by path and line, each name once per file.

    `doubts` are the image's: with one of those that may bring files, what is said is a warning. `own_roots` are the
    folders of sys.path before any edit; further ones in the closure come from edits, whose order nobody can tell.
    """
    if all(reached.by is not None for reached in closure.reached.values()):
        return ()  # what is started is not known, so neither is what it asks for
    edited = closure.any_root or own_roots is None or not set(closure.roots) <= set(own_roots)
    looking = _Looking(closure, layout, tree, requirements, edited, _hiding((*layout.doubts, *doubts)))
    found: dict[tuple[str, str], MissingModule] = {}
    for missing in (*looking.judged(), *looking.bare_packages()):
        known = found.setdefault((missing.name, missing.path), missing)
        if known.level is Level.WARNING and missing.level is Level.ERROR:
            found[missing.name, missing.path] = missing
    return tuple(sorted(found.values(), key=lambda one: (one.path, one.line, one.name)))


def _hiding(doubts: Iterable[Doubt]) -> Doubt | None:
    """The first doubt behind which Python files could hide."""
    for doubt in doubts:
        if doubt.kind in _BRINGS_FILES:
            if doubt.kind is DoubtKind.RUN_CONSUMES and any(program in doubt.why for program in _NO_PYTHON):
                continue
            return doubt
    return None


@dataclass(slots=True)
class _Looking:
    closure: Closure
    layout: Layout
    tree: Tree
    requirements: Requirements | None
    edited: bool
    hiding: Doubt | None
    places: Counterparts = field(init=False)
    lines: set[tuple[str, int]] = field(default_factory=set)  # (file, line) of every import that fails
    fallbacks: dict[str, Fallbacks] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places = Counterparts(self.layout.files, self.closure.roots, self.tree)

    def judged(self) -> list[MissingModule]:
        """First everything that fails, then without what another import makes up for."""
        failing: list[tuple[Needed, MissingModule]] = []
        for needed in self.closure.needed:
            if needed.when is not When.TYPE_CHECKING and not is_standard(needed.name):
                failing.extend((needed, missing) for missing in self._of(needed))
        self.lines = {(needed.by, needed.line) for needed, _ in failing}
        return [missing for needed, missing in failing if not self._made_up_for(needed)]

    def _made_up_for(self, needed: Needed) -> bool:
        """Another import stands in, or stands before and works."""
        known = self._fallbacks(needed.by)
        instead = known.instead.get(needed.line, set())
        if instead and not any((needed.by, line) in self.lines for line in instead):
            return True
        before = known.after.get(needed.line, set())
        return bool(before) and not any((needed.by, line) in self.lines for line in before)

    def _fallbacks(self, by: str) -> Fallbacks:
        if by not in self.fallbacks:
            placed = self.layout.files.get(by)
            source = None
            if placed is not None:
                source = placed.text.encode() if placed.path is None else self.tree.objects.blob(placed.oid)
            self.fallbacks[by] = Fallbacks() if source is None else fallbacks_of(source)
        return self.fallbacks[by]

    def _of(self, needed: Needed) -> Iterator[MissingModule]:
        if needed.name not in SHARED and self.places.in_image(needed.name) is not None:
            if needed.names and self.places.in_order(needed.name):
                yield from self._below_present(needed)
            else:
                yield self._hidden(needed, needed.name)
            return
        for module in modules_of(needed):
            brought = None if self.requirements is None else provides(module, self.requirements)
            if brought or self._in_project(module):
                continue
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

    def _below_present(self, needed: Needed) -> Iterator[MissingModule]:
        """The module itself is there: a name it lacks is an attribute, or a module that the repository has."""
        for name in needed.names:
            module = f"{needed.name}.{name}"
            if name == "*" or self.places.in_image(module) is not None:
                continue
            if self.places.in_repository(module) is not None:
                yield from self._uncopied(needed._replace(name=module, names=()), module)

    def _hidden(self, needed: Needed, module: str) -> MissingModule:
        there = self.places.in_image(module) or ""
        first = module.partition(".")[0]
        why = f"{there} is in the image, but another package {first} comes before it in sys.path and hides it"
        if self.edited:
            why = f"shadowing: {why}, unless an edit of sys.path puts them the other way round"
        level = Level.WARNING if self.edited else Level.ERROR
        hint = f"Give the two packages called {first} different names, or import it by the name that is found."
        return self._said(needed, module, level, Kind.FIRST_PARTY, why, hint)

    def _uncopied(self, needed: Needed, module: str) -> Iterator[MissingModule]:
        for one in self._innermost(needed, module):
            home = self.places.in_repository(one) or ""
            why = f"{home} is in the repository and not in the image"
            if needed.when is When.FUNCTION:
                why += "; it is missed when the function is called"
            yield self._said(needed, one, Level.ERROR, Kind.FIRST_PARTY, why, self._copy(one, home))

    def _innermost(self, needed: Needed, module: str) -> tuple[str, ...]:
        """`from a import b` asks for a.b when that is a module, too."""
        below = tuple(f"{module}.{name}" for name in needed.names if name != "*") if module == needed.name else ()
        modules = tuple(name for name in below if self.places.in_repository(name) is not None)
        return modules or (module,)

    def _in_project(self, module: str) -> bool:
        """Does a folder that is installed as a package have it?"""
        projects = () if self.requirements is None else self.requirements.projects
        return any(self.places.below(f"{project}/{inner}", module) for project in projects for inner in ("", "src"))

    def _copy(self, module: str, home: str) -> str:
        """The line of the Dockerfile that would bring it: its folder when nothing of that is there yet."""
        source, target = home, self.places.target(module) + (".py" if home.endswith(".py") else "/")
        if home.endswith("/__init__.py"):
            source, target = home.rpartition("/")[0] + "/", self.places.target(module) + "/"
        package = module.rpartition(".")[0]
        if home.endswith(f"{module.rpartition('.')[2]}.py") and package and self.places.in_image(package) is None:
            source, target = home.rpartition("/")[0] + "/", self.places.target(package) + "/"
        return f"Add to the Dockerfile: COPY {source} {target}"

    def _nowhere(self, needed: Needed, module: str) -> MissingModule:
        first = module.partition(".")[0]
        level = Level.WARNING if needed.guarded or self.closure.any_root else Level.ERROR
        why = f"{first} is a package of this repository, and has no such module"
        hint = f"Correct the import, or add {module.replace('.', '/')}.py."
        return self._said(needed, module, level, Kind.FIRST_PARTY, why, hint)

    def _uninstalled(self, needed: Needed, module: str) -> MissingModule:
        assert self.requirements is not None
        outside = self.places.elsewhere(module)
        if outside is not None and likely_name(module) is None:
            return self._out_of_sight(needed, module, outside)
        locked = self.requirements.locked
        certain = needed.when in (When.TOP, When.MAIN) and not needed.guarded and self._at_startup(needed)
        level = Level.ERROR if locked and certain else Level.WARNING
        source = next(iter(self.requirements.sources), "the requirements")
        why = f"{source} does not list it" if locked else f"nothing that {source} lists is known to bring it"
        name = likely_name(shown_name(module))
        hint = f"Add {name} to {source}." if name else f"Add the distribution that brings it to {source}."
        return self._said(needed, shown_name(module), level, Kind.THIRD_PARTY, why, hint)

    def _out_of_sight(self, needed: Needed, module: str, outside: str) -> MissingModule:
        level = Level.WARNING if needed.guarded or self.edited else Level.ERROR
        why = f"{outside} is in the image, in no folder that Python looks in"
        roots = ", ".join(self.closure.roots)
        hint = f"Import it by its full name, or put its folder into PYTHONPATH (now: {roots})."
        return self._said(needed, module, level, Kind.FIRST_PARTY, why, hint)

    def _at_startup(self, needed: Needed) -> bool:
        if needed.line in self._fallbacks(needed.by).conditional:
            return False
        return not self.closure.startup or needed.by in self.closure.startup

    def _said(self, needed: Needed, name: str, level: Level, kind: Kind, why: str, hint: str) -> MissingModule:
        placed = self.layout.files.get(needed.by)
        path = placed.path if placed is not None and placed.path is not None else needed.by
        if self.hiding is not None and level is Level.ERROR and kind is Kind.FIRST_PARTY:
            level = Level.WARNING
            why += f"; unless {self.hiding.path}:{self.hiding.line} brings it ({self.hiding.why})"
        return MissingModule(name, path, needed.line, level, kind, why, hint)

    def bare_packages(self) -> Iterator[MissingModule]:
        """Packages whose modules are loaded and whose `__init__.py`, which has code, was left behind."""
        roots = sorted(self.places.roots, key=len, reverse=True)
        seen: set[str] = set()
        for file, reached in self.closure.reached.items():
            root = next((one for one in roots if file.startswith(f"{one}/")), None)
            folder = file.rpartition("/")[0]
            while root is not None and len(folder) > len(root) and folder not in seen and reached.by is not None:
                seen.add(folder)
                name = folder[len(root) + 1 :].replace("/", ".")
                home = self._left_behind(folder)
                if home is not None:
                    needed = Needed(name, reached.by, reached.line, When.TOP)
                    why = f"{home} has code and is not in the image, so Python takes {name} without it"
                    hint = f"Add to the Dockerfile: COPY {home} {folder}/__init__.py"
                    yield self._said(needed, name, Level.WARNING, Kind.FIRST_PARTY, why, hint)
                folder = folder.rpartition("/")[0]

    def _left_behind(self, folder: str) -> str | None:
        if f"{folder}/__init__.py" in self.layout.files:
            return None
        for home in self.places.beside(folder):
            path = f"{home}/__init__.py" if home else "__init__.py"
            source = self.tree.read(path)
            if source is not None and _has_code(source):
                return path
        return None


def _has_code(source: bytes) -> bool:
    """Is there more in it than comments and a docstring?"""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in body)
