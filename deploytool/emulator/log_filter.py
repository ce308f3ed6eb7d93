"""The query language of Cloud Logging, as far as clients of a service's log use it: text -> Filter.

As there, NOT binds tighter than OR, and OR tighter than AND; what stands side by side is joined by AND.
A comparison with a field that an entry does not have is false, `!=` included; NOT turns that around.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploytool.emulator.errors import ApiError, invalid
from deploytool.emulator.log_entries import Entry
from deploytool.emulator.log_match import Test, Unfit, field_path, says, test_of, value_at

MAX_LENGTH = 20_000  # letters, as there
MAX_DEPTH = 40
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*)
      | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator>=~|!~|!=|>=|<=|=|>|<|:)
      | (?P<bracket>[()])
      | (?P<minus>-(?=[A-Za-z"'(]))
      | (?P<word>[\w./+*@%-]+(?:(?<=\.)"(?:[^"\\]|\\.)*"(?:\.[\w./+*@%-]+)*)*)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    kind: str  # quoted, operator, bracket, minus, word, end
    text: str
    at: int

    @property
    def is_value(self) -> bool:
        return self.kind == "quoted" or (self.kind == "word" and self.text not in {"AND", "OR", "NOT"})


Compared = tuple[Token, Token] | None  # field and operator before a bracket, as in `severity = (ERROR OR ALERT)`


@dataclass(frozen=True)
class All:
    parts: tuple[Filter, ...]

    def matches(self, entry: Entry) -> bool:
        return all(part.matches(entry) for part in self.parts)


@dataclass(frozen=True)
class Either:
    parts: tuple[Filter, ...]

    def matches(self, entry: Entry) -> bool:
        return any(part.matches(entry) for part in self.parts)


@dataclass(frozen=True)
class Not:
    part: Filter

    def matches(self, entry: Entry) -> bool:
        return not self.part.matches(entry)


@dataclass(frozen=True)
class Compare:
    path: tuple[str, ...]
    operator: str
    word: str
    test: Test

    def matches(self, entry: Entry) -> bool:
        value = value_at(entry, self.path)
        return value is not None and self.test(value)


@dataclass(frozen=True)
class Says:
    """Text without a field is searched everywhere."""

    folded: str

    def matches(self, entry: Entry) -> bool:
        return says(entry, self.folded)


Filter = All | Either | Not | Compare | Says


def filter_of(text: str) -> Filter:
    """The filter that a text stands for; 400 with the position of what cannot be read. Nothing matches all."""
    if len(text) > MAX_LENGTH:
        raise invalid(f"Unparseable filter: it is longer than {MAX_LENGTH} characters.", "filter")
    return _Reading(text).whole()


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise _unreadable(text, at, f"unexpected {text[at]!r}")
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Token(kind, match.group(), at))
        at = match.end()
    return [*found, Token("end", "", len(text))]


def _unreadable(text: str, at: int, why: str) -> ApiError:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return invalid(f"Unparseable filter: {why} at line {line}, column {column}.", "filter")


class _Reading:
    """A walk over the tokens of one filter."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.next = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def take(self) -> Token:
        token = self.token
        self.next += 1
        return token

    def wrong(self, token: Token, why: str = "") -> ApiError:
        seen = "the end" if token.kind == "end" else f"'{token.text}'"
        return _unreadable(self.text, token.at, why or f"unexpected {seen}")

    def is_word(self, word: str) -> bool:
        return self.token.kind == "word" and self.token.text == word

    def whole(self) -> Filter:
        result = All(()) if self.token.kind == "end" else self.all(None)
        if self.token.kind != "end":
            raise self.wrong(self.token)
        return result

    def all(self, compared: Compared) -> Filter:
        parts = [self.either(compared)]
        while self.token.kind != "end" and self.token.text != ")":
            if self.is_word("AND"):
                self.take()
            parts.append(self.either(compared))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def either(self, compared: Compared) -> Filter:
        parts = [self.one(compared)]
        while self.is_word("OR"):
            self.take()
            parts.append(self.one(compared))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def one(self, compared: Compared) -> Filter:
        turned = False
        while self.is_word("NOT") or self.token.kind == "minus":
            self.take()
            turned = not turned
        inner = self.bracketed(compared) if self.token.text == "(" else self.plain(compared)
        return Not(inner) if turned else inner

    def bracketed(self, compared: Compared) -> Filter:
        opening = self.take()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.wrong(opening, "too many brackets inside one another")
        inner = self.all(compared)
        if self.take().text != ")":
            raise self.wrong(self.tokens[self.next - 1], f"the bracket of column {opening.at + 1} is not closed")
        self.depth -= 1
        return inner

    def plain(self, compared: Compared) -> Filter:
        """A comparison, or text by itself."""
        token = self.take()
        if not token.is_value:
            raise self.wrong(token)
        if compared:
            return self.compare(*compared, token)
        if self.token.kind == "operator":
            operator = self.take()
            return self.bracketed((token, operator)) if self.token.text == "(" else self.right(token, operator)
        if self.token.text == "(" and self.token.at == token.at + len(token.text):
            raise self.wrong(token, f"the function '{token.text}' is not known here")
        return Says(_unquoted(token.text).casefold())

    def right(self, field: Token, operator: Token) -> Filter:
        word = self.take()
        if not word.is_value:
            raise self.wrong(word, "a value is missing")
        if self.token.kind == "operator":
            raise self.wrong(self.token, f"unexpected '{self.token.text}' (text with it needs quotation marks)")
        return self.compare(field, operator, word)

    def compare(self, field: Token, operator: Token, word: Token) -> Filter:
        try:
            path = field_path(_path(field))
        except Unfit as problem:
            raise self.wrong(field, str(problem)) from None
        value = _unquoted(word.text)
        try:
            return Compare(path, operator.text, value, test_of(path, operator.text, value))
        except Unfit as problem:
            raise self.wrong(word, str(problem)) from None


def _path(field: Token) -> tuple[str, ...]:
    """`labels."a.b".c` is three words."""
    if field.kind == "quoted":
        return (_unquoted(field.text),)
    return tuple(_unquoted(part) for part in re.findall(r'"(?:[^"\\]|\\.)*"|[^."]+', field.text)) or ("",)


def _unquoted(text: str) -> str:
    if text[:1] not in {'"', "'"}:
        return text
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found.group(1), found.group(1)), text[1:-1], flags=re.DOTALL)
