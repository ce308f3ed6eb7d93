"""Code that is executed from text: `exec`, `eval`, and `compile` of a file's content."""

from __future__ import annotations

import ast
from collections.abc import Callable

from deploytool.domain.imports.facts import Dynamic, Facts
from deploytool.domain.imports.source.evaluate import Evaluator
from deploytool.domain.imports.source.evaluate_text import STAR, unknown
from deploytool.domain.imports.source.names import Conclusions
from deploytool.domain.imports.source.survey import Place
from deploytool.domain.imports.source.wording import said

FactsOfCode = Callable[[str], Facts]
OPENING = {"open", "io.open", "codecs.open", "tokenize.open"}
RUNNING = {"exec", "eval", "compile"}


class Executed:
    """`code` tells the facts of a text that is executed."""

    def __init__(self, evaluator: Evaluator, conclusions: Conclusions, code: FactsOfCode) -> None:
        self._evaluator = evaluator
        self._conclusions = conclusions
        self._code = code

    def of_call(self, node: ast.Call, place: Place, name: str) -> None:
        """`exec`, `eval` and `compile`: of a file's content, of a constant, or of what cannot be told."""
        source = next((each.value for each in node.keywords if each.arg == "source"), None)
        source = node.args[0] if node.args else source
        if isinstance(source, ast.Call) and source.args and self._is_compile(source) and name != "compile":
            source = source.args[0]
        if source is None:
            return
        file = self._file_behind(source)
        if file is not None:
            self._conclusions.files(node, place, self._evaluator.value(file), name)
            return
        if name == "compile" or self._compiled(source):
            return  # without exec it runs nothing; with it, what matters is told where it is compiled
        unknown_parts: set[str] = set()
        for each in self._evaluator.value(source).settled().texts or unknown(said(source)).texts:
            facts = None if STAR in each.text and each.whence else self._code(each.text)
            if facts is None or facts.error:
                unknown_parts.add(each.whence or said(source))
            else:
                self._nested(node, place, facts)
        if unknown_parts:
            whence = " or ".join(sorted(unknown_parts)[:3])
            self._conclusions.say(node, place, (), f"{name}: {said(source)} comes from {whence}")

    def _nested(self, node: ast.Call, place: Place, facts: Facts) -> None:
        patterns = set()
        for each in facts.imports:
            module = "." * each.level + each.module
            patterns |= {module, *(module + ("." if each.module else "") + name for name in each.names)}
        patterns.discard("")
        if patterns:
            self._conclusions.say(node, place, patterns)
        self._conclusions.found += [
            Dynamic(node.lineno, each.subject, each.patterns, each.bounded, each.why, place.when, place.guarded)
            for each in facts.dynamics
        ]

    def _compiled(self, source: ast.expr) -> bool:
        """Is it the outcome of a `compile` of a file, which was told about already?"""
        calls: list[ast.expr | None] = [source]
        if isinstance(source, ast.Name):
            bindings = self._evaluator.bindings
            calls = [each.value for each in bindings.of(source.id, bindings.scope_of.get(source)) or ()]
        return bool(calls) and all(isinstance(each, ast.Call) and self._from_file(each) for each in calls)

    def _from_file(self, call: ast.Call) -> bool:
        return self._is_compile(call) and bool(call.args) and self._file_behind(call.args[0]) is not None

    def _is_compile(self, call: ast.Call) -> bool:
        return bool(self._evaluator.dotted(call.func) & {"compile", "builtins.compile"})

    def _file_behind(self, node: ast.expr, depth: int = 0) -> ast.expr | None:
        """The path of the file whose content an expression is: `open(path).read()`, `Path(path).read_text()`."""
        if depth > 6:
            return None
        if isinstance(node, ast.Name):
            bindings = self._evaluator.bindings
            given = bindings.of(node.id, bindings.scope_of.get(node)) or []
            return self._file_behind(given[0].value, depth + 1) if len(given) == 1 and given[0].value else None
        if not isinstance(node, ast.Call):
            return None
        names = {name.removeprefix("builtins.") for name in self._evaluator.dotted(node.func)}
        if names & OPENING:
            return node.args[0] if node.args else None
        if names & {"compile", "str", "bytes"} and node.args:
            return self._file_behind(node.args[0], depth + 1)
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in ("read_text", "read_bytes", "open"):
                return node.func.value
            if node.func.attr in ("read", "decode", "replace", "strip", "encode"):
                return self._file_behind(node.func.value, depth + 1)
        return None
