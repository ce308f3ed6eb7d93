"""A fault in words: `METHOD PATH KIND[=VALUE] KEY=VALUE…`, there and back."""

from __future__ import annotations

from typing import Any, NoReturn

from deploytool.config.nearest import listed, nearest_of, shown
from deploytool.emulator.errors import ApiError
from deploytool.emulator.faults import KINDS, METHODS, fault_of
from deploytool.errors import UsageError

EXAMPLE = "'PATCH /v2/*/services/* status=503 times=2 after=1'"
KEYS = ("times", "after", "query", "retry_after")


def fault_in(text: str) -> dict[str, Any]:
    """The fault as the server takes it; UsageError with the nearest word otherwise."""
    words = text.split()
    if len(words) < 3:
        _wrong(text, "it needs a method, a path and a kind", f"For example: --add {EXAMPLE}")
    kind, _, value = words[2].partition("=")
    if kind not in KINDS:
        _wrong(text, f"there is no kind {shown(kind)}", _near(kind, list(KINDS)))
    if words[0] not in METHODS:
        _wrong(text, f"{shown(words[0])} is no method", _near(words[0].upper(), list(METHODS)))
    fault: dict[str, Any] = {"method": words[0], "path": words[1], "do": kind}
    if "=" in words[2]:
        argument = KINDS[kind].argument
        if argument is None:
            _wrong(text, f"{kind} takes no value", f"Leave it out: {kind}")
        fault[argument] = _value(value)
    fault |= dict(_option(text, word) for word in words[3:])
    try:
        fault_of(fault)
    except ApiError as problem:
        _wrong(text, problem.message.rstrip("."), f"For example: --add {EXAMPLE}")
    return fault


def words_of(fault: dict[str, Any]) -> str:
    """The line that `--add` takes for this fault."""
    argument = KINDS[fault["do"]].argument if fault["do"] in KINDS else None
    kind = f"{fault['do']}={fault[argument]}" if argument in fault else fault["do"]
    options = [f"{key}={fault[key]}" for key in KEYS if key in fault]
    return " ".join([fault["method"], fault["path"], kind, *options])


def _option(text: str, word: str) -> tuple[str, Any]:
    key, mark, value = word.partition("=")
    if key not in KEYS or not mark:
        _wrong(text, f"{shown(word)} is not KEY=VALUE with a known key", _near(key, list(KEYS)))
    return key, value if key == "query" else _value(value)


def _value(text: str) -> int | float | str:
    """A number where it is one."""
    for shape in (int, float):
        try:
            return shape(text)
        except ValueError:
            continue
    return text


def _near(word: str, known: list[str]) -> str:
    near = nearest_of(word, known)
    return f"Did you mean {shown(near[0])}?" if near else f"Known: {listed(known)}."


def _wrong(text: str, why: str, hint: str) -> NoReturn:
    raise UsageError(f"The fault {shown(text)} cannot be read: {why}.", hint=hint)
