"""Which environment variables a Python source reads, as far as it spells them out.

Names are followed as Python looks them up: through aliases of imports, through names that are given one value, and
not past a parameter or a variable of a function that is called the same.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from deploytool.domain.imports.source.extract import SMALL, TOKENS, tokens_in
from deploytool.domain.imports.source.scopes import Scope, Scopes

LARGEST = 2 * 1024 * 1024  # bytes of a source
FOLLOWED = 20  # names and attributes, one through another
ENVIRON, GETENV = "os.environ", "os.getenv"
ASKING = {GETENV, *(f"{ENVIRON}.{method}" for method in ("get", "pop", "setdefault"))}
PLACES = (ast.Subscript, ast.Call, ast.Compare, ast.AugAssign)


class VariableRead(NamedTuple):
    """`has_default`: the program says what it takes instead, or only looks whether it is there."""

    name: str
    line: int
    has_default: bool


def variables_read_in(source: bytes) -> tuple[VariableRead, ...]:
    """By line; nothing for a source that does not parse or is too large to be read in a moment."""
    if len(source) > LARGEST or (b"environ" not in source and b"getenv" not in source):
        return ()
    if len(source) > SMALL and tokens_in(source) > TOKENS:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return ()
    found = {read for node, scope in Scopes(tree, PLACES).places for read in _reads(node, scope)}
    named = (read for read in found if read.name and not set(read.name) & {"=", "\0"})
    return tuple(sorted(named, key=lambda read: (read.line, read.name, read.has_default)))


def _reads(node: ast.AST, scope: Scope) -> Iterator[VariableRead]:
    match node:
        case ast.Subscript(ctx=ast.Load()) | ast.AugAssign(target=ast.Subscript()):
            part = node.target if isinstance(node, ast.AugAssign) else node
            assert isinstance(part, ast.Subscript)
            if _meaning(part.value, scope) == ENVIRON:
                yield VariableRead(_text(part.slice, scope), part.lineno, False)
        case ast.Call() if _meaning(node.func, scope) in ASKING:
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            name = node.args[0] if node.args else given.get("key")
            if name is not None:
                yield VariableRead(_text(name, scope), node.lineno, len(node.args) > 1 or "default" in given)
        case ast.Compare():
            for left, how, right in zip((node.left, *node.comparators), node.ops, node.comparators, strict=False):
                if isinstance(how, ast.In | ast.NotIn) and _meaning(right, scope) == ENVIRON:
                    yield VariableRead(_text(left, scope), node.lineno, True)


def _meaning(node: ast.expr, scope: Scope, depth: int = 0) -> str:
    """The dotted name, beginning with `os`, that an expression stands for; "" for anything else."""
    if depth > FOLLOWED:
        return ""
    match node:
        case ast.Attribute():
            whole = _meaning(node.value, scope, depth + 1)
            return f"{whole}.{node.attr}" if whole in ("os", ENVIRON) else ""
        case ast.NamedExpr():
            return _meaning(node.value, scope, depth + 1)
        case ast.Name():
            given = scope.given_to(node.id)
            imported = next((value for value, _ in given if isinstance(value, str) and value.startswith("os")), "")
            if imported or len(given) != 1:
                return imported
            value, there = given[0]
            return _meaning(value, there, depth + 1) if isinstance(value, ast.expr) else ""
    return ""


def _text(node: ast.expr, scope: Scope, depth: int = 0) -> str:
    """The text that an expression is; "" when it cannot be told."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.NamedExpr() if depth < FOLLOWED:
            return _text(node.value, scope, depth + 1)
        case ast.Name() if depth < FOLLOWED:
            given = scope.given_to(node.id)
            value, there = given[0] if len(given) == 1 else (None, scope)
            return _text(value, there, depth + 1) if isinstance(value, ast.expr) else ""
    return ""
