"""Imports by a computed name, and programs that are started: what each of them may load."""

from __future__ import annotations

import ast

from deploytool.domain.imports.source.aliases import Kept, is_partial, parts_of, with_partial
from deploytool.domain.imports.source.bindings import GROWING, Binding
from deploytool.domain.imports.source.code import RUNNING as CODE
from deploytool.domain.imports.source.code import Executed, FactsOfCode
from deploytool.domain.imports.source.evaluate import Evaluator
from deploytool.domain.imports.source.evaluate_text import Text, Value, joined, known, one_of, unknown
from deploytool.domain.imports.source.frameworks import LAZY, METHODS, Frameworks, argument
from deploytool.domain.imports.source.names import Conclusions, resolved
from deploytool.domain.imports.source.survey import Place, Survey
from deploytool.domain.imports.source.wording import said

IMPORTING = {
    "importlib.import_module", "importlib.util.find_spec", "importlib.find_loader", "pkgutil.find_loader",
    "pkgutil.get_loader", "pydoc.safeimport", "runpy.run_module", "imp.find_module",
    "importlib.machinery.PathFinder.find_spec", "pkg_resources.resource_filename", "pytest.importorskip",
}  # fmt: skip
BUILTIN = {"__import__", "importlib.__import__"}
OBJECTS = {  # `package.module.Object` or `package.module:object`
    "pkgutil.resolve_name", "pydoc.locate", "django.utils.module_loading.import_string", "werkzeug.utils.import_string",
    "zope.dottedname.resolve.resolve", "kombu.utils.imports.symbol_by_name", "uvicorn.importer.import_from_string",
    "celery.utils.imports.symbol_by_name", "celery.utils.imports.instantiate", "hydra.utils.get_class",
    "hydra.utils.get_method", "twisted.python.reflect.namedAny", "gunicorn.util.import_app", "gunicorn.util.load_class",
    "airflow.utils.module_loading.import_string", "starlette.config.import_from_string",
}  # fmt: skip
BELOW = {"werkzeug.utils.find_modules", "celery.utils.imports.find_related_module"}
PREFIXED = {"pkgutil.walk_packages"}  # imports each package to look into it
FILES = {  # position of the file among the arguments, and its keyword
    "importlib.util.spec_from_file_location": (1, "location"),
    "importlib.machinery.SourceFileLoader": (1, "path"),
    "importlib.machinery.SourcelessFileLoader": (1, "path"),
    "importlib.machinery.ExtensionFileLoader": (1, "path"),
    "imp.load_source": (1, "pathname"),
    "imp.load_compiled": (1, "pathname"),
    "imp.load_dynamic": (1, "pathname"),
    "runpy.run_path": (0, "path_name"),
    "execfile": (0, "filename"),
    "zipimport.zipimporter": (0, "path"),
}
HANDED = IMPORTING | BUILTIN | OBJECTS | {"exec", "execfile", "runpy.run_path", "builtins.__import__"}
# A word of the code that says that some text names what is imported; whose text, is not told there.
OPENING = {"ImportString", "PyObject", "unsafe_load", "unsafe_load_all", "full_load", "UnsafeLoader", "FullLoader"}
HIDDEN = {"import_module", "__import__", "run_module", "run_path", "spec_from_file_location"}
HOOKS = {"sys.meta_path", "sys.path_hooks"}
EVERY = IMPORTING | BUILTIN | OBJECTS | BELOW | PREFIXED | set(FILES) | CODE
LAST = {name.rpartition(".")[2]: name for name in EVERY}
MODULES = {"importlib", "imp", "runpy", "pkgutil", "pydoc", "zipimport", "builtins", "__builtins__"}
TRIGGERS = (
    set(LAST) - CODE
    | MODULES
    | METHODS
    | {"load_module", "attach", "attach_stub"}
    | {"meta_path", "path_hooks", "__path__", "modules", "run", "Config"}
    | OPENING
)


