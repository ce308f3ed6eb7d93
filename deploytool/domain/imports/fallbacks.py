"""Imports that stand in for one another: `try: from a.x import f` / `except ImportError: from x import f`."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_CATCHES = frozenset(("ImportError", "ModuleNotFoundError", "Exception", "BaseException"))
_Tried = ast.Try | ast.TryStar


@dataclass(slots=True)
class Fallbacks:
    """What one file does about the absence of modules, by the line of each import."""

    instead: dict[int, set[int]] = field(default_factory=dict)  # in a `try`: the imports that replace it if it fails
    after: dict[int, set[int]] = field(default_factory=dict)  # in a handler: the imports that must fail for it to run
    conditional: set[int] = field(default_factory=set)  # below an `if`


def fallbacks_of(source: bytes) -> Fallbacks:
    """Nothing is known of a file that cannot be parsed."""
    found = Fallbacks()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return found
    pending: list[tuple[ast.AST, bool]] = [(tree, False)]
    while pending:
        node, conditional = pending.pop()
        if isinstance(node, ast.Import | ast.ImportFrom) and conditional:
            found.conditional.add(node.lineno)
        if isinstance(node, _Tried):
            _tried(node, found)
        below = conditional or isinstance(node, ast.If | ast.Match)
        pending.extend((child, below) for child in ast.iter_child_nodes(node))
    return found


def _tried(node: ast.Try | ast.TryStar, found: Fallbacks) -> None:
    first = _bound(node.body)
    for handler in node.handlers:
        if not _catches(handler.type):
            continue
        second = _bound(handler.body)
        for line in second:
            found.after.setdefault(line, set()).update(first)
        for line, names in first.items():
            replaced = {other for other, bound in second.items() if bound & names}
            if replaced:
                found.instead.setdefault(line, set()).update(replaced)


def _catches(caught: ast.expr | None) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(one is None or (isinstance(one, ast.Name) and one.id in _CATCHES) for one in names)


def _bound(body: list[ast.stmt]) -> Mapping[int, frozenset[str]]:
    """The imports of a block, inner functions aside: line -> the names that they bind."""
    return {node.lineno: frozenset(_names(node)) for node in _imports(body)}


def _names(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    for alias in node.names:
        yield alias.asname or alias.name.partition(".")[0]


def _imports(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))
