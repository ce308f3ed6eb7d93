"""What each name of a file is given, and who calls which function: the index behind following a value.

Built only for files that import by computed names or edit `sys.path` through a name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Scope = Function | ast.ClassDef | None  # None: the module
LEAVES = (ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
WHOLE, SOME = -1, -2  # positions in an unpacking
_READING = """
    len print sorted list set tuple dict enumerate zip iter str repr any all max min sum map filter reversed isinstance
    join format choice info debug warning error exception critical log dumps range next chain append extend get
"""
READING = frozenset(_READING.split())
MOST_ADDED = 5_000  # things put into containers of one file
GROWING = {"append", "add", "extend", "update", "insert", "setdefault", "appendleft", "extendleft"}


class Binding(NamedTuple):
    """One way in which a name gets a value."""

    value: ast.expr | None = None
    each: bool = False  # not `value` but its elements, one after the other: a loop
    at: int = WHOLE  # which part of that, when it is unpacked
    adds: bool = False  # put into the container that the name stands for
    param: str = ""  # a parameter, of `function`
    function: Function | None = None
    said: str = ""  # given by something that cannot be followed


class Bindings:
    def __init__(self, tree: ast.Module) -> None:
        self.names: dict[Scope, dict[str, list[Binding]]] = {}
        self.attributes: dict[str, list[Binding]] = {}  # by name, whosoever attribute it is
        self.fields: set[str] = set()  # attributes that a class of this file declares
        self.functions: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        self.results: dict[Function, list[ast.expr]] = {}  # what it returns and yields
        self.classes: dict[str, ast.ClassDef] = {}
        self.calls: dict[str, list[ast.Call]] = {}  # by the last part of what is called
        self.keywords: dict[str, list[ast.expr]] = {}
        self.mentions: dict[str, int] = {}  # how often a name is used other than to call it
        self.handed: set[str] = set()  # names of what others are given, who may put something into it
        self.scope_of: dict[ast.AST, Scope] = {}
        self._above: dict[Scope, Scope] = {}
        self._elsewhere: dict[tuple[Scope, str], tuple[Scope, ...]] = {}  # by `global` and `nonlocal`
        self._added: list[tuple[Scope, str, Binding]] = []  # to containers, seen from where
        self._stack: list[tuple[ast.AST, Scope]] = [(tree, None)]
        while self._stack:
            self._visit(*self._stack.pop())
        for (scope, name), homes in self._elsewhere.items():
            for binding in self.names.get(scope, {}).pop(name, ()):
                for home in homes:
                    self._bind(home, name, binding)
        self._put_into_containers()

    def of(self, name: str, scope: Scope) -> list[Binding] | None:
        """Everything the name may be given as seen from `scope`; None when this file gives it nothing."""
        start = scope
        while True:
            if scope is start or not isinstance(scope, ast.ClassDef):
                found = self.names.get(scope, {}).get(name)
                if found is not None:
                    return found
            if scope is None:
                return None
            scope = self._above[scope]

    def is_global(self, name: str, scope: Scope) -> bool:
        """Is it the module's name that is meant by it in `scope`?"""
        return self._home(name, scope) is None

    def _home(self, name: str, scope: Scope) -> Scope:
        start = scope
        while scope is not None:
            if name in self.names.get(scope, {}) and (scope is start or not isinstance(scope, ast.ClassDef)):
                break
            scope = self._above[scope]
        return scope

    def _put_into_containers(self) -> None:
        """Adding to a container gives it no name of its own: it is the one that the name stands for there."""
        pending, done = self._added, set[tuple[Scope, str, ast.expr | None]]()
        while pending:
            scope, name, binding = pending.pop()
            home = self._home(name, scope)
            if (home, name, binding.value) in done or len(done) > MOST_ADDED:
                continue
            done.add((home, name, binding.value))
            self._bind(home, name, binding)
            for given in list(self.names.get(home, {}).get(name, ())):
                if given.param and isinstance(given.function, ast.FunctionDef | ast.AsyncFunctionDef):
                    pending += self._passed_to(given.function, binding)
                elif isinstance(given.value, ast.Name) and not given.adds and not given.each and given.at == WHOLE:
                    pending.append((self.scope_of.get(given.value), given.value.id, binding))

    def _passed_to(self, function: ast.FunctionDef | ast.AsyncFunctionDef, binding: Binding) -> Iterator[Any]:
        """The containers that are handed to a function which adds to what it is given."""
        for call in self.calls.get(function.name, ()):
            given = (*call.args, *(keyword.value for keyword in call.keywords))
            yield from ((self.scope_of.get(each), each.id, binding) for each in given if isinstance(each, ast.Name))

    def class_around(self, scope: Scope) -> ast.ClassDef | None:
        while scope is not None and not isinstance(scope, ast.ClassDef):
            scope = self._above[scope]
        return scope

    def is_method(self, function: Function) -> bool:
        return isinstance(self._above[function], ast.ClassDef)

    def is_inner(self, function: Function) -> bool:
        return self._above[function] is not None and not self.is_method(function)

    def _bind(self, scope: Scope, name: str, binding: Binding) -> None:
        self.names.setdefault(scope, {}).setdefault(name, []).append(binding)
        if isinstance(scope, ast.ClassDef):
            self.attributes.setdefault(name, []).append(binding)

    def _give(self, scope: Scope, target: ast.expr, binding: Binding) -> None:
        pending = [(target, binding)]
        while pending:
            here, how = pending.pop()
            if isinstance(here, ast.Name) and how.adds:
                self._added.append((scope, here.id, how))
            elif isinstance(here, ast.Name):
                self._bind(scope, here.id, how)
            elif isinstance(here, ast.Attribute):
                self.attributes.setdefault(here.attr, []).append(how)
            elif isinstance(here, ast.Starred):
                pending.append((here.value, how._replace(at=SOME)))
            elif isinstance(here, ast.Subscript):  # `NAMES[key] = value`
                pending.append((here.value, how._replace(adds=True)))
                if isinstance(here.slice, ast.Name | ast.JoinedStr) or _is_text(here.slice):
                    pending.append((here.value, Binding(here.slice, adds=True)))
            elif isinstance(here, ast.Tuple | ast.List):
                plain = how.at == WHOLE and not any(isinstance(each, ast.Starred) for each in here.elts)
                pending.extend((each, how._replace(at=i if plain else SOME)) for i, each in enumerate(here.elts))

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        visit = _VISITS.get(type(node))
        below = scope if visit is None else visit(self, node, scope)
        stack = self._stack
        if below is not scope:
            self._above[below] = scope
            assert isinstance(node, Function | ast.ClassDef)
            self.scope_of[node] = scope
            stack += [(each, scope) for each in _outside_of(node)]
            stack += [(each, below) for each in (node.body if isinstance(node.body, list) else [node.body])]
            return
        for value in node.__dict__.values():
            if type(value) is list:
                stack += [(each, scope) for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, LEAVES):
                stack.append((value, scope))

    def _assign(self, node: ast.Assign, scope: Scope) -> Scope:
        for target in node.targets:
            self._give(scope, target, Binding(node.value))
        return scope

    def _annotated(self, node: ast.AnnAssign | ast.NamedExpr, scope: Scope) -> Scope:
        if node.value is not None:
            self._give(scope, node.target, Binding(node.value))
        if isinstance(scope, ast.ClassDef) and isinstance(node.target, ast.Name):
            self.fields.add(node.target.id)
        return scope

    def _augmented(self, node: ast.AugAssign, scope: Scope) -> Scope:
        if isinstance(node.target, ast.Name | ast.Attribute):
            more = ast.BinOp(node.target, node.op, node.value)
            self.scope_of[more] = scope
            self._give(scope, node.target, Binding(ast.copy_location(more, node)))
        return scope

    def _for(self, node: ast.For | ast.AsyncFor | ast.comprehension, scope: Scope) -> Scope:
        self._give(scope, node.target, Binding(node.iter, each=True))
        return scope

    def _with(self, node: ast.withitem, scope: Scope) -> Scope:
        if node.optional_vars is not None:
            self._give(scope, node.optional_vars, Binding(node.context_expr))
        return scope

    def _caught(self, node: ast.ExceptHandler, scope: Scope) -> Scope:
        if node.name:
            self._bind(scope, node.name, Binding(said="an exception"))
        return scope

    def _matched(self, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping, scope: Scope) -> Scope:
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name:
            self._bind(scope, name, Binding(said="a `match`"))
        return scope

    def _global(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> Scope:
        homes: list[Scope] = [None]
        above = None if scope is None else self._above[scope]
        if isinstance(node, ast.Nonlocal):
            homes = []
            while above is not None:
                homes.append(above)
                above = self._above[above]
        if scope is not None:
            self._elsewhere.update({(scope, name): tuple(homes) for name in node.names})
        return scope

    def _function(self, node: Function, scope: Scope) -> Scope:
        if not isinstance(node, ast.Lambda):
            self.functions.setdefault(node.name, []).append(node)
        every = node.args
        for arg in (*every.posonlyargs, *every.args, *every.kwonlyargs, every.vararg, every.kwarg):
            if arg is not None:
                self._bind(node, arg.arg, Binding(param=arg.arg, function=node))
        self.results[node] = [node.body] if isinstance(node, ast.Lambda) else []
        return node

    def _class(self, node: ast.ClassDef, scope: Scope) -> Scope:
        self.classes[node.name] = node
        return node

    def _result(self, node: ast.Return | ast.Yield | ast.YieldFrom, scope: Scope) -> Scope:
        if isinstance(scope, Function) and node.value is not None:
            self.results[scope].append(node.value)
        return scope

    def _call(self, node: ast.Call, scope: Scope) -> Scope:
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
        self.calls.setdefault(name, []).append(node)
        self.mentions[name] = self.mentions.get(name, 0) - 1
        if name not in READING:
            self.handed.update(each.id for each in node.args if isinstance(each, ast.Name))
        for keyword in node.keywords:
            if keyword.arg:
                self.keywords.setdefault(keyword.arg, []).append(keyword.value)
        if isinstance(called, ast.Attribute) and name in GROWING and node.args:
            self._give(scope, called.value, Binding(node.args[-1], adds=True))
            if name in ("setdefault", "update"):
                for each in (*node.args[:-1], *(keyword.value for keyword in node.keywords)):
                    self._give(scope, called.value, Binding(each, adds=True))
        if name == "setattr" and len(node.args) == 3 and isinstance(node.args[1], ast.Constant):
            self.attributes.setdefault(str(node.args[1].value), []).append(Binding(node.args[2]))
        return scope

    def _mention(self, node: ast.Name | ast.Attribute, scope: Scope) -> Scope:
        if isinstance(node, ast.Name):
            self.scope_of[node] = scope
        if isinstance(node.ctx, ast.Load):
            name = node.id if isinstance(node, ast.Name) else node.attr
            self.mentions[name] = self.mentions.get(name, 0) + 1
        return scope


_VISITS: dict[type, Callable[[Bindings, Any, Scope], Scope]] = {
    ast.Assign: Bindings._assign,
    ast.AnnAssign: Bindings._annotated,
    ast.NamedExpr: Bindings._annotated,
    ast.AugAssign: Bindings._augmented,
    ast.For: Bindings._for,
    ast.AsyncFor: Bindings._for,
    ast.comprehension: Bindings._for,
    ast.withitem: Bindings._with,
    ast.ExceptHandler: Bindings._caught,
    ast.MatchAs: Bindings._matched,
    ast.MatchStar: Bindings._matched,
    ast.MatchMapping: Bindings._matched,
    ast.Global: Bindings._global,
    ast.Nonlocal: Bindings._global,
    ast.FunctionDef: Bindings._function,
    ast.AsyncFunctionDef: Bindings._function,
    ast.Lambda: Bindings._function,
    ast.ClassDef: Bindings._class,
    ast.Return: Bindings._result,
    ast.Yield: Bindings._result,
    ast.YieldFrom: Bindings._result,
    ast.Call: Bindings._call,
    ast.Name: Bindings._mention,
    ast.Attribute: Bindings._mention,
}


def _outside_of(node: Function | ast.ClassDef) -> Iterator[ast.AST]:
    """What of a definition is evaluated where it stands."""
    if isinstance(node, ast.ClassDef):
        yield from (*node.decorator_list, *node.bases, *node.keywords)
        return
    yield from getattr(node, "decorator_list", ())
    yield node.args
    returns = getattr(node, "returns", None)
    if returns is not None:
        yield returns


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
