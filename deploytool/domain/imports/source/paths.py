"""Changes of `sys.path`: which folder each of them adds."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from deploytool.domain.imports.facts import Anchor, Origin, PathEdit
from deploytool.domain.imports.source.bindings import GROWING
from deploytool.domain.imports.source.evaluate import Evaluator
from deploytool.domain.imports.source.evaluate_text import HERE, STAR, normal, plain
from deploytool.domain.imports.source.survey import Place, Survey
from deploytool.domain.imports.source.wording import said

PATH = {"sys.path"}
ADDING = {"site.addsitedir", "addsitedir", "site.addpackage"}
TAKING = {"remove", "pop", "clear", "index", "count", "copy", "sort", "reverse", "__contains__"}
READING = {
    "print",
    "len",
    "list",
    "set",
    "tuple",
    "sorted",
    "enumerate",
    "join",
    "str",
    "repr",
    "any",
    "all",
    "iter",
    "pprint",
    "dumps",
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "critical",
    "log",
    "reversed",
    "iter_modules",
    "walk_packages",
    "find_spec",
    "filter",
    "map",
    "next",
    "max",
    "min",
    "write",
    "format",
}


class PathEdits:
    def __init__(self, survey: Survey, evaluator: Evaluator) -> None:
        self.found: list[PathEdit] = []
        self._survey = survey
        self._evaluator = evaluator
        self._same = set(_other_names(survey, evaluator))  # `paths = sys.path`

    def collect(self) -> list[PathEdit]:
        for node, place in self._survey.calls:
            func = node.func
            if isinstance(func, ast.Attribute) and self._is_path(func.value):
                if func.attr in GROWING | {"__setitem__", "__iadd__"}:
                    self._added(node, place, node.args[-1:])
            elif self._evaluator.dotted(func) & ADDING:
                self._added(node, place, node.args[:1])
            elif self._by_text(node):
                self.found.append(PathEdit(node.lineno, None, f"sys.path: {said(node)} cannot be told", place.when))
            elif isinstance(func, ast.Name | ast.Attribute):
                self._handed_on(node, place, func.id if isinstance(func, ast.Name) else func.attr)
        for statement, place in self._survey.assigns:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                inner = target.value if isinstance(target, ast.Subscript) else target
                named_anew = isinstance(target, ast.Name) and not isinstance(statement, ast.AugAssign)
                if statement.value is not None and not named_anew and self._is_path(inner):
                    self._added(statement, place, [statement.value])
        self._defaults()
        return self.found

    def _defaults(self) -> None:
        for arguments in ast.walk(self._survey.tree):
            if isinstance(arguments, ast.arguments):
                for default in (*arguments.defaults, *arguments.kw_defaults):
                    if default is not None and self._is_path(default):
                        why = "sys.path is the default of a parameter"
                        self.found.append(PathEdit(default.lineno, None, why))

    def _by_text(self, node: ast.Call) -> bool:
        """`getattr(sys, "path")`, `setattr(sys, "path", …)`"""
        named = isinstance(node.func, ast.Name) and node.func.id in ("getattr", "setattr") and len(node.args) > 1
        return named and "sys" in self._evaluator.dotted(node.args[0]) and "path" in _constant(node.args[1])

    def _is_path(self, node: ast.expr) -> bool:
        if not isinstance(node, ast.Attribute | ast.Name):
            return False
        if self._evaluator.dotted(node) & PATH:
            return True
        return isinstance(node, ast.Name) and node.id in self._same

    def _handed_on(self, node: ast.Call, place: Place, name: str) -> None:
        if name in READING or name in TAKING:
            return
        for each in node.args:
            if isinstance(each, ast.Attribute) and self._evaluator.dotted(each) & PATH:
                self.found.append(PathEdit(node.lineno, None, f"sys.path is handed to {said(node.func)}", place.when))

    def _added(self, node: ast.stmt | ast.Call, place: Place, what: list[ast.expr]) -> None:
        line = getattr(node, "lineno", 0)
        for expression in what:
            value = self._evaluator.value(expression).settled()
            if not value.texts and not value.holds:
                whence = f"sys.path: {said(expression)} cannot be told"
                self.found.append(PathEdit(line, None, whence, place.when))
            whences: set[str] = set()
            for each in value.texts | (value.keys if value.holds else frozenset()):
                folder = anchor_of(each.text)
                if folder is None:
                    whences.add(each.whence or "what cannot be told")
                else:
                    self.found.append(PathEdit(line, folder, "", place.when))
            if whences:
                whence = " or ".join(sorted(whences)[:3])
                self.found.append(PathEdit(line, None, f"sys.path: {said(expression)} comes from {whence}", place.when))


def _other_names(survey: Survey, evaluator: Evaluator) -> Iterator[str]:
    for statement, _ in survey.assigns:
        if isinstance(statement.value, ast.Attribute | ast.Name) and evaluator.dotted(statement.value) & PATH:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (each.id for each in targets if isinstance(each, ast.Name))


def _constant(node: ast.expr) -> tuple[object, ...]:
    return (node.value,) if isinstance(node, ast.Constant) else ()


def anchor_of(text: str) -> Anchor | None:
    """The folder that a followed path means; None when a part of it is not known."""
    text = normal(text)
    if text.startswith(HERE):
        rest = text[1:].lstrip("/")
        return Anchor(Origin.FILE, rest) if plain(rest) and rest else None
    if STAR in text or not plain(text):
        return None
    if text.startswith("/"):
        return Anchor(Origin.ROOT, text)
    return Anchor(Origin.CWD, "" if text in (".", "") else text)
