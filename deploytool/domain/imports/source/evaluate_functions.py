"""What functions of the same file are given and give back."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from deploytool.domain.imports.source.bindings import Function
from deploytool.domain.imports.source.evaluate_text import Value, container_of, one_of, unknown
from deploytool.domain.imports.source.wording import said

if TYPE_CHECKING:
    from deploytool.domain.imports.source.evaluate import Evaluator

# What a framework passes under these names is what somebody sent.
SENT = {"request", "req", "event", "environ", "argv", "message", "payload", "cloud_event", "data", "body"}
# Decorators that pass on what the caller passes; `parametrize` passes what this file says.
PASSING = {
    "staticmethod",
    "classmethod",
    "property",
    "cache",
    "lru_cache",
    "wraps",
    "contextmanager",
    "cached_property",
}
SEEN = {"parametrize", "fixture"}


def result_of(evaluator: Evaluator, function: Function) -> Value:
    """Everything that the function may return or yield, whatever it is called with."""
    key = ("result", function)
    if key in evaluator.following:
        evaluator.loops = True  # nothing more than what the other results give; not to be remembered
        return Value()
    evaluator.following.add(key)
    try:
        return one_of(evaluator.value(each) for each in evaluator.bindings.results.get(function, ()))
    finally:
        evaluator.following.discard(key)


def parameter_of(evaluator: Evaluator, function: Function, name: str) -> Value:
    """The default, what callers in this file pass, and something unseen when there may be other callers."""
    values = [evaluator.value(each) for each in _defaults(function, name)]
    calls = _calls_of(evaluator, function)
    for call in calls:
        values += _passed(evaluator, function, name, call)
    title = getattr(function, "name", "a lambda")
    whence = f"{name}, a parameter of {title}"
    decorators = {said(each.func if isinstance(each, ast.Call) else each).rpartition(".")[2] for each in _dec(function)}
    if name in SENT or decorators - PASSING - SEEN:
        values.append(unknown(whence, outside=not _only_passed(values, name)))
    elif decorators & SEEN:
        values += [_parametrized(evaluator, function), unknown(whence, outside=False)]
    elif not calls or not _closed(evaluator, function):
        values.append(unknown(whence, outside=False))
    made = one_of(values)
    every = function.args
    if (every.vararg and every.vararg.arg == name) or (every.kwarg and every.kwarg.arg == name):
        return container_of([made])
    return made


def _only_passed(values: list[Value], name: str) -> bool:
    """`data` and the like mean something from outside only when nothing in this file gives them a text."""
    return name in SENT and any(each.texts for each in values)


def _dec(function: Function) -> list[ast.expr]:
    return [] if isinstance(function, ast.Lambda) else function.decorator_list


def _parametrized(evaluator: Evaluator, function: Function) -> Value:
    arguments = [arg for each in _dec(function) if isinstance(each, ast.Call) for arg in each.args[1:]]
    return one_of(evaluator.value(arg).elements() for arg in arguments)


def _closed(evaluator: Evaluator, function: Function) -> bool:
    """Are all of its callers in this file, as far as its name tells?"""
    if isinstance(function, ast.Lambda):
        return False
    bindings = evaluator.bindings
    private = function.name.startswith("_") and not function.name.endswith("__")
    return (private or bindings.is_inner(function)) and bindings.mentions.get(function.name, 0) <= 0


def _calls_of(evaluator: Evaluator, function: Function) -> list[ast.Call]:
    if isinstance(function, ast.Lambda):
        return []
    bindings = evaluator.bindings
    if function.name == "__init__":
        around = bindings.class_around(bindings.scope_of.get(function))
        name = around.name if around is not None else ""
        own = bindings.calls.get(name, [])
        return [*own, *bindings.calls.get("__init__", ()), *(bindings.calls.get("cls", ()))]
    return bindings.calls.get(function.name, [])


def _defaults(function: Function, name: str) -> list[ast.expr]:
    every = function.args
    positional = [*every.posonlyargs, *every.args]
    with_default = positional[len(positional) - len(every.defaults) :]
    found = [value for arg, value in zip(with_default, every.defaults, strict=True) if arg.arg == name]
    pairs = zip(every.kwonlyargs, every.kw_defaults, strict=True)
    return found + [value for arg, value in pairs if arg.arg == name and value is not None]


def _passed(evaluator: Evaluator, function: Function, name: str, call: ast.Call) -> list[Value]:
    """What one call gives to one parameter."""
    names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
    decorated = {said(each) for each in _dec(function)}
    if evaluator.bindings.is_method(function) and "staticmethod" not in decorated:
        names = names[1:]
    found = [evaluator.value(each.value) for each in call.keywords if each.arg == name]
    found += [evaluator.value(each.value).elements() for each in call.keywords if each.arg is None]
    known = set(names)
    if function.args.kwarg is not None and function.args.kwarg.arg == name:
        found += [evaluator.value(each.value) for each in call.keywords if each.arg not in known]
    spread = next((i for i, each in enumerate(call.args) if isinstance(each, ast.Starred)), len(call.args))
    if function.args.vararg is not None and function.args.vararg.arg == name:
        return found + [evaluator.value(each) for each in call.args[min(spread, len(names)) :]]
    if name in names:
        at = names.index(name)
        if at < spread:
            found += [evaluator.value(call.args[at])] if at < len(call.args) else []
        else:
            found += [evaluator.value(each).elements() for each in call.args[spread:]]
    return found
