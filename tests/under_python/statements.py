"""Run a module's body to its end, whatever fails in it; and find the imports that did not run."""

from __future__ import annotations
import __future__

import ast
import fnmatch
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any, NamedTuple, TypeGuard

from stand_ins import StandIn

_FUTURES = {name: getattr(__future__, name).compiler_flag for name in __future__.all_feature_names}
_DYNAMIC = ("import_module", "__import__")
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


def run_body(code: CodeType, source: bytes, names: dict[str, Any], note: Callable[[BaseException, int], None]) -> None:
    """As Python does; after an exception go on with the next statement, with stand-ins for what it would have bound."""
    try:
        exec(code, names)
        return
    except BaseException as wrong:
        note(wrong, _line(wrong, code))
        at = _line(wrong, code)
    tree = ast.parse(source)
    flags = _future_flags(tree)
    for statement in tree.body:
        if _first_line(statement) <= at <= (statement.end_lineno or 0):
            _bind(statement, names)
        elif _first_line(statement) > at:
            one = compile(ast.Module([statement], []), code.co_filename, "exec", flags, dont_inherit=True)
            try:
                exec(one, names)
            except BaseException as wrong:
                note(wrong, statement.lineno)
                _bind(statement, names)


def _line(wrong: BaseException, code: CodeType) -> int:
    trace = wrong.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is code:
            return trace.tb_lineno
        trace = trace.tb_next
    return 0


def _first_line(statement: ast.stmt) -> int:
    return min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", ()))])


def _future_flags(tree: ast.Module) -> int:
    flags = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                flags |= _FUTURES.get(alias.name, 0)
    return flags


def _bind(statement: ast.stmt, names: dict[str, Any]) -> None:
    for node in ast.walk(statement):
        bound: list[str] = []
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound = [node.name]
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound = [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound = [node.id]
        for name in bound:
            if name != "*":
                names.setdefault(name, StandIn(name))


class Left(NamedTuple):
    """A statement that makes Python load something, and the assignments that its function makes before."""

    statement: ast.stmt
    before: tuple[ast.stmt, ...]


def imports_left(source: bytes, *, is_main: bool) -> list[Left]:
    """Every import statement, constant dynamic import and edit of sys.path, in source order."""
    return list(_of(ast.parse(source).body, (), is_main))


def _of(body: list[Any], before: tuple[ast.stmt, ...], is_main: bool) -> Iterator[Left]:
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
                yield Left(node, before)
        elif isinstance(node, ast.If) and _never(node.test, is_main):
            yield from _of(node.orelse, before, is_main)
        else:
            if isinstance(node, ast.stmt) and _edits_path(node):
                yield Left(node, before)
            yield from _calls(node)
            for field in ("body", "handlers", "orelse", "finalbody", "cases"):
                yield from _of(getattr(node, field, []) or [], before, is_main)
        if isinstance(node, ast.Assign) and _is_about_paths(node, before):
            before = (*before, node)


def _calls(node: ast.AST) -> Iterator[Left]:
    """`import_module("constant")` in the node itself, not in the statements inside it."""
    queue = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr | ast.withitem | ast.keyword)]
    while queue:
        part = queue.pop(0)
        queue += ast.iter_child_nodes(part)
        if _is_dynamic(part) and isinstance(part.args[0], ast.Constant):
            yield Left(ast.copy_location(ast.Expr(part), part), ())


def _is_dynamic(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and _name(node.func) in _DYNAMIC and bool(node.args)


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _never(test: ast.expr, is_main: bool) -> bool:
    """Is the condition false whenever the program runs?"""
    if isinstance(test, ast.BoolOp):
        found = [_never(part, is_main) for part in test.values]
        return any(found) if isinstance(test.op, ast.And) else all(found)
    if isinstance(test, ast.Constant):
        return not test.value
    return _name(test) == "TYPE_CHECKING" or (not is_main and _is_main_guard(test))


def _is_main_guard(test: ast.AST) -> bool:
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = {_name(part) or getattr(part, "value", None) for part in (test.left, *test.comparators)}
    return sides == {"__name__", "__main__"}


def _edits_path(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    return ast.unparse(node.value.func) in ("sys.path.insert", "sys.path.append", "sys.path.extend", "site.addsitedir")


def _is_about_paths(node: ast.Assign, before: tuple[ast.stmt, ...]) -> bool:
    names = {_name(part) for part in ast.walk(node.value)}
    known = {_name(target) for each in before if isinstance(each, ast.Assign) for target in each.targets}
    return "__file__" in names or bool(names & known)


def computed_names(source: bytes, names: dict[str, Any]) -> list[str]:
    """What `import_module(computed)` may import: strings of the file that could be names, f-strings as patterns."""
    tree = ast.parse(source)
    found: list[str] = []
    for node in ast.walk(tree):
        if not _is_dynamic(node):
            continue
        text = node.args[0]
        if isinstance(text, ast.JoinedStr):
            found.append("".join(_part(part, names) for part in text.values))
        elif not isinstance(text, ast.Constant):
            strings = {str(part.value) for part in ast.walk(tree) if isinstance(part, ast.Constant)}
            dotted = [each for each in strings if _DOTTED.fullmatch(each)]
            found += sorted({*dotted, *(each.rpartition(".")[0] for each in dotted)})
    return found


def _part(part: ast.expr, names: dict[str, Any]) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    known = isinstance(part, ast.FormattedValue) and _name(part.value) in ("__name__", "__package__")
    return str(names.get(_name(part.value))) if known else "*"


def fitting(pattern: str) -> Iterator[str]:
    """Modules below the constant beginning of a pattern."""
    package = pattern.partition("*")[0].rpartition(".")[0]
    if package:
        where = importlib.import_module(package).__path__
        for each in pkgutil.walk_packages(where, f"{package}.", onerror=lambda name: None):
            if fnmatch.fnmatchcase(each.name, pattern):
                yield each.name
