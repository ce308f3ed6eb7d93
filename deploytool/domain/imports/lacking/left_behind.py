"""Modules that were left behind while others of their package were copied.

`from package import module` finds no fault in a package whose `__init__.py` is there: the name could be an attribute.
So where the repository has modules that the image lacks, the importing files are read again with those in mind.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from deploytool.domain.imports.closure import Closure, Needed
from deploytool.domain.imports.facts import When
from deploytool.domain.imports.lacking.counterparts import Counterparts
from deploytool.domain.imports.lacking.fallbacks import imports_of
from deploytool.domain.imports.lacking.sources import Sources
from deploytool.domain.tree import Tree


def left_behind(closure: Closure, places: Counterparts, sources: Sources) -> Iterator[Needed]:
    """The imports, in reachable files, of modules that stayed in the repository."""
    absent = _absent(closure, places, sources)
    if not absent:
        return
    asks = _pattern(absent, places)
    for path in closure.reached:
        text = sources.text(path) if path.endswith(".py") else None
        if text is None or not asks.search(text):
            continue
        for found in imports_of(text):
            for package in _packages(found.module, found.level, path, places):
                for name in found.names:
                    if name in absent.get(package, {}):
                        when = When.FUNCTION if found.deferred else When.TOP
                        yield Needed(absent[package][name], path, found.line, when, found.guarded)


def _pattern(folders: Iterable[str], places: Counterparts) -> re.Pattern[bytes]:
    """What a file must hold to import from one of these packages by name; relative imports may mean any."""
    names = {name for folder in folders for name in places.names(folder)}
    either = "|".join(re.escape(name) for name in sorted(names))
    return re.compile(rf"\bfrom\s+(?:{either}|\.[.\w]*)\s+import\b".encode())


def _absent(closure: Closure, places: Counterparts, sources: Sources) -> Mapping[str, Mapping[str, str]]:
    """By image folder: the names of its left modules -> how they are imported from a root."""
    found: dict[str, dict[str, str]] = {}
    for path in closure.reached:
        folder, _, name = path.rpartition("/")
        if name == "__init__.py":
            names = places.left_in(folder)
            bound = _bound(sources.text(path)) if names else frozenset()
            dotted = places.dotted(folder)
            if dotted and names - bound:
                found[folder] = {one: f"{dotted}.{one}" for one in names - bound}
    return found


def _packages(module: str, level: int, path: str, places: Counterparts) -> Iterator[str]:
    """The image folders that `from module import …` may mean in this file."""
    below = module.replace(".", "/")
    if level:
        folder = path
        for _ in range(level):
            folder = folder.rpartition("/")[0]
        yield f"{folder}/{below}".rstrip("/")
        return
    yield from (f"{root}/{below}" for root in places.roots)


def _bound(text: bytes | None) -> frozenset[str]:
    """Every name that the top level of a package could bind."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text or b"")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)  # `__getattr__` and lazy tables name what they serve
    return frozenset(found)


def bare_packages(closure: Closure, places: Counterparts, tree: Tree) -> Iterator[tuple[Needed, str, str]]:
    """Packages whose modules are loaded and whose `__init__.py`, which has code, stayed in the repository.

    Yields (who loads, the repository path of the `__init__.py`, the image folder that lacks it).
    """
    seen: set[str] = set()
    for file, reached in closure.reached.items():
        folder = file.rpartition("/")[0]
        while reached.by is not None and folder not in seen and (dotted := places.dotted(folder)):
            seen.add(folder)
            home = None if f"{folder}/__init__.py" in places.files else _with_code(folder, places, tree)
            if home is not None:
                yield Needed(dotted, reached.by, reached.line, When.TOP), home, folder
            folder = folder.rpartition("/")[0]


def _with_code(folder: str, places: Counterparts, tree: Tree) -> str | None:
    for home in places.beside(folder):
        path = f"{home}/__init__.py" if home else "__init__.py"
        with suppress(KeyError):  # not in this clone
            source = tree.read(path)
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
