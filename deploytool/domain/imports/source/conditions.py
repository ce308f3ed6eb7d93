"""Which branch of an `if` runs only for type checkers, and which only in the program's first file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from deploytool.domain.imports.facts import When

TYPING = {"typing", "typing_extensions"}
Branches = tuple[When | None, When | None]  # body and else; None: as what is around


class TypeChecking:
    """The names by which a file knows `typing.TYPE_CHECKING`, which is false whenever Python runs."""

    def __init__(self, tree: ast.Module) -> None:
        self.names: set[str] = set()
        self._modules = {"typing"}
        doubtful: set[str] = set()
        for node in _outer_statements(tree):
            if isinstance(node, ast.ImportFrom):
                known = node.module in TYPING and not node.level
                for alias in node.names:
                    is_it = known and alias.name == "TYPE_CHECKING"
                    (self.names if is_it else doubtful).add(alias.asname or alias.name)
            elif isinstance(node, ast.Import):
                self._modules.update(alias.asname for alias in node.names if alias.name in TYPING and alias.asname)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                false = isinstance(node.value, ast.Constant) and node.value.value is False
                for target in targets:
                    if isinstance(target, ast.Name):
                        is_it = false and target.id == "TYPE_CHECKING"
                        (self.names if is_it else doubtful).add(target.id)
        self.names -= doubtful
        if self.names:
            self.names -= _given_elsewhere(tree, self.names)

    def is_it(self, test: ast.expr) -> bool:
        if isinstance(test, ast.Name):
            return test.id in self.names
        return (
            isinstance(test, ast.Attribute)
            and test.attr == "TYPE_CHECKING"
            and isinstance(test.value, ast.Name)
            and test.value.id in self._modules | TYPING
        )


def conditions_of(test: ast.expr, checking: TypeChecking, depth: int = 0) -> Branches:
    """What `if test` says of its body and of its else."""
    if checking.is_it(test) or (isinstance(test, ast.Constant) and test.value in (False, 0, None)):
        return When.TYPE_CHECKING, None
    if isinstance(test, ast.Compare):
        return _main(test)
    if depth > 20:
        return None, None
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        body, other = conditions_of(test.operand, checking, depth + 1)
        return other, body
    if isinstance(test, ast.BoolOp):
        parts = [conditions_of(each, checking, depth + 1) for each in test.values]
        # `and`: the body needs all of them, the else any; `or`: the other way round.
        needs_all = isinstance(test.op, ast.And)
        every = _strongest([part[0 if needs_all else 1] for part in parts])
        return (every, None) if needs_all else (None, every)
    return None, None


def _strongest(branches: list[When | None]) -> When | None:
    for when in (When.TYPE_CHECKING, When.MAIN):
        if when in branches:
            return when
    return None


def _main(test: ast.Compare) -> Branches:
    if len(test.ops) != 1:
        return None, None
    sides = (test.left, test.comparators[0])
    named = any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    main = any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)
    if named and main and isinstance(test.ops[0], ast.Eq):
        return When.MAIN, None
    if named and main and isinstance(test.ops[0], ast.NotEq):
        return None, When.MAIN
    return None, None


def _given_elsewhere(tree: ast.Module, names: set[str]) -> set[str]:
    """Those that a loop, a walrus or a function gives something too."""
    stores = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    assigned = [
        target.id
        for node in _outer_statements(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    ]
    return {name for name in names if stores.count(name) > assigned.count(name)}


def _outer_statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements of the module, also those inside `if`, `try` and `with`."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.If | ast.Try | ast.TryStar | ast.With):
            pending.extend(node.body)
            pending.extend(getattr(node, "orelse", ()))
            pending.extend(getattr(node, "finalbody", ()))
            for handler in getattr(node, "handlers", ()):
                pending.extend(handler.body)
