"""Expressions as a person would say them: the source, shortened."""

from __future__ import annotations

import ast

LONGEST = 60


def said(node: ast.AST, depth: int = 0) -> str:
    """`os.environ.get(…)`: short, in one line, whatever the size of the expression."""
    text = _said(node, depth)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _said(node: ast.AST, depth: int) -> str:
    if depth > 6:
        return "…"
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return f"{said(node.value, depth + 1)}.{node.attr}"
        case ast.Constant():
            return repr(node.value[:40] if isinstance(node.value, str | bytes) else node.value)[:LONGEST]
        case ast.Subscript():
            return f"{said(node.value, depth + 1)}[{said(node.slice, depth + 1)}]"
        case ast.Call():
            inside = ", ".join(said(each, depth + 1) for each in node.args[:2])
            return f"{said(node.func, depth + 1)}({inside}{', …' if node.args[2:] or node.keywords else ''})"
        case ast.Starred() | ast.Await():
            return said(node.value, depth + 1)
        case ast.JoinedStr():
            return "an f-string"
        case ast.BinOp():
            return f"{said(node.left, depth + 1)} {_SIGNS.get(type(node.op), '?')} {said(node.right, depth + 1)}"
    return f"a {type(node).__name__.lower()} expression"


_SIGNS: dict[type, str] = {ast.Add: "+", ast.Div: "/", ast.Mod: "%", ast.Sub: "-"}
