"""By which names a file knows what it imports, and where an importing function is kept or handed to somebody."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping


class Kept:
    """`is_one` tells whether an expression is an importing function."""

    def __init__(self, tree: ast.Module, is_one: Callable[[ast.expr], bool]) -> None:
        self.names: set[str] = set()  # names and attributes that may stand for one
        self.escaped: list[ast.expr] = []  # returned, put into a list: anybody may call it with anything
        self._is_one = is_one
        self.fine: set[ast.AST] = set()
        for node in ast.walk(tree):  # parents come first
            self._look(node)

    def public(self, tree: ast.Module) -> Iterator[tuple[ast.stmt, set[str]]]:
        """Statements of the module that give an importing function a further name, without `_` before it."""
        for node in tree.body:
            found: set[str] = set()
            if isinstance(node, ast.ImportFrom):
                names = [alias.asname or alias.name for alias in node.names]
                found = {name for name in names if self._is_one(ast.Name(name, ast.Load()))}
            elif isinstance(node, ast.Assign) and any(map(self._is_one, parts_of(node.value))):
                found = {target.id for target in node.targets if isinstance(target, ast.Name)}
            found = {name for name in found if not name.startswith("_")}
            if found:
                yield node, found

    def _look(self, node: ast.AST) -> None:
        match node:
            case ast.Call():
                self.fine |= {node.func, *node.args, *(each.value for each in node.keywords)}
            case ast.Attribute():
                self.fine.add(node.value)
            case ast.Compare():
                self.fine |= {node.left, *node.comparators}
            case ast.Expr():
                self.fine.add(node.value)
            case ast.Assign() | ast.AnnAssign() | ast.NamedExpr() if node.value is not None:
                self._kept(node.value, node.targets if isinstance(node, ast.Assign) else [node.target])
            case ast.arguments():
                self._defaults(node)
        if isinstance(node, ast.Name | ast.Attribute) and self._escapes(node):
            self.escaped.append(node)

    def _escapes(self, node: ast.Name | ast.Attribute) -> bool:
        return isinstance(node.ctx, ast.Load) and node not in self.fine and self._is_one(node)

    def _kept(self, value: ast.expr, targets: list[ast.expr]) -> None:
        parts = parts_of(value)
        called = [each for each in parts if isinstance(each, ast.Call)]
        if any(map(self._is_one, parts)) or any(isinstance(each.func, ast.Name) for each in called):
            for target in targets:
                if isinstance(target, ast.Name | ast.Attribute):
                    self.names.add(target.id if isinstance(target, ast.Name) else target.attr)
                    self.fine.update(parts)

    def _defaults(self, node: ast.arguments) -> None:
        positional = [*node.posonlyargs, *node.args]
        given = list(zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True))
        given += [(a, d) for a, d in zip(node.kwonlyargs, node.kw_defaults, strict=True) if d is not None]
        for arg, default in given:
            if self._is_one(default):
                self.names.add(arg.arg)
                self.fine.add(default)


def parts_of(node: ast.expr) -> list[ast.expr]:
    """The expressions of which a name may be one: of `a or b`, `a if c else b`, `partial(a)`."""
    if isinstance(node, ast.BoolOp):
        return [part for each in node.values for part in parts_of(each)]
    if isinstance(node, ast.IfExp):
        return [*parts_of(node.body), *parts_of(node.orelse)]
    if is_partial(node):
        assert isinstance(node, ast.Call)
        return [node.args[0], node]
    return [node]


def with_partial(node: ast.Call, partials: list[ast.Call]) -> list[ast.Call]:
    """The calls that `node` amounts to when what it calls may be one of these `partial(function, …)`."""
    made = []
    for each in partials:
        named = {keyword.arg for keyword in node.keywords}
        keywords = [*node.keywords, *(keyword for keyword in each.keywords if keyword.arg not in named)]
        made.append(ast.copy_location(ast.Call(each.args[0], [*each.args[1:], *node.args], keywords), node))
    return made or [node]


def is_partial(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not node.args:
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name == "partial"


def dotted_names(node: ast.expr, aliases: Mapping[str, set[str]]) -> set[str]:
    """What `a.b` may stand for, as imports spell it: `numpy.b` after `import numpy as a`."""
    names: list[str] = []
    while isinstance(node, ast.Attribute) and len(names) < 12:
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return set()
    tail = "".join(f".{name}" for name in reversed(names))
    return {start + tail for start in aliases.get(node.id, (node.id,))}


def first_name(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
