"""One walk over a syntax tree: every import with what must happen before it runs, and the nodes that matter later."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any, NamedTuple

from deploytool.domain.imports.facts import Import, When
from deploytool.domain.imports.source.conditions import TypeChecking, conditions_of

CATCHING = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")
# Leaves without strings, names or calls below them.
DULL = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)


class Place(NamedTuple):
    """The surroundings of a node."""

    when: When = When.TOP
    guarded: bool = False

    def in_function(self) -> Place:
        """Below a definition: its body runs when it is called, outside of any `try` around the definition."""
        return Place(When.FUNCTION if self.when is When.TOP else self.when)

    def under(self, when: When | None) -> Place:
        if when is When.TYPE_CHECKING or (when is not None and self.when is When.TOP):
            return Place(when, self.guarded)
        return self


class Survey:
    """What the walk found, in the order of the source as far as anybody needs one."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.imports: list[Import] = []
        self.aliases: dict[str, set[str]] = {}  # a name -> the dotted names that imports bind to it
        self.calls: list[tuple[ast.Call, Place]] = []
        self.assigns: list[tuple[ast.Assign | ast.AugAssign | ast.AnnAssign, Place]] = []
        self.lists: list[tuple[ast.List | ast.Tuple, Place]] = []  # literals with something in them
        self.words: set[str] = set()  # every name and attribute that the code mentions
        self.names: set[str] = set()  # plain names alone
        self.texts: list[str] = []  # string constants
        self.formats: list[ast.JoinedStr] = []
        self._checking = TypeChecking(tree)
        self._stack: list[tuple[Any, Place]] = []
        self._walk(tree)
        self.words |= self.names

    def _walk(self, tree: ast.Module) -> None:
        stack = self._stack
        push = stack.append
        special = {kind: getattr(self, name) for kind, name in SPECIAL.items()}
        names, words = self.names, self.words
        push((tree, Place()))
        while stack:
            node, place = stack.pop()
            kind = type(node)
            if kind is ast.Attribute:
                words.add(node.attr)
                node = node.value
                kind = type(node)
            if kind is ast.Name:
                names.add(node.id)
            elif kind in special:
                special[kind](node, place)
            else:
                for value in node.__dict__.values():
                    if type(value) is list:
                        for each in value:
                            if isinstance(each, ast.AST):
                                push((each, place))
                    elif isinstance(value, ast.AST):
                        push((value, place))

    def _push(self, nodes: Iterable[Any], place: Place) -> None:
        self._stack += [(node, place) for node in nodes if node is not None]

    def _below(self, node: ast.AST, place: Place) -> None:
        for value in node.__dict__.values():
            if isinstance(value, ast.AST):
                self._stack.append((value, place))
            elif type(value) is list:
                self._push([each for each in value if isinstance(each, ast.AST)], place)

    def _nothing(self, node: ast.AST, place: Place) -> None:
        pass

    def _import(self, node: ast.Import, place: Place) -> None:
        for alias in node.names:
            self.imports.append(Import(alias.name, (), 0, node.lineno, place.when, place.guarded))
            top = alias.name.split(".")[0]
            self.aliases.setdefault(alias.asname or top, set()).add(alias.name if alias.asname else top)
            self.words.update(alias.name.split("."))

    def _import_from(self, node: ast.ImportFrom, place: Place) -> None:
        names = tuple(alias.name for alias in node.names)
        module = node.module or ""
        self.imports.append(Import(module, names, node.level, node.lineno, place.when, place.guarded))
        origin = "." * node.level + module + ("." if module else "")
        for name, alias in zip(names, node.names, strict=True):
            self.aliases.setdefault(alias.asname or name, set()).add(origin + name)
        self.words.update(names, module.split("."))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, place: Place) -> None:
        self._push((*node.decorator_list, node.args, node.returns), place)
        self._push(node.body, place.in_function())

    def _lambda(self, node: ast.Lambda, place: Place) -> None:
        self._push((node.args,), place)
        self._push((node.body,), place.in_function())

    def _if(self, node: ast.If, place: Place) -> None:
        body, other = conditions_of(node.test, self._checking)
        self._push((node.test,), place)
        self._push(node.body, place.under(body))
        self._push(node.orelse, place.under(other))

    def _try(self, node: ast.Try, place: Place) -> None:
        guarded = place.guarded or any(_catches(handler.type) for handler in node.handlers)
        self._push(node.body, place._replace(guarded=guarded))
        self._push((*node.handlers, *node.orelse, *node.finalbody), place)

    def _with(self, node: ast.With | ast.AsyncWith, place: Place) -> None:
        self._push(node.items, place)
        guarded = place.guarded or any(_suppresses(item.context_expr) for item in node.items)
        self._push(node.body, place._replace(guarded=guarded))

    def _expression(self, node: ast.Expr, place: Place) -> None:
        if type(node.value) is not ast.Constant:  # a docstring, or `...`
            self._stack.append((node.value, place))

    def _constant(self, node: ast.Constant, place: Place) -> None:
        value = node.value
        if type(value) is bytes:
            value = value[:10_000].decode("latin-1")
        if type(value) is str and place.when is not When.TYPE_CHECKING:
            self.texts.append(value)

    def _format(self, node: ast.JoinedStr, place: Place) -> None:
        if place.when is not When.TYPE_CHECKING:
            self.formats.append(node)
        self._push(node.values, place)

    def _call(self, node: ast.Call, place: Place) -> None:
        self.calls.append((node, place))
        self._stack.append((node.func, place))
        self._stack += [(each, place) for each in node.args]
        self._stack += [(each.value, place) for each in node.keywords]

    def _attribute(self, node: ast.Attribute, place: Place) -> None:
        self.words.add(node.attr)
        self._stack.append((node.value, place))

    def _assign(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign, place: Place) -> None:
        self.assigns.append((node, place))
        self._below(node, place)

    def _list(self, node: ast.List | ast.Tuple, place: Place) -> None:
        if node.elts:
            self.lists.append((node, place))
            self._push(node.elts, place)


SPECIAL: dict[type, str] = {
    ast.Import: "_import",
    ast.ImportFrom: "_import_from",
    ast.FunctionDef: "_function",
    ast.AsyncFunctionDef: "_function",
    ast.Lambda: "_lambda",
    ast.If: "_if",
    ast.Try: "_try",
    ast.TryStar: "_try",
    ast.With: "_with",
    ast.AsyncWith: "_with",
    ast.Expr: "_expression",
    ast.Constant: "_constant",
    ast.JoinedStr: "_format",
    ast.Call: "_call",
    ast.Attribute: "_attribute",
    ast.Assign: "_assign",
    ast.AugAssign: "_assign",
    ast.AnnAssign: "_assign",
    ast.List: "_list",
    ast.Tuple: "_list",
    **{kind: "_nothing" for dull in DULL for kind in dull.__subclasses__()},
}


def _catches(caught: ast.expr | None) -> bool:
    """Could this `except` clause catch an ImportError?"""
    if caught is None:
        return True
    if isinstance(caught, ast.Tuple):
        return any(_catches(each) for each in caught.elts)
    name = caught.attr if isinstance(caught, ast.Attribute) else caught.id if isinstance(caught, ast.Name) else ""
    return name.endswith(CATCHING) and (name in CATCHING or name.endswith("ImportError"))


def _suppresses(context: ast.expr) -> bool:
    if not isinstance(context, ast.Call):
        return False
    name = getattr(context.func, "attr", getattr(context.func, "id", ""))
    return name == "suppress" and any(_catches(each) for each in context.args)
