"""What a shell's words stand for: variables, positional arguments and the outputs that can be told.

A word may have several values, one for each way the script may have gone; all of them count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from deploytool.domain.dockerfile_words import Unreadable
from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.imports.launch.shell import Array, Literal, Node, Output, Part, Variable, Word

MOST_WAYS = 12  # values of one word; more are not told apart
LONGEST = 20_000  # characters of one value
MOST_FIELDS = 10_000


class Field(NamedTuple):
    """One argument as the program gets it."""

    text: str
    unknown: bool = False  # a part of it, missing in `text`, depends on what only the run knows


UNKNOWN = Field("", True)
Fields = tuple[Field, ...]
Ways = tuple[Fields, ...]


@dataclass(slots=True)
class State:
    """A shell while it runs."""

    variables: dict[str, Ways]
    cwds: Fields  # the folders it may be in
    positional: Ways = ((),)
    script: str = ""  # $0

    def apart(self) -> State:
        return replace(self, variables=dict(self.variables))

    def become(self, ends: list[State]) -> None:
        """One of these ways was gone."""
        first, *others = ends
        self.variables, self.cwds, self.positional = dict(first.variables), first.cwds, first.positional
        for other in others:
            self._merge(other)

    def put_back(self, name: str, before: State) -> None:
        """A variable is what it was."""
        if name in before.variables:
            self.variables[name] = before.variables[name]
        else:
            self.variables.pop(name, None)

    def forget_changes(self, before: State) -> None:
        """What is still not the same may become anything."""
        for name, ways in self.variables.items():
            if before.variables.get(name) != ways:
                self.variables[name] = ((UNKNOWN,),)
        if self.cwds != before.cwds:
            self.cwds = (UNKNOWN,)
        if self.positional != before.positional:
            self.positional = ((UNKNOWN,),)

    def _merge(self, other: State) -> None:
        for name in {**self.variables, **other.variables}:
            mine, theirs = self.variables.get(name), other.variables.get(name)
            if mine != theirs:
                self.variables[name] = _either(
                    mine if mine is not None else _unset(name), theirs if theirs is not None else _unset(name)
                )
        self.cwds = tuple(dict.fromkeys((*self.cwds, *other.cwds)))[:MOST_WAYS]
        self.positional = _either(self.positional, other.positional)

    def known(self, name: str) -> str | None:
        """The value of a variable that has just one."""
        ways = self.variables.get(name)
        if ways is None or len(ways) != 1 or any(field.unknown for field in ways[0]):
            return None
        return " ".join(field.text for field in ways[0])


def _unset(name: str) -> Ways:
    return ((Field("", name != "PYTHONPATH"),),)  # base images that Python code is built on do not set it


def _either(one: Ways, other: Ways) -> Ways:
    both = tuple(dict.fromkeys((*one, *other)))
    return both if len(both) <= MOST_WAYS else ((UNKNOWN,),)


class Value(NamedTuple):
    ways: Ways
    splits: bool = False  # at white space, as unquoted variables do
    separate: bool = False  # each field is an argument of its own: "$@"


class Expansion:
    """Expands words in one state; `printed` tells what commands in `$( )` print, and lets them run."""

    def __init__(self, state: State, printed: Callable[[tuple[Node, ...]], Field]) -> None:
        self.state = state
        self.printed = printed

    def arguments(self, words: tuple[Word, ...]) -> Ways:
        """All the argument lists that these words may become."""
        ways: list[list[Field]] = [[]]
        for word in words:
            found = self.word(word)
            if len(ways) * len(found) > MOST_WAYS:
                found = ((UNKNOWN,),)
            if len(found) == 1:
                for way in ways:
                    way.extend(found[0])
            else:
                ways = [[*before, *after] for before in ways for after in found]
            if len(ways[0]) > MOST_FIELDS:
                raise Unreadable(f"more than {MOST_FIELDS} arguments", too_large=True)
        return tuple(map(tuple, ways))

    def scalar(self, word: Word) -> Ways:
        """The values of an assignment: not split."""
        if len(word) == 1 and isinstance(word[0], Array):
            return self.arguments(word[0].words)
        return tuple((as_one(way),) for way in self.word(tuple(map(_quoted, word)))) if word else ((Field(""),),)

    def word(self, word: Word) -> Ways:
        if len(word) == 1 and isinstance(word[0], Literal) and len(word[0].text) <= LONGEST:
            return ((Field(word[0].text),),)
        ways: list[_Growing] = [_Growing()]
        for part in word:
            value = self._part(part)
            found = value.ways
            if len(ways) * len(found) > MOST_WAYS:
                ways, found = ways[:1], ((UNKNOWN,),)
            ways = [before.with_(fields, value) for before in ways for fields in found]
        return tuple(dict.fromkeys(way.fields() for way in ways))

    def _part(self, part: Part) -> Value:
        if isinstance(part, Literal):
            return Value(((Field(part.text),),))
        if isinstance(part, Array):
            return Value(((UNKNOWN,),))
        if isinstance(part, Output):
            return Value(((self.printed(part.body),),), splits=not part.quoted)
        ways = self._variable(part)
        every = part.name == "@" or part.name.endswith("[@]") or (part.name == "*" and not part.quoted)
        return Value(ways, splits=not part.quoted, separate=every)

    def _variable(self, part: Variable) -> Ways:
        ways = self._value(part.name)
        if part.operator == "":
            return _unset(part.name) if ways is None else ways
        if part.operator in ("?", ":?"):
            return ((UNKNOWN,),) if ways is None else ways
        if part.operator == "dirname":
            return ((UNKNOWN,),) if ways is None else tuple((_folder(as_one(way)),) for way in ways)
        if part.operator in ("-", ":-", "=", ":="):
            return self._default(part, ways)
        if part.operator in ("+", ":+"):
            return self._instead(part, ways)
        return ((UNKNOWN,),)

    def _default(self, part: Variable, ways: Ways | None) -> Ways:
        """What is not set here may be set when it is deployed, so its default is not the only value it may have."""
        found = tuple(way for way in ways or () if any(field != Field("") for field in way))
        if ways is not None and len(found) == len(ways):
            return ways
        known = ways is not None or part.name.isdigit() or part.name == "PYTHONPATH"
        defaults = self.word(part.word) or ((),)
        if not known:
            defaults = tuple(tuple(Field(field.text, True) for field in way) for way in defaults)
        if "=" in part.operator and part.name.isidentifier():
            self.state.variables[part.name] = _either(found, defaults)
        return _either(found, defaults)

    def _instead(self, part: Variable, ways: Ways | None) -> Ways:
        if ways is None:
            return ((Field(""),),) if part.name in ("PYTHONPATH", "@", "*") or part.name.isdigit() else ((UNKNOWN,),)
        empty = any(as_one(way) == Field("") for way in ways)
        filled = any(as_one(way) != Field("") for way in ways)
        return _either(((Field(""),),) if empty else (), self.word(part.word) if filled else ())

    def _value(self, name: str) -> Ways | None:
        if name in ("@", "*"):
            return self.state.positional
        if name == "0" or name in ("BASH_SOURCE", "BASH_SOURCE[]"):
            return ((Field(self.state.script, not self.state.script),),)
        if name.isdigit():
            at = int(name) - 1 if len(name) < 6 else MOST_FIELDS
            return tuple(way[at : at + 1] or (Field(""),) for way in self.state.positional)
        if name == "PWD":
            return tuple((cwd,) for cwd in self.state.cwds)
        name = name.removesuffix("[@]")
        return self.state.variables.get(name)


class _Growing(NamedTuple):
    done: Fields = ()
    current: Field | None = None

    def with_(self, fields: Fields, value: Value) -> _Growing:
        if value.separate and not value.splits:
            pieces = list(fields)
        elif value.splits:
            pieces = [piece for field in fields for piece in _split(field)]
            if not value.separate and any(field.unknown and not field.text for field in fields):
                pieces = pieces or [UNKNOWN]
            return self._with_pieces(pieces, apart=bool(fields) and fields[0].text[:1].isspace())
        else:
            pieces = [as_one(fields)]
        return self._with_pieces(pieces, apart=False)

    def _with_pieces(self, pieces: list[Field], *, apart: bool) -> _Growing:
        done, current = self.done, self.current
        if apart and current is not None:
            done, current = (*done, current), None
        for index, piece in enumerate(pieces):
            if index and current is not None:
                done, current = (*done, current), None
            before = current or Field("")
            current = Field(before.text + piece.text, before.unknown or piece.unknown)
            if len(current.text) > LONGEST:
                raise Unreadable(f"a word of more than {LONGEST} characters", too_large=True)
        return _Growing(done, current)

    def fields(self) -> Fields:
        return self.done if self.current is None else (*self.done, self.current)


def _split(field: Field) -> list[Field]:
    return [Field(text, field.unknown) for text in field.text.split()] or ([UNKNOWN] if field.unknown else [])


def as_one(fields: Fields) -> Field:
    if len(fields) == 1:
        return fields[0]
    return Field(" ".join(field.text for field in fields), any(field.unknown for field in fields))


def _folder(field: Field) -> Field:
    head, slash, _ = field.text.rpartition("/")
    return Field(head if slash else field.text, field.unknown)


def _quoted(part: Part) -> Part:
    return part._replace(quoted=True) if isinstance(part, Variable | Output) else part


def joined(cwd: Field, path: Field) -> Field:
    """An absolute folder."""
    if path.text.startswith("/"):
        return Field(cleaned(path.text), path.unknown)
    return Field(cleaned(f"{cwd.text}/{path.text}"), cwd.unknown or path.unknown)
