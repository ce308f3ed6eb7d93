"""Imports that stand in for one another: `try: from a.x import f` / `except ImportError: from x import f`."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_CATCHES = frozenset(("ImportError", "ModuleNotFoundError", "Exception", "BaseException"))
_Tried = ast.Try | ast.TryStar
_Deferring = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class Fallbacks:
    """What one file does about the absence of modules, by the line of each import."""

    instead: dict[int, set[int]] = field(default_factory=dict)  # in a `try`: the imports that replace it if it fails
    after: dict[int, set[int]] = field(default_factory=dict)  # in a handler: the imports that must fail for it to run
    conditional: set[int] = field(default_factory=set)  # below an `if`
    looked_for: set[int] = field(default_factory=set)  # `find_spec(name)`: it is asked for, and may be absent


class From(NamedTuple):
    """One `from module import names` that can run."""

    module: str
    level: int
    names: tuple[str, ...]
    line: int
    deferred: bool
    guarded: bool


class _Place(NamedTuple):
    conditional: bool = False
    deferred: bool = False
    guarded: bool = False


def fallbacks_of(source: bytes) -> Fallbacks:
    """Nothing is known of a file that cannot be parsed."""
    lines = enumerate(source.splitlines(), 1) if b"find_spec" in source else ()
    found = Fallbacks(looked_for={number for number, line in lines if b"find_spec" in line})
    for node, place in _walked(source):
        if isinstance(node, _Tried):
            _tried(node, found)
        elif isinstance(node, ast.If) and b"find_spec" in source and _looks(node.test):
            found.looked_for.update(one.lineno for one in _imports(node.body))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.conditional.update([node.lineno] if place.conditional else ())
    return found


def imports_of(source: bytes) -> Iterator[From]:
    for node, place in _walked(source):
        if isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield From(node.module or "", node.level, names, node.lineno, place.deferred, place.guarded)


def _walked(source: bytes) -> Iterator[tuple[ast.AST, _Place]]:
    """Every statement that can run, with where it stands; what only a type checker sees is left out."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    pending: list[tuple[ast.AST, _Place]] = [(tree, _Place())]
    while pending:
        node, place = pending.pop()
        yield node, place
        blocks = _blocks(node)
        if isinstance(node, ast.If | ast.Match):
            place = place._replace(conditional=True)
        elif isinstance(node, _Deferring):
            place = place._replace(deferred=True)
        elif isinstance(node, _Tried) and any(_catches(handler.type) for handler in node.handlers):
            pending.extend((child, place._replace(guarded=True)) for child in node.body)
            blocks = [*node.handlers, *node.orelse, *node.finalbody]
        if isinstance(node, ast.If) and _is_typing(node.test):
            blocks = node.orelse
        pending.extend((child, place) for child in blocks)


def _blocks(node: ast.AST) -> Sequence[ast.AST]:
    """The statements directly below one; expressions hold no import."""
    found: list[ast.AST] = []
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        block = getattr(node, name, ())
        found.extend(block if isinstance(block, list) else ())
    return found


def _is_typing(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def _looks(test: ast.expr) -> bool:
    """`if find_spec(name):`, `if find_spec(name) is not None:`, with further conditions or without."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(map(_looks, test.values))
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.IsNot):
        test = test.left
    called = test.func if isinstance(test, ast.Call) else None
    return "find_spec" in (getattr(called, "attr", ""), getattr(called, "id", ""))


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
        elif not isinstance(node, _Deferring):
            pending.extend(_blocks(node))
