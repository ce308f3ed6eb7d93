"""Methods and functions of frameworks that import what their arguments name."""

from __future__ import annotations

import ast

from deploytool.domain.imports.source.evaluate import Evaluator
from deploytool.domain.imports.source.evaluate_calls import ENVIRONMENT, OUTSIDE
from deploytool.domain.imports.source.evaluate_text import Text, Value, joined, one_of, unknown
from deploytool.domain.imports.source.names import Conclusions
from deploytool.domain.imports.source.survey import Place
from deploytool.domain.imports.source.wording import said

# By the last part of their names, whosoever methods they are.
METHODS = {
    "autodiscover_tasks", "autodiscover_modules", "from_object", "config_from_object", "from_pyfile", "from_envvar",
    "dictConfig", "fileConfig", "DictConfigurator",
}  # fmt: skip
LAZY = {"lazy_loader.attach", "lazy_loader.attach_stub", "uvicorn.run", "uvicorn.Config"}
DEEPEST = 6


class Frameworks:
    def __init__(self, evaluator: Evaluator, conclusions: Conclusions) -> None:
        self._evaluator = evaluator
        self._conclusions = conclusions

    def of_call(self, node: ast.Call, place: Place, name: str) -> None:
        match name.rpartition(".")[2]:
            case "from_object" | "config_from_object":
                self._object(node, place, name)
            case "from_pyfile" if node.args:
                self._conclusions.files(node, place, self._evaluator.value(node.args[0]), name)
            case "from_envvar":
                self._conclusions.say(node, place, (), f"from_envvar: {said(node)} names a file that is run")
            case "dictConfig" | "fileConfig" | "DictConfigurator":
                self._logging(node, place, name)
            case "autodiscover_modules":
                names = one_of(self._texts(each) for each in node.args)
                patterns = tuple(sorted(f"*.{each.text}" for each in names.texts if "*" not in each.text))
                self._conclusions.say(
                    node, place, patterns, "" if patterns else f"{name}: its arguments cannot be told"
                )
            case "autodiscover_tasks":
                self._tasks(node, place)
            case "run" | "Config":
                self._served(node, place, name)
            case "attach" | "attach_stub":
                self._attached(node, place, name)

    def _object(self, node: ast.Call, place: Place, name: str) -> None:
        """`config.from_object("package.module.Class")`: a text is imported, anything else is not."""
        given = argument(node, 0, "obj")
        if isinstance(given, ast.JoinedStr | ast.BinOp | ast.Constant | ast.Call):
            value = self._evaluator.value(given)
            if isinstance(given, ast.Constant) or any("." in each.text for each in value.texts):
                self._conclusions.modules(node, place, value, name, objects=True)
        elif given is not None:
            value = self._evaluator.value(given)
            named = frozenset(each for each in value.texts if each.text.strip("*") or each.altered)
            if named:  # a name for a text, where most are for classes
                self._conclusions.modules(node, place, value._replace(texts=named), name, objects=True)

    def _served(self, node: ast.Call, place: Place, name: str) -> None:
        """`uvicorn.run("module:app")`; the application itself is no text."""
        given = argument(node, 0, "app")
        if given is not None and not isinstance(given, ast.Constant):
            value = self._evaluator.value(given)
            named = frozenset(each for each in value.texts if each.text.partition(":")[0].strip("*") or each.altered)
            outside = isinstance(given, ast.Call | ast.Subscript | ast.JoinedStr) and self._outside(given, DEEPEST)
            if named or outside:
                self._conclusions.modules(node, place, value._replace(texts=value.texts if outside else named), name)

    def _logging(self, node: ast.Call, place: Place, name: str) -> None:
        """Classes of handlers and formatters by name: written here, said by another file, or in one with settings."""
        given = argument(node, 0, "config", "fname")
        if given is None:
            return
        if isinstance(given, ast.Constant | ast.Dict):
            value = self._evaluator.value(given)
            dotted = [each for each in value.texts | value.keys if "." in each.text.strip(".") and " " not in each.text]
            if dotted and not isinstance(given, ast.Constant):
                self._conclusions.modules(node, place, Value(frozenset(dotted)), name, objects=True)
        outside = self._outside(given)
        if outside:
            self._conclusions.say(node, place, (), f"{name}: {said(given)} comes from {outside}")
        elif not isinstance(given, ast.Dict):
            self._conclusions.say(node, place, (), f"{name}: {said(given)}", elsewhere=True)

    def _outside(self, node: ast.expr, depth: int = 0) -> str:
        """What only the run knows of how an expression is made; empty when there is nothing of the kind."""
        for each in ast.walk(node):
            if not isinstance(each, ast.Name | ast.Attribute):
                continue
            for name in self._evaluator.dotted(each):
                if name.startswith(OUTSIDE) or name in ENVIRONMENT:
                    return name
            if isinstance(each, ast.Name) and depth < DEEPEST:
                bindings = self._evaluator.bindings
                for binding in bindings.of(each.id, bindings.scope_of.get(each)) or ():
                    found = "" if binding.value is None else self._outside(binding.value, depth + 1)
                    if found:
                        return found
        return ""

    def _tasks(self, node: ast.Call, place: Place) -> None:
        """Celery's search: a module of one name in each of the packages."""
        related = argument(node, 1, "related_name")
        packages = argument(node, 0, "packages")
        last = Value(frozenset((Text("tasks"),))) if related is None else self._texts(related)
        first = Value(frozenset((Text("*"),))) if packages is None else self._texts(packages)
        texts = joined((first, last), (said(node), said(node)), ".").texts
        self._conclusions.say(node, place, tuple(sorted(each.text for each in texts)))

    def _attached(self, node: ast.Call, place: Place, name: str) -> None:
        """`lazy.attach(__name__, submodules={"a"}, submod_attrs={"b": ["c"]})`: loaded when used."""
        named = [argument(node, 1, "submodules"), argument(node, 2, "submod_attrs")]
        values = [self._evaluator.value(each) for each in named if each is not None]
        if name.endswith("stub") or not values:
            self._conclusions.say(node, place, (".*",), name)
            return
        texts = one_of(Value(each.keys or each.texts) for each in values).texts or unknown(said(node)).texts
        self._conclusions.say(node, place, {f".{each.text}" for each in texts}, name)

    def _texts(self, node: ast.expr) -> Value:
        return self._evaluator.value(node).elements()


def argument(node: ast.Call, position: int, *keywords: str) -> ast.expr | None:
    for keyword in node.keywords:
        if keyword.arg in keywords:
            return keyword.value
    return node.args[position] if position < len(node.args) else None
