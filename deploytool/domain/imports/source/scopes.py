"""Which name of a source is which: what each is given, looked up as Python does, from the scope that it stands in."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from deploytool.domain.imports.source.survey import DULL

Given = tuple["str | ast.expr | None", "Scope"]  # an import's dotted name, a value, or something else; and where


class Scope:
    """The names of a module, a class, a function or a comprehension."""

    __slots__ = ("_above", "_global", "_names", "_nonlocal", "kind")

    def __init__(self, kind: type[ast.AST], above: Scope | None = None) -> None:
        self.kind = kind
        # The names of a class are not seen from what is defined in it.
        self._above: Scope | None = above._above if above is not None and above.kind is ast.ClassDef else above
        self._names: dict[str, list[Given]] = {}
        self._global: dict[str, Scope] = {}  # what `global` says is a name of that module
        self._nonlocal: set[str] = set()

    def given_to(self, name: str) -> Sequence[Given]:
        """Everything that the name is given where Python finds it; nothing for one that this file does not bind."""
        owner = self._owner(name)
        return owner._names.get(name, ()) if owner is not None else ()

    def bind(self, name: str, given: Given) -> None:
        """Here, or where `global`, `nonlocal` or `:=` in a comprehension put it."""
        scope = self
        while scope.kind is ast.comprehension and isinstance(given[0], ast.expr) and scope._above is not None:
            scope = scope._above
        if name in scope._nonlocal:
            scope = scope._owner(name) or scope
        scope = scope._global.get(name, scope)
        scope._names.setdefault(name, []).append(given)

    def declare_global(self, names: Iterable[str], module: Scope) -> None:
        self._global |= dict.fromkeys(names, module)

    def declare_nonlocal(self, names: Iterable[str]) -> None:
        self._nonlocal |= set(names)

    def borrows(self, name: str) -> bool:
        """Is it a name of another function, which must have its names before?"""
        return name in self._nonlocal

    def _owner(self, name: str) -> Scope | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope._global:
                return scope._global[name]
            if name in scope._names:
                return scope
            scope = scope._above
        return None


class Scopes:
    """One walk without recursion; `places` are the nodes of the wanted kinds, each with its scope."""

    def __init__(self, tree: ast.Module, wanted: Collection[type[ast.AST]]) -> None:
        self.places: list[tuple[ast.AST, Scope]] = []
        self._module = Scope(ast.Module)
        self._bound: list[tuple[Scope, str, Given]] = []
        self._pending: list[tuple[Any, Scope]] = [(tree, self._module)]
        self._walk(frozenset(wanted))
        for scope, name, given in sorted(self._bound, key=lambda each: each[0].borrows(each[1])):
            scope.bind(name, given)

    def _walk(self, wanted: frozenset[type[ast.AST]]) -> None:
        pending = self._pending
        special = {kind: getattr(self, name) for kind, name in SPECIAL.items()}
        while pending:
            node, scope = pending.pop()
            kind = type(node)
            if kind in wanted:
                self.places.append((node, scope))
            if kind in special:
                special[kind](node, scope)
                continue
            for value in node.__dict__.values():
                if type(value) is list:
                    pending += [(each, scope) for each in value if isinstance(each, ast.AST)]
                elif isinstance(value, ast.AST):
                    pending.append((value, scope))

    def _nothing(self, node: ast.AST, scope: Scope) -> None:
        pass

    def _name(self, node: ast.Name, scope: Scope) -> None:
        if type(node.ctx) is not ast.Load:
            self._bind(scope, node.id)

    def _import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            top = alias.name.split(".")[0]
            self._bind(scope, alias.asname or top, alias.name if alias.asname else top)

    def _import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        module = node.module if node.module and not node.level else ""
        for alias in node.names:
            names = ("environ", "getenv") if alias.name == "*" and module == "os" else (alias.name,)
            for name in names:
                self._bind(scope, alias.asname or name, f"{module}.{name}" if module else None)

    def _global(self, node: ast.Global, scope: Scope) -> None:
        scope.declare_global(node.names, self._module)

    def _nonlocal(self, node: ast.Nonlocal, scope: Scope) -> None:
        scope.declare_nonlocal(node.names)

    def _handler(self, node: ast.ExceptHandler, scope: Scope) -> None:
        if node.name:
            self._bind(scope, node.name)
        self._push([node.type, *node.body], scope)

    def _match_name(self, node: ast.MatchAs | ast.MatchStar, scope: Scope) -> None:
        if node.name:
            self._bind(scope, node.name)
        self._push([getattr(node, "pattern", None)], scope)

    def _match_mapping(self, node: ast.MatchMapping, scope: Scope) -> None:
        if node.rest:
            self._bind(scope, node.rest)
        self._push([*node.keys, *node.patterns], scope)

    def _assign(self, node: ast.Assign, scope: Scope) -> None:
        for target in node.targets:
            self._target(target, node.value, scope)
        self._push([node.value], scope)

    def _annotated(self, node: ast.AnnAssign, scope: Scope) -> None:
        """Without a value it gives the name nothing."""
        if node.value is not None or not isinstance(node.target, ast.Name):
            self._target(node.target, node.value, scope)
        self._push([node.value, node.annotation], scope)

    def _named(self, node: ast.NamedExpr, scope: Scope) -> None:
        self._target(node.target, node.value, scope)
        self._push([node.value], scope)

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        self._bind(scope, node.name)
        self._push([*node.decorator_list, *node.bases, *node.keywords], scope)
        self._push(node.body, Scope(ast.ClassDef, scope))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope) -> None:
        inner, args = Scope(type(node), scope), node.args
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
        self._push([*args.defaults, *args.kw_defaults, *(each.annotation for each in every)], scope)
        for each in every:
            self._bind(inner, each.arg)
        if isinstance(node, ast.Lambda):
            self._push([node.body], inner)
            return
        self._bind(scope, node.name)
        self._push([*node.decorator_list, node.returns], scope)
        self._push(node.body, inner)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope) -> None:
        """All but what is gone through first is looked up inside."""
        inner = Scope(ast.comprehension, scope)
        self._push([node.generators[0].iter], scope)
        for nth, part in enumerate(node.generators):
            self._push([part.target, *part.ifs, *([part.iter] if nth else [])], inner)
        self._push([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt], inner)

    def _target(self, target: ast.expr, value: ast.expr | None, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            self._bind(scope, target.id, value)
        else:
            self._push([target], scope)

    def _bind(self, scope: Scope, name: str, value: str | ast.expr | None = None) -> None:
        self._bound.append((scope, name, (value, scope)))

    def _push(self, nodes: Iterable[ast.AST | None], scope: Scope) -> None:
        self._pending += [(node, scope) for node in nodes if node is not None]


SPECIAL: dict[type, str] = {
    ast.Constant: "_nothing",
    ast.Name: "_name",
    ast.Import: "_import",
    ast.ImportFrom: "_import_from",
    ast.Global: "_global",
    ast.Nonlocal: "_nonlocal",
    ast.ExceptHandler: "_handler",
    ast.MatchAs: "_match_name",
    ast.MatchStar: "_match_name",
    ast.MatchMapping: "_match_mapping",
    ast.Assign: "_assign",
    ast.AnnAssign: "_annotated",
    ast.NamedExpr: "_named",
    ast.ClassDef: "_class",
    **dict.fromkeys((ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda), "_function"),
    **dict.fromkeys((ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp), "_comprehension"),
    **{kind: "_nothing" for dull in DULL for kind in dull.__subclasses__()},
}
