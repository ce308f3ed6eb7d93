"""`__all__`: what a star import loads."""

from __future__ import annotations

import ast

from deploytool.domain.imports.source.survey import Survey

CHANGING = {"append", "extend", "insert", "remove"}


def exports_of(survey: Survey) -> tuple[str, ...] | None:
    """Every name that `__all__` may hold, sorted; empty without one, None when it cannot be told."""
    if "__all__" in survey.aliases or "__all__" in survey.texts:
        return None  # of another module; or `globals()["__all__"]`
    if "__all__" not in survey.words:
        return ()
    names: set[str] = set()
    understood = 0
    for statement, _ in survey.assigns:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            if statement.value is None or not _collect(statement.value, names):
                return None
            understood += 1
        elif any(
            isinstance(part, ast.Name) and part.id == "__all__" for target in targets for part in ast.walk(target)
        ):
            return None
    for call, _ in survey.calls:
        func = call.func
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "__all__":
            if func.attr in CHANGING and not (call.args and _collect(call.args[-1], names)):
                return None
            understood += func.attr in CHANGING
    return tuple(sorted(names)) if understood else ()


def _collect(value: ast.expr, names: set[str]) -> bool:
    """Add the names that the expression spells; False when it says more than that."""
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            pending.extend(node.elts)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            pending += [node.left, node.right]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("list", "tuple", "sorted")
        ):
            pending.extend(node.args)
        elif not (isinstance(node, ast.Name) and node.id == "__all__"):
            return False
    return True