class Dynamics:
    """Looks at one file. `code` tells the facts of text that is executed."""

    def __init__(self, survey: Survey, evaluator: Evaluator, conclusions: Conclusions, code: FactsOfCode) -> None:
        self._survey = survey
        self._evaluator = evaluator
        self._conclusions = conclusions
        self._code = Executed(evaluator, conclusions, code)
        self._frameworks = Frameworks(evaluator, conclusions)
        self._kept = Kept(survey.tree, self._is_one)

    def collect(self) -> None:
        for node, place in self._survey.calls:
            for call in with_partial(node, self._partials(node.func)):
                for name in sorted(self._names_of(call.func)):
                    self._of_call(name, call, place)
            self._handed_on(node, place)
        for statement, place in self._survey.assigns:
            self._of_assignment(statement, place)
        self._given_away()
        self._hidden()
        if self._survey.words & OPENING:
            name = min(self._survey.words & OPENING)
            self._conclusions.say(self._survey.tree, Place(), (), f"{name} imports what a text names", elsewhere=True)
        for escaped in self._kept.escaped:
            self._conclusions.say(escaped, Place(), (), f"{said(escaped)} is handed on, to be called with any name")

    def _given_away(self) -> None:
        """`from importlib import import_module as load`: who does not call it lets others import it from here."""
        called = {call.func.id for call, _ in self._survey.calls if isinstance(call.func, ast.Name)}
        for node, names in self._kept.public(self._survey.tree):
            unknown_ones = sorted(name for name in names if name not in LAST and name not in called)
            if unknown_ones:
                self._conclusions.say(node, Place(), (), f"others may call {unknown_ones[0]}", elsewhere=True)

    def _hidden(self) -> None:
        """`vars(importlib)["import_module"]`: the function itself is named by a text."""
        for name in HIDDEN & set(self._survey.texts):
            calls = [call for call, _ in self._survey.calls if len(call.args) > 1 and self._by_getattr(call)]
            seen = sum(isinstance(call.args[1], ast.Constant) and call.args[1].value == name for call in calls)
            if self._survey.texts.count(name) > seen:
                self._conclusions.say(self._survey.tree, Place(), (), f"{name} is named by a text, to be called")

    def _is_one(self, node: ast.expr) -> bool:
        """Is it a function that imports what it is told? A name alone, not a call of it."""
        if not isinstance(node, ast.Name | ast.Attribute) or not self._evaluator.dotted(node) & HANDED:
            return isinstance(node, ast.Call) and bool(self._by_getattr(node))
        return True

    def _names_of(self, func: ast.expr) -> set[str]:
        """The functions of ours that are called here, by any of their names."""
        if isinstance(func, ast.Call):  # getattr(importlib, "import_module")(name)
            return self._by_getattr(func)
        if not isinstance(func, ast.Name | ast.Attribute):
            return set()
        last = _last(func)
        names = {name.removeprefix("builtins.") for name in self._evaluator.dotted(func)}
        found = {name for name in names if name in EVERY or name in LAZY or name.rpartition(".")[0] in HOOKS}
        found |= {name.rpartition(".")[2] for name in names} & (METHODS | {"load_module"})
        if not found and last in ("import_module", "import_string"):
            found.add("importlib.import_module" if last == "import_module" else "import_string")
        if isinstance(func, ast.Attribute) and func.attr in GROWING and _is_path(func.value):
            found.add("__path__")
        if not found and (last in METHODS or last == "load_module"):
            found.add(last)
        return found or (self._aliased(func) if last in self._kept.names else set())

    def _partials(self, func: ast.expr) -> list[ast.Call]:
        """`partial(import_module, package="a")` in the place of a function, or behind the name that is called."""
        found = [func] if is_partial(func) else []
        if isinstance(func, ast.Name | ast.Attribute) and _last(func) in self._kept.names:
            values = [each.value for each in self._given(func) if each.value is not None]
            found = [each for value in values for each in parts_of(value) if is_partial(each)]
        return [each for each in found if isinstance(each, ast.Call) and self._is_one(each.args[0])]

    def _given(self, func: ast.Name | ast.Attribute) -> list[Binding]:
        bindings = self._evaluator.bindings
        if isinstance(func, ast.Name):
            return bindings.of(func.id, bindings.scope_of.get(func)) or []
        return bindings.attributes.get(func.attr, [])

    def _aliased(self, func: ast.Name | ast.Attribute) -> set[str]:
        """`loader = import_module; loader(x)`, also through an attribute or the default of a parameter."""
        found: set[str] = set()
        for binding in self._given(func):
            values = [] if binding.value is None else [binding.value]
            if binding.function is not None:
                args = binding.function.args
                values = [*args.defaults, *(each for each in args.kw_defaults if each is not None)]
            for value in values:
                for each in parts_of(value):
                    found |= {name for name in self._evaluator.dotted(each) if name in EVERY}
                    if isinstance(each, ast.Call):
                        found |= self._by_getattr(each)
        return found

    def _by_getattr(self, call: ast.Call) -> set[str]:
        if not (isinstance(call.func, ast.Name) and call.func.id == "getattr" and len(call.args) > 1):
            return set()
        modules = self._evaluator.dotted(call.args[0])
        if not modules & MODULES:
            return set()
        texts = {each.text for each in self._evaluator.value(call.args[1]).texts}
        made = {f"{module}.{text}" for module in modules for text in texts} | {text for text in texts if text in CODE}
        found = {name for name in made if name in EVERY} | ({"__import__"} if "__import__" in texts else set())
        return found or ({"importlib.import_module"} if "*" in texts else set())

    def _handed_on(self, node: ast.Call, place: Place) -> None:
        """`map(import_module, NAMES)`: the function is an argument, and so is what it will be called with."""
        if is_partial(node) and len(node.args) == 1 and node in self._kept.fine:
            return  # called by the name that it is kept under
        for handed in (*node.args, *(each.value for each in node.keywords)):
            if not isinstance(handed, ast.Name | ast.Attribute):
                continue
            for name in sorted(self._evaluator.dotted(handed) & HANDED):
                others = [each for each in (*node.args, *(each.value for each in node.keywords)) if each is not handed]
                value = one_of(self._evaluator.value(each).elements() for each in others)
                value = value if value.texts else unknown("whoever it is handed to")
                self._conclusions.modules(node, place, value, f"{said(node.func)} of {_short(name)}", name in OBJECTS)

    def _of_assignment(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign, place: Place) -> None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            inner = target.value if isinstance(target, ast.Subscript) else target
            if isinstance(target, ast.Subscript) and self._evaluator.dotted(inner) & {"sys.modules"}:
                self._renamed(node, place)
            elif _is_path(inner) or self._evaluator.dotted(inner) & HOOKS:
                self._conclusions.say(node, place, (), f"{said(inner)} changes where modules come from")

    def _renamed(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign, place: Place) -> None:
        """`sys.modules["old"] = new`: what is imported below the one name lies below the other."""
        value = node.value
        names: set[str] = set()
        if isinstance(value, ast.Name | ast.Attribute):
            names = {name for name in self._evaluator.dotted(value) if name.partition(".")[0] != "self"}
        elif isinstance(value, ast.Call) and self._names_of(value.func):
            names = {each.text for arg in value.args[:1] for each in self._texts(arg).texts}
        if names:
            self._conclusions.modules(node, place, known(*(f"{name}.*" for name in names)), "sys.modules")

    def _of_call(self, name: str, node: ast.Call, place: Place) -> None:
        if name == "__path__" or name.rpartition(".")[0] in HOOKS:
            if name == "__path__" or name.rpartition(".")[2] in GROWING:
                self._conclusions.say(node, place, (), f"{said(node.func)} changes where modules come from")
        elif name in FILES:
            position, keyword = FILES[name]
            file = argument(node, position, keyword)
            value = unknown("no argument") if file is None else self._evaluator.value(file)
            self._conclusions.files(node, place, value, _short(name))
        elif name in CODE:
            self._code.of_call(node, place, name)
        elif name == "load_module" and not node.args:
            pass  # of a loader that was made somewhere, with the name of the module or the file
        elif name in METHODS or name in LAZY:
            self._frameworks.of_call(node, place, name)
        elif name in PREFIXED:
            listed = self._evaluator.value(node)
            self._conclusions.modules(node, place, listed.elements(), _short(name))
        else:
            self._named(node, place, name)

    def _named(self, node: ast.Call, place: Place, name: str) -> None:
        if any(isinstance(each, ast.Starred) for each in node.args):
            self._conclusions.say(node, place, (), f"{_short(name)}: {said(node)} cannot be told")
            return
        given = argument(node, 0, "name", "modname", "mod_name", "import_name", "dotted_path", "import_path")
        value = unknown("no argument") if given is None else self._texts(given)
        if name in BUILTIN:
            value = self._with_fromlist(node, value)
        elif name in BELOW:
            value = one_of((value, joined((value, Value(frozenset((Text(".*"),)))), ("", ""))))
        elif name.rpartition(".")[2] in ("import_module", "find_spec"):
            package = argument(node, 1, "package")
            value = resolved(value, None if package is None else self._texts(package))
        objects = name in OBJECTS or name == "import_string"
        self._conclusions.modules(node, place, value, _short(name), objects)

    def _with_fromlist(self, node: ast.Call, value: Value) -> Value:
        """`__import__("a", fromlist=["b"])` loads a.b when that is a module."""
        names = argument(node, 3, "fromlist")
        level = argument(node, 4, "level")
        dots = level.value if isinstance(level, ast.Constant) and isinstance(level.value, int) else 0
        value = Value(frozenset(each._replace(text="." * min(dots, 20) + each.text) for each in value.texts))
        if names is None:
            return value
        submodules = self._texts(names)
        if not submodules.texts:
            return value
        plain = Value(frozenset(each._replace(whence="", outside=False) for each in submodules.texts))
        below = joined((value, plain), (said(node), said(names)), ".")
        return one_of((value, below)) if value.texts else value

    def _texts(self, node: ast.expr) -> Value:
        return self._evaluator.value(node).elements()


def _last(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _is_path(node: ast.expr) -> bool:
    """`__path__` of this package, or of another module."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name == "__path__"
