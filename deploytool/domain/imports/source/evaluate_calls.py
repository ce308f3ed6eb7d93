"""What the calls of well known functions give: text methods, os.path, pathlib, and what comes from outside."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from deploytool.domain.imports.source.evaluate_functions import result_of
from deploytool.domain.imports.source.evaluate_methods import last_of, of_method
from deploytool.domain.imports.source.evaluate_text import (
    HERE,
    LISTED,
    OWN,
    STAR,
    Text,
    Value,
    all_above,
    changed,
    container_of,
    folder_of,
    joined,
    known,
    normal,
    one_of,
    path_joined,
    suffix_less,
    unknown,
)
from deploytool.domain.imports.source.wording import said

if TYPE_CHECKING:
    from deploytool.domain.imports.source.evaluate import Evaluator

# What some names stand for, and what nobody can know before the run.
VALUES = {
    "__file__": HERE,
    "__name__": OWN,
    "__package__": OWN,
    "__spec__.parent": OWN,
    "__spec__.name": OWN,
    "os.curdir": ".",
    "os.pardir": "..",
    "sys.executable": "python",
    "os.sep": "/",
    "os.path.sep": "/",
    "os.path.curdir": ".",
    "os.path.pardir": "..",
}
OUTSIDE = ("os.environ", "sys.argv", "sys.stdin", "sys.flags", "sys.orig_argv", "sys._xoptions")
# The same value comes out that goes in, as far as texts are concerned.
SAME = {
    "str", "os.fspath", "os.path.abspath", "os.path.realpath", "os.path.normpath", "os.path.expanduser",
    "os.path.expandvars", "os.path.normcase", "sys.intern", "os.fsdecode", "os.fsencode", "copy.copy", "copy.deepcopy",
    "typing.cast", "shlex.quote", "next", "max", "min", "random.choice",
}  # fmt: skip
GATHERING = {
    "list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "enumerate", "zip", "filter", "dict",
    "itertools.chain", "itertools.chain.from_iterable", "collections.OrderedDict", "collections.deque",
    "dict.fromkeys", "collections.defaultdict", "types.MappingProxyType", "itertools.product",
}  # fmt: skip
PATHS = {f"pathlib.{kind}" for kind in ("Path", "PurePath", "PosixPath", "PurePosixPath", "WindowsPath")}
ENVIRONMENT = {"os.environ.get", "os.getenv", "os.environ.pop", "os.environ.setdefault", "os.environb.get"}
LISTING = {"os.listdir", "os.scandir", "os.walk", "glob.glob", "glob.iglob", "pkgutil.iter_modules",
           "pkgutil.walk_packages"}  # fmt: skip
PATH_PARTS: dict[str, Callable[[Value], Value]] = {
    "parent": lambda value: changed(value, folder_of),
    "parents": all_above,
    "stem": lambda value: changed(value, lambda text: suffix_less(last_of(text))),
}


def called(evaluator: Evaluator, node: ast.Call) -> Value:
    """What a call gives."""
    for name in sorted(evaluator.dotted(node.func)):
        made = _of_function(evaluator, node, name.removeprefix("builtins."))
        if made is not None:
            return made
    own = _of_own(evaluator, node)
    if own is not None:
        return own
    if isinstance(node.func, ast.Attribute) and not evaluator.is_imported(node.func):
        return of_method(evaluator, node, node.func)
    return unknown(said(node))


def _of_function(evaluator: Evaluator, node: ast.Call, name: str) -> Value | None:
    values = [evaluator.value(each) for each in node.args]
    whences = [said(each) for each in node.args]
    if name in ENVIRONMENT:
        whence = said(node)
        return one_of((unknown(whence), *values[1:], *(evaluator.value(each.value) for each in node.keywords)))
    if name in SAME and values:
        made = values[-1] if name == "typing.cast" else one_of(values)
        kept = name in ("str", "copy.copy", "copy.deepcopy", "typing.cast")
        return changed(made if kept else made.elements(), normal if name.startswith("os.path") else str)
    if name in GATHERING:
        keywords = [evaluator.value(each.value) for each in node.keywords]
        named = [known(each.arg) for each in node.keywords if each.arg and name == "dict"]
        return container_of(
            [*(Value(each.texts) for each in values), *keywords], [*(Value(v.keys) for v in values), *named]
        )
    if name == "os.path.join" or name in PATHS:
        return path_joined(values, whences) if values else known(".")
    if name == "os.path.dirname" and values:
        return changed(values[0], folder_of)
    if name == "os.path.basename" and values:
        return changed(values[0], last_of)
    if name == "os.path.splitext" and values:
        return container_of([changed(values[0], suffix_less)])
    if name in ("os.getcwd", *(f"{path}.cwd" for path in PATHS)):
        return known(".")
    if name in LISTING:
        return _listed(evaluator, node, name, values)
    if name == "map" and len(values) > 1:
        return container_of([unknown(said(node))])
    return None


def _listed(evaluator: Evaluator, node: ast.Call, name: str, values: list[Value]) -> Value:
    """Names found in a folder."""
    if name.startswith("glob."):
        return container_of(values)
    if name.startswith("pkgutil."):
        prefix = [evaluator.value(each.value) for each in node.keywords if each.arg == "prefix"] + values[1:2]
        given = values[:1] + [evaluator.value(each.value) for each in node.keywords if each.arg == "path"]
        own = given and given[0].texts and all(each.text == f"{HERE}/.." for each in given[0].texts)
        name_of_one = Value(frozenset((Text(LISTED if own else STAR, said(node), True),)))
        return container_of([joined([*prefix, name_of_one], [said(node)] * (len(prefix) + 1))])
    own = bool(values) and any(each.text.startswith(HERE) for each in values[0].texts)
    return container_of([Value(frozenset((Text(LISTED if own else STAR, said(node), True),)))])


def _of_own(evaluator: Evaluator, node: ast.Call) -> Value | None:
    """A call of a function or class of this file."""
    called_by = node.func
    bindings = evaluator.bindings
    if isinstance(called_by, ast.Name):
        functions = bindings.functions.get(called_by.id)
        if functions and called_by.id not in evaluator.aliases:
            return one_of(result_of(evaluator, each) for each in functions)
        if called_by.id in bindings.classes:
            return container_of(
                [
                    *(evaluator.value(each) for each in node.args),
                    *(evaluator.value(each.value) for each in node.keywords),
                ]
            )._replace(holds=0)
        return None
    if isinstance(called_by, ast.Attribute) and called_by.attr in bindings.functions:
        base = called_by.value
        mine = isinstance(base, ast.Name) and (base.id in ("self", "cls") or base.id in bindings.classes)
        if mine or isinstance(base, ast.Call):
            values = [result_of(evaluator, each) for each in bindings.functions[called_by.attr]]
            if not called_by.attr.startswith("_"):
                values.append(unknown(said(node), outside=False))  # another class may say otherwise
            return one_of(values)
    return None
