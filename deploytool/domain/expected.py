"""Is a JSON value what was expected? Only the text of what the expectation itself names is ever repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

LONGEST = 80  # characters of somebody else's text in a sentence of ours
IDENTITY = "service"  # the field by which a program says which one it is


def differences(
    expected: Any, found: Any, path: str = "", *, without: str = "answers without the field"
) -> Iterator[str]:
    """Sentences about what is not as expected; objects may hold more than is expected, lists may not."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name, value in expected.items():
            here = f"{path}.{name}" if path else name
            if name not in found:
                yield f"{without} {shown(here)}"
            else:
                yield from differences(value, found[name], here, without=without)
    elif isinstance(expected, list | tuple) and isinstance(found, list) and len(expected) == len(found):
        for index, (wanted, value) in enumerate(zip(expected, found, strict=True)):
            yield from differences(wanted, value, f"{path}[{index}]", without=without)
    elif not equal(expected, found):
        yield _difference(expected, found, path)


def equal(expected: Any, found: Any) -> bool:
    """As JSON sees it: true is no number, and 1 and 1.0 are the same one. A moment equals every way to write it."""
    if isinstance(found, datetime):
        return isinstance(expected, str) and _moment(expected) == found
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, int | float) and isinstance(found, int | float):
        return expected == found
    return type(expected) is type(found) and bool(expected == found) and not isinstance(expected, list | tuple)


def shown(value: Any) -> str:
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]}…'"


def type_of(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return "a time" if isinstance(value, datetime) else names.get(type(value), "a number")


def _difference(expected: Any, found: Any, path: str) -> str:
    texts = isinstance(expected, str) and isinstance(found, str)
    if texts and path == IDENTITY:
        return f"answers as {shown(found)}, expected {shown(expected)}"
    is_ = shown(found) if texts else type_of(found)
    if isinstance(expected, list | tuple | Mapping):
        return f"field {shown(path)} is {is_}, not what is expected"
    return f"field {shown(path)} is {is_}, expected {shown(expected)}"


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
