"""Which texts an expression may have, followed through the names, functions and containers of its own file.

Nothing is executed. What cannot be followed is `*`, with where it comes from; what has several answers has all of
them. Names are not followed in the order of their assignments: each stands for everything it is ever given.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from deploytool.domain.imports.source.aliases import dotted_names, first_name
from deploytool.domain.imports.source.bindings import WHOLE, Binding, Bindings
from deploytool.domain.imports.source.evaluate_calls import OUTSIDE, PATH_PARTS, VALUES, called
from deploytool.domain.imports.source.evaluate_functions import parameter_of, result_of
from deploytool.domain.imports.source.evaluate_literals import members_of, written_in
from deploytool.domain.imports.source.evaluate_methods import last_of, percent_of, piece_of
from deploytool.domain.imports.source.evaluate_text import (
    HERE,
    LOOP,
    NOTHING,
    STAR,
    Text,
    Value,
    changed,
    changed_elsewhere,
    container_of,
    folder_of,
    is_loop,
    joined,
    known,
    one_of,
    path_joined,
    sliced,
    unknown,
    unrolled,
)
from deploytool.domain.imports.source.wording import said

DEEPEST = 50  # expressions within expressions
STEPS = 20_000  # of one file
NAMES = 25  # that are followed through one another
WORK = 100_000  # texts that are handled for one file


class Evaluator:
    """For one file. `aliases` are the dotted names that imports bind."""

    def __init__(self, tree: ast.Module, aliases: dict[str, set[str]]) -> None:
        self._tree = tree
        self.aliases = aliases
        self._bindings: Bindings | None = None
        self._memo: dict[ast.AST, Value] = {}
        self._open: dict[object, int] = {}  # names that are being followed, and the sign for meeting them again
        self.following: set[object] = set()  # functions whose results are being looked for
        self.loops = False  # a sign was given out below
        self._depth = self._steps = self._work = 0

    @property
    def bindings(self) -> Bindings:
        if self._bindings is None:
            self._bindings = Bindings(self._tree)
        return self._bindings

    def value(self, node: ast.expr) -> Value:
        """Everything that the expression may be."""
        done = self._memo.get(node)
        if done is not None:
            return done
        self._steps += 1
        if self._depth > DEEPEST or self._steps > STEPS:
            return unknown("too deep to follow")
        self._depth += 1
        before, self.loops = self.loops, False
        try:
            made = self._value(node)
        finally:
            self._depth -= 1
        if not self.loops:
            self._memo[node] = made
        self.loops = self.loops or before
        return made

    def dotted(self, node: ast.expr) -> set[str]:
        """The dotted names, as imports spell them, that the expression may stand for."""
        return dotted_names(node, self.aliases)

    def is_imported(self, node: ast.expr) -> bool:
        """Is it a name of another module, as `json.load` is?"""
        first = first_name(node)
        return first in self.aliases and first not in self.bindings.names.get(None, {})

    def _value(self, node: ast.expr) -> Value:
        evaluate = _KINDS.get(type(node))
        return evaluate(self, node) if evaluate is not None else unknown(said(node))

    def _constant(self, node: ast.Constant) -> Value:
        value = node.value
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        if isinstance(value, str):
            return known("".join(STAR if 0xE000 <= ord(each) <= 0xF8FF else each for each in value[:4096]))
        if isinstance(value, int) and not isinstance(value, bool):
            return known(str(value)) if abs(value) < 10**9 else unknown(said(node))
        return NOTHING

    def _format(self, node: ast.JoinedStr) -> Value:
        parts = [each.value if isinstance(each, ast.FormattedValue) else each for each in node.values]
        return joined([self.value(part) for part in parts], [said(part) for part in parts])

    def _operation(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Div):
            return path_joined([left, right], [said(node.left), said(node.right)])
        if isinstance(node.op, ast.Mod):
            return percent_of(self, left, node.right)
        if not isinstance(node.op, ast.Add | ast.BitOr):
            return unknown(said(node))
        repeats = any(is_loop(each.text) for each in left.texts)
        if isinstance(node.op, ast.BitOr) or (right.holds and (left.holds or repeats)):
            return one_of((left, right))
        both = joined((left, right), (said(node.left), said(node.right)))
        if left.holds or right.holds:  # lists, as far as one can see
            return one_of((left, right, both))
        if repeats:  # `x += y` may be lists as well as texts
            unsure = Value(frozenset(each for each in right.texts if each.text == STAR))
            return one_of((both, unsure))
        return both

    def _any(self, node: ast.BoolOp) -> Value:
        return one_of(self.value(each) for each in node.values)

    def _either(self, node: ast.IfExp) -> Value:
        return one_of((self.value(node.body), self.value(node.orelse)))

    def _inner(self, node: ast.NamedExpr | ast.Await | ast.Starred) -> Value:
        return self.value(node.value)

    def _several(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        return container_of(self.value(each) for each in node.elts)

    def _mapping(self, node: ast.Dict) -> Value:
        keys = [self.value(each) for each in node.keys if each is not None]
        merged = [self.value(each) for key, each in zip(node.keys, node.values, strict=True) if key is None]
        return container_of((self.value(each) for each in node.values), [*keys, *(Value(each.keys) for each in merged)])

    def _comprehended(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
        return container_of([self.value(node.elt)])

    def _mapped(self, node: ast.DictComp) -> Value:
        return container_of([self.value(node.value)], [self.value(node.key)])

    def _part(self, node: ast.Subscript) -> Value:
        whole, at = node.value, node.slice
        if isinstance(whole, ast.Attribute) and whole.attr == "parents" and isinstance(at, ast.Constant):
            up = at.value if isinstance(at.value, int) and 0 <= at.value < 40 else 0
            value = self.value(whole.value)
            for _ in range(up + 1):
                value = changed(value, folder_of)
            return value
        if isinstance(whole, ast.Call) and (piece := piece_of(self, whole, at)) is not None:
            return piece
        value = self.value(whole)
        if value.holds:
            return value if isinstance(at, ast.Slice) else Value(value.texts, value.holds - 1)
        if isinstance(at, ast.Slice):
            return changed(value, lambda text: sliced(text, at))
        return changed(value, lambda text: text if text == STAR else None) if value.texts else unknown(said(node))

    def _attribute(self, node: ast.Attribute) -> Value:
        for name in sorted(self.dotted(node)):
            if name in VALUES:
                return known(VALUES[name])
            if name == "sys.path":
                return Value(holds=1)
            if name.startswith(OUTSIDE):
                return unknown(name)
        if node.attr in PATH_PARTS and first_name(node) not in ("self", "cls"):
            return PATH_PARTS[node.attr](self.value(node.value))
        base = node.value
        mine = isinstance(base, ast.Name) and (base.id in ("self", "cls") or base.id in self.bindings.classes)
        given = self.bindings.attributes.get(node.attr)
        if node.attr in ("value", "name") and not mine:  # of an enumeration, of a module that a listing found
            return changed(self.value(base), last_of)
        held = NOTHING if mine or node.attr not in self.bindings.fields else self.value(base)
        if held.texts and not any(each.whence for each in held.settled().texts):  # of an object that this file makes
            return one_of((Value(held.texts), self._followed(("attribute", node.attr), given or [])))
        if not given and not mine and node.attr not in self.bindings.functions:
            return unknown(" or ".join(sorted(self.dotted(node))) or said(node))
        return self._of_attribute(node, given or [], mine)

    def _of_attribute(self, node: ast.Attribute, given: list[Binding], mine: bool) -> Value:
        values = [self._followed(("attribute", node.attr), given)] if given else []
        for function in self.bindings.functions.get(node.attr, ()):
            values.append(result_of(self, function))
        values += [self.value(each) for each in self.bindings.keywords.get(node.attr, ())]
        if not node.attr.startswith("_") or not values:
            values.append(unknown(said(node), outside=not mine))
        return one_of(values)

    def _name(self, node: ast.Name) -> Value:
        if node.id in VALUES:
            return known(VALUES[node.id])
        if node.id == "__path__":
            return Value(frozenset((Text(f"{HERE}/.."),)), 1)
        scope = self.bindings.scope_of.get(node)
        given = self.bindings.of(node.id, scope)
        imported = self.aliases.get(node.id)
        values = []
        if imported and not all(each in self.bindings.classes for each in imported):
            if imported & set(VALUES):
                return known(*(VALUES[each] for each in imported if each in VALUES))
            if imported == {"sys.path"}:
                return Value(holds=1)
            values.append(unknown(" or ".join(sorted(imported))))
        if given is not None:
            values.append(self._followed((node.id, id(given)), given))
            if values[-1].holds and node.id in self.bindings.handed:
                values.append(unknown(f"{node.id}, which is handed on", outside=False))
            if not node.id.startswith("_") and self.bindings.is_global(node.id, scope):
                values.append(changed_elsewhere(node.id, values[-1]))
        elif not imported:
            values.append(unknown(f"{node.id}, which this file does not set"))
        return one_of(values)

    def _followed(self, key: object, given: list[Binding]) -> Value:
        """Everything that these bindings give; one that leads back to itself repeats what the others give."""
        if key in self._open:
            self.loops = True
            return Value(frozenset((Text(chr(self._open[key]), "a loop"),)))
        if len(self._open) > NAMES or self._work > WORK:
            return unknown("too deep to follow")
        sign = self._open[key] = LOOP + len(self._open)
        before, self.loops = self.loops, False
        try:
            made = one_of([self._given(binding) for binding in given])
        finally:
            del self._open[key]
        self._work += len(made.texts)
        if self.loops:
            made = unrolled(made, chr(sign))
            every = (*made.texts, *made.keys)
            self.loops = any(LOOP <= ord(letter) < LOOP + 0x1000 for each in every for letter in each.text)
        self.loops = self.loops or before
        return made

    def _given(self, binding: Binding) -> Value:
        if binding.param and binding.function is not None:
            return parameter_of(self, binding.function, binding.param)
        if binding.value is None:
            return unknown(binding.said)
        if binding.at >= 0 and (picked := self._picked(binding)) is not None:
            return one_of(self.value(each) for each in picked)
        value = self.value(binding.value)
        if binding.adds:
            return Value(value.texts | value.keys, value.holds + 1)
        return value.elements() if binding.each or binding.at != WHOLE else value

    def _picked(self, binding: Binding) -> list[ast.expr] | None:
        """The expressions at one position of what is unpacked, where all of it is written out in this file."""
        assert binding.value is not None
        rows = members_of(self, binding.value) if binding.each else written_in(self, binding.value)
        if rows is None:
            return None
        picked = []
        for row in rows:
            if not isinstance(row, ast.Tuple | ast.List) or binding.at >= len(row.elts):
                return None
            if any(isinstance(each, ast.Starred) for each in row.elts):
                return None
            picked.append(row.elts[binding.at])
        return picked


_KINDS: dict[type, Callable[[Evaluator, Any], Value]] = {
    ast.Constant: Evaluator._constant,
    ast.JoinedStr: Evaluator._format,
    ast.FormattedValue: Evaluator._inner,
    ast.BinOp: Evaluator._operation,
    ast.BoolOp: Evaluator._any,
    ast.IfExp: Evaluator._either,
    ast.NamedExpr: Evaluator._inner,
    ast.Await: Evaluator._inner,
    ast.Starred: Evaluator._inner,
    ast.List: Evaluator._several,
    ast.Tuple: Evaluator._several,
    ast.Set: Evaluator._several,
    ast.Dict: Evaluator._mapping,
    ast.ListComp: Evaluator._comprehended,
    ast.SetComp: Evaluator._comprehended,
    ast.GeneratorExp: Evaluator._comprehended,
    ast.DictComp: Evaluator._mapped,
    ast.Subscript: Evaluator._part,
    ast.Attribute: Evaluator._attribute,
    ast.Name: Evaluator._name,
    ast.Call: called,
}
