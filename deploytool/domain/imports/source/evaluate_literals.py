"""Containers that are written out in a file, expression by expression: what is unpacked keeps its positions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from deploytool.domain.imports.source.bindings import WHOLE

if TYPE_CHECKING:
    from deploytool.domain.imports.source.evaluate import Evaluator

Literal = ast.List | ast.Tuple | ast.Set | ast.Dict
MANY = 20_000  # elements of one container


def members_of(evaluator: Evaluator, node: ast.expr) -> list[ast.expr] | None:
    """The expressions of all elements that a loop over the container visits; None when some are not written out."""
    if isinstance(node, ast.Call):
        return _of_view(evaluator, node)
    found: list[ast.expr] = []
    for whole in written_in(evaluator, node) or [node]:
        if isinstance(whole, ast.List | ast.Tuple | ast.Set):
            found += whole.elts
        elif isinstance(whole, ast.Dict) and None not in whole.keys:
            found += [key for key in whole.keys if key is not None]
        else:
            return None
    return found if len(found) < MANY else None


def written_in(evaluator: Evaluator, node: ast.expr, depth: int = 0) -> list[ast.expr] | None:
    """The literals that the expression stands for; None when some of it is not written out in this file."""
    if isinstance(node, Literal):
        return [node]
    if depth > 4:
        return None
    if isinstance(node, ast.Name) and node.id not in evaluator.aliases:
        return _of_name(evaluator, node, depth)
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        return _inside(written_in(evaluator, node.value, depth + 1))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        inside = _inside(written_in(evaluator, node.func.value, depth + 1))
        return inside if len(node.args) == 1 or inside is None else None
    return None


def _of_name(evaluator: Evaluator, node: ast.Name, depth: int) -> list[ast.expr] | None:
    found: list[ast.expr] = []
    for binding in evaluator.bindings.of(node.id, evaluator.bindings.scope_of.get(node)) or ():
        if binding.value is None or binding.each or binding.adds or binding.at != WHOLE:
            return None
        inner = written_in(evaluator, binding.value, depth + 1)
        if inner is None:
            return None
        found += inner
        if len(found) > MANY:
            return None
    return found or None


def _inside(whole: list[ast.expr] | None) -> list[ast.expr] | None:
    if whole is None:
        return None
    found: list[ast.expr] = []
    for each in whole:
        found += each.values if isinstance(each, ast.Dict) else getattr(each, "elts", [])
    return found if found and len(found) < MANY and all(isinstance(each, Literal) for each in found) else None


def _of_view(evaluator: Evaluator, node: ast.Call) -> list[ast.expr] | None:
    """`.values()` and `.items()` of dictionaries."""
    if not isinstance(node.func, ast.Attribute) or node.args or node.func.attr not in ("values", "items"):
        return None
    found: list[ast.expr] = []
    for whole in written_in(evaluator, node.func.value) or [node]:
        if not isinstance(whole, ast.Dict) or None in whole.keys or len(found) > MANY:
            return None
        if node.func.attr == "values":
            found += whole.values
        else:
            pairs = zip(whole.keys, whole.values, strict=True)
            found += [ast.Tuple([key, value], ast.Load()) for key, value in pairs if key is not None]
    return found
