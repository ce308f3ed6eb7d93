"""What the calls of well known functions give: text methods, os.path, pathlib, and what comes from outside."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from deploytool.domain.imports.evaluate_functions import result_of
from deploytool.domain.imports.evaluate_text import (
    HERE,
    LISTED,
    OWN,
    PARENT,
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
    plain,
    suffix_less,
    unknown,
)
from deploytool.domain.imports.extract_wording import said

if TYPE_CHECKING:
    from deploytool.domain.imports.evaluate import Evaluator

_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0-9.]*[a-zA-Z]")
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
KEPT = {"strip", "lstrip", "rstrip", "lower", "upper", "casefold", "title", "capitalize", "swapcase"}
STAYING = {"resolve", "absolute", "expanduser", "as_posix", "as_uri", "decode", "encode", "copy", "__str__",
           "__fspath__", "readlink", "format_map", "expandtabs", "items", "values", "get", "pop", "popitem",
           "setdefault", "__getitem__", "to_list", "tolist", "popleft", "most_common"}  # fmt: skip
PATH_PARTS: dict[str, Callable[[Value], Value]] = {
    "parent": lambda value: changed(value, folder_of),
    "parents": all_above,
    "stem": lambda value: changed(value, lambda text: suffix_less(last_of(text))),
}


def called(evaluator: Evaluator, node: ast.Call) -> Value:
    """What a call gives."""
    for name in evaluator.dotted(node.func):
        made = _of_function(evaluator, node, name.removeprefix("builtins."))
        if made is not None:
            return made
    own = _of_own(evaluator, node)
    if own is not None:
        return own
    if isinstance(node.func, ast.Attribute):
        return _of_method(evaluator, node, node.func)
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
            )._replace(holds=False)
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


def _of_method(evaluator: Evaluator, node: ast.Call, func: ast.Attribute) -> Value:
    name = func.attr
    base = evaluator.value(func.value)
    values = [evaluator.value(each) for each in node.args]
    whences = [said(each) for each in node.args]
    if name == "format":
        return _formatted(evaluator, node, base)
    if name == "join" and len(values) == 1:
        return _joined_up(evaluator, node, base, values[0])
    if name == "keys":
        return Value(base.keys or base.texts, True)
    if name in STAYING:
        rest = values[1:] if name in ("get", "pop", "setdefault") else []
        return (
            one_of((Value(base.texts, base.holds and name in ("items", "values", "copy"), base.keys), *rest))
            if base.texts or rest
            else unknown(said(node))
        )
    if name in KEPT:
        return changed(base, lambda text: _applied(text, name, node))
    if name in ("replace", "removeprefix", "removesuffix", "zfill"):
        return changed(base, lambda text: _applied(text, name, node))
    if name in ("split", "rsplit", "partition", "rpartition", "splitlines"):
        return _split(base, name, node)
    if name == "joinpath":
        return path_joined([base, *values], [said(func.value), *whences])
    if name in ("with_name", "with_stem", "with_suffix", "relative_to"):
        return changed(base, lambda text: f"{folder_of(text)}/*" if name != "relative_to" else None)
    if name in ("glob", "rglob", "iterdir") and base.texts:
        pattern = values[0] if values else known(STAR)
        deep = [known("**/*")] if name == "rglob" else []
        return container_of([path_joined([base, *deep[:0], pattern], [said(func.value), "a listing"])])
    if any(each.text != STAR for each in base.texts) or not base.texts:
        return unknown(said(node))
    return Value(
        frozenset(
            each._replace(outside=True, whence=each.whence if each.outside else said(node)) for each in base.texts
        )
    )


def _formatted(evaluator: Evaluator, node: ast.Call, base: Value) -> Value:
    """`"a.{}.{name}".format(…)`."""
    made = []
    keywords = {each.arg: each.value for each in node.keywords if each.arg}
    for shape in base.texts:
        pieces: list[Value] = []
        rest, at = shape.text, 0
        while "{" in rest:
            before, _, rest = rest.partition("{")
            field, _, rest = rest.partition("}")
            key = field.split(":")[0].split("!")[0]
            arg = keywords.get(key)
            if arg is None and (key.isdigit() or not key):
                index = int(key) if key.isdigit() and len(key) < 4 else at
                arg = node.args[index] if index < len(node.args) else None
                at += 1
            pieces += [known(before), unknown(said(node)) if arg is None else evaluator.value(arg)]
        pieces.append(Value(frozenset((shape._replace(text=rest),))))
        made.append(joined(pieces, [said(node)] * len(pieces)))
    return one_of(made)


def _joined_up(evaluator: Evaluator, node: ast.Call, base: Value, inside: Value) -> Value:
    glue = next(iter(base.texts)).text if len(base.texts) == 1 else STAR
    parts = node.args[0]
    if isinstance(parts, ast.List | ast.Tuple) and not any(isinstance(each, ast.Starred) for each in parts.elts):
        return joined([evaluator.value(each) for each in parts.elts], [said(each) for each in parts.elts], glue)
    if glue == "." and isinstance(parts, ast.Subscript) and any(each.text == OWN for each in inside.texts):
        return known(PARENT)  # ".".join(__name__.split(".")[:-1])
    return Value(frozenset(Text(STAR, each.whence or said(node), each.outside) for each in inside.texts)) or unknown(
        said(node)
    )


def _split(base: Value, name: str, node: ast.Call) -> Value:
    pieces: set[Text] = set()
    separator = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    for each in base.texts:
        if each.text == OWN:
            pieces |= {each, each._replace(text=PARENT), Text(STAR, said(node), True)}
        elif plain(each.text) and (separator is None or (isinstance(separator, str) and separator)):
            most = next(
                (a.value for a in node.args[1:2] if isinstance(a, ast.Constant)), 1 if "partition" in name else -1
            )
            few = most if isinstance(most, int) else -1
            cut = each.text.rsplit(separator, few) if name.startswith("r") else each.text.split(separator, few)
            pieces |= {each._replace(text=piece) for piece in cut}
        else:
            pieces.add(Text(STAR, each.whence or said(node), each.outside))
    return Value(frozenset(pieces), True)


def piece_of(evaluator: Evaluator, node: ast.Call, at: ast.expr) -> Value | None:
    """`__name__.rpartition(".")[0]`: one piece of a split text; None when the call is no such thing."""
    func = node.func
    if not isinstance(func, ast.Attribute) or func.attr not in ("split", "rsplit", "partition", "rpartition"):
        return None
    try:
        index = ast.literal_eval(at)
        arguments = [ast.literal_eval(each) for each in node.args]
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return None

    def piece(text: str) -> str | None:
        if text == OWN:
            return PARENT if index == 0 and func.attr.startswith("r") else None
        try:
            return str(getattr(text, func.attr)(*arguments)[index]) if plain(text) else None
        except (TypeError, ValueError, IndexError):
            return None

    return changed(evaluator.value(func.value), piece) if isinstance(index, int) else None


def _applied(text: str, name: str, node: ast.Call) -> str | None:
    """A text method whose arguments are constants, done to a text that is known."""
    if not all(isinstance(each, ast.Constant) for each in node.args) or node.keywords:
        return None
    arguments = [each.value for each in node.args if isinstance(each, ast.Constant)]
    if name in KEPT and text in (STAR, OWN, LISTED):
        return text
    if name == "replace" and arguments[:2] in (["/", "."], ["\\", "."], [".py", ""]) and not text.startswith(HERE):
        return text.replace(str(arguments[0]), str(arguments[1]))
    if not plain(text) and not (name.startswith("remove") and arguments and text != STAR and HERE not in text):
        return text if name in ("strip", "lstrip", "rstrip") else None
    try:
        made = getattr(text, name)(*arguments)
    except (TypeError, ValueError, OverflowError, MemoryError):
        return None
    return made if isinstance(made, str) and len(made) < 4096 else None


def last_of(text: str) -> str:
    """`Path.name`."""
    last = text.rpartition("/")[2]
    return STAR if last in ("..", HERE) or not last or not text else last


def percent_of(evaluator: Evaluator, left: Value, right: ast.expr) -> Value:
    """`"a.%s.%s" % (b, c)`."""
    parts = right.elts if isinstance(right, ast.Tuple) else [right]
    made: list[Value] = []
    for each in left.texts:
        shapes = _PERCENT.split(each.text)
        if isinstance(right, ast.Dict) or len(shapes) != len(parts) + 1:
            made.append(Value(frozenset((Text(STAR.join(shapes), said(right), True),))))
            continue
        row = [known(shapes[0])]
        for part, shape in zip(parts, shapes[1:], strict=True):
            row += [evaluator.value(part), known(shape)]
        made.append(joined(row, [said(right)] * len(row)))
    return one_of(made) if made else unknown(said(right))
