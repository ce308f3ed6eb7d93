"""Arguments of a program, taken apart into options and words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from deploytool.domain.imports.launch.values import Field


class Options(NamedTuple):
    named: tuple[tuple[str, Field], ...]  # flags have an empty value
    words: tuple[Field, ...]

    def last(self, *names: str) -> Field | None:
        found = [value for name, value in self.named if name in names]
        return found[-1] if found else None

    def all(self, *names: str) -> list[Field]:
        return [value for name, value in self.named if name in names]


def options_of(arguments: Sequence[Field], valued: Callable[[str], bool]) -> Options:
    """`--name value`, `--name=value`, `-n value`, `-nvalue`; `valued` tells which names take a value."""
    named: list[tuple[str, Field]] = []
    words: list[Field] = []
    at = 0
    while at < len(arguments):
        field = arguments[at]
        text = field.text
        at += 1
        if text == "--":
            words.extend(arguments[at:])
            break
        if not text.startswith("-") or text == "-":
            words.append(field)
            continue
        name, equals, value = text.partition("=")
        if text.startswith("--"):
            if not equals and valued(name):
                named.append((name, arguments[at] if at < len(arguments) else Field("")))
                at += 1
            else:
                named.append((name, Field(value, field.unknown)))
        elif valued(text[:2]):
            rest = Field(text[2:].removeprefix("="), field.unknown)
            at += not text[2:]
            named.append((text[:2], rest if text[2:] else arguments[at - 1] if at <= len(arguments) else Field("")))
        else:
            named.extend((f"-{letter}", Field("")) for letter in text[1:])
    return Options(tuple(named), tuple(words))


def all_but(flags: str) -> Callable[[str], bool]:
    """Every option takes a value but these."""
    names = frozenset(flags.split())
    return lambda name: name not in names


def only(options: str) -> Callable[[str], bool]:
    """These options take a value, no other does."""
    names = frozenset(options.split())
    return lambda name: name in names
