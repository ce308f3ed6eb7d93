"""What the methods of texts and paths give."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from deploytool.domain.imports.source.evaluate_text import (
    HERE,
    LISTED,
    OWN,
    PARENT,
    STAR,
    Text,
    Value,
    changed,
    container_of,
    folder_of,
    joined,
    known,
    one_of,
    path_joined,
    plain,
    unknown,
)
from deploytool.domain.imports.source.wording import said

if TYPE_CHECKING:
    from deploytool.domain.imports.source.evaluate import Evaluator

_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0-9.]*[a-zA-Z]")
KEPT = {"strip", "lstrip", "rstrip", "lower", "upper", "casefold", "title", "capitalize", "swapcase"}
STAYING = {"resolve", "absolute", "expanduser", "as_posix", "as_uri", "decode", "encode", "copy", "__str__",
           "__fspath__", "readlink", "format_map", "expandtabs", "items", "values", "get", "pop", "popitem",
           "setdefault", "__getitem__", "to_list", "tolist", "popleft", "most_common"}  # fmt: skip


def of_method(evaluator: Evaluator, node: ast.Call, func: ast.Attribute) -> Value:
    """What a method of a text or a path gives."""
    name = func.attr
    base = evaluator.value(func.value)
    values = [evaluator.value(each) for each in node.args]
    whences = [said(each) for each in node.args]
    if name == "format":
        return _formatted(evaluator, node, base)
    if name == "join" and len(values) == 1:
        return _joined_up(evaluator, node, base, values[0])
    if name == "keys":
        return Value(base.keys or base.texts, 1)
    if name in STAYING:
        rest = values[1:] if name in ("get", "pop", "setdefault") else []
        whole = name in ("items", "copy")
        inside = base.holds if whole or name == "values" else max(0, base.holds - 1)
        same = Value(base.texts, inside, base.keys if whole else frozenset())
        return one_of((same, *rest)) if base.texts or rest else unknown(said(node))
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
    return Value(frozenset(pieces), 1)


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
