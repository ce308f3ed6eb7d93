"""Which keys may stand where, so that an unknown one can be met with the one that was meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args

from deploytool.config.mistake import Key, Mistake
from deploytool.config.models import Document
from deploytool.config.nearest import shown
from deploytool.config.tables import Table

# What people coming from other tools write, where no likeness of letters would help.
OTHER_WORDS = {
    "source": "context",
    "src": "paths",
    "folders": "paths",
    "branch": "target",
    "ref": "target",
    "depends_on": "after",
    "needs": "after",
    "url": "http",
    "type": "kind",
    "main": "entrypoint",
    "cron": "checks",
}


@cache
def tables() -> Mapping[tuple[str, ...], tuple[str, ...]]:
    """Each kind of table, by its path with "*" for names and members, and the keys it may have.

    A check may have the keys of any kind here; which kind it is, is judged elsewhere.
    """
    found: dict[tuple[str, ...], dict[str, None]] = {}
    for path, keys in _below(Document, ()):
        found.setdefault(path, {}).update(dict.fromkeys(keys))
    return {path: tuple(keys) for path, keys in found.items()}


def unknown_key(key: Key) -> Mistake:
    """What is said of a key that nobody reads."""
    word, table = str(key[-1]), _pattern(key[:-1])
    choices = tables().get(table, ())
    if word in choices:  # of a check: the keys here are those of all kinds
        return Mistake(key, "is not a key of this kind of check")
    homes = [path for path, keys in tables().items() if word in keys]
    below = [path for path in homes if path[: len(table)] == table]
    if below:
        return Mistake(key, f"is not a key here; it belongs in {_heading(below[0])}")
    if OTHER_WORDS.get(word) in choices:
        return Mistake(key, f"is not a key here; did you mean {shown(OTHER_WORDS[word])}?")
    otherwise = f"; it belongs in {_heading(homes[0])}" if homes else f"; there are {', '.join(choices)}"
    return Mistake(key, "is not a key here", word, choices, otherwise)


def _pattern(table: Key) -> tuple[str, ...]:
    pattern = tuple("*" if isinstance(part, int) else part for part in table)
    named = len(pattern) > 1 and pattern[0] == "services"
    return ("services", "*", *pattern[2:]) if named else pattern


def _heading(path: tuple[str, ...]) -> str:
    if not path:
        return "no table: write it at the top"
    named = ["NAME" if part == "*" and index == 1 else part for index, part in enumerate(path)]
    many = named[-1] == "*"
    text = ".".join(part for part in named if part != "*")
    return f"[[{text}]]" if many else f"[{text}]"


def _below(model: type[Table], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    yield path, [field.alias or name for name, field in model.model_fields.items()]
    for name, field in model.model_fields.items():
        for inner, step in _tables_in(field.annotation):
            yield from _below(inner, (*path, field.alias or name, *step))


def _tables_in(annotation: Any) -> Iterator[tuple[type[Table], tuple[str, ...]]]:
    """Tables named in a type; behind a list or a dictionary one more step of the path leads to them."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation, ()
        return
    step = ("*",) if getattr(annotation, "__origin__", None) in (tuple, dict) else ()
    for inner in get_args(annotation):
        for table, below in _tables_in(inner):
            yield table, (*step, *below)
