"""Words of a Dockerfile: quotes, escapes and `$variables`, as Docker's builder reads them (not as a shell does)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

DEEPEST = 64  # `${a:-${b:-…}}`
BUDGET = 4 * 1024 * 1024  # characters that all substitutions of one file together may produce
BLANKS = " \t\v\f\r\n"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]")

Values = Mapping[str, str | None]  # None: declared, but the file does not tell the value


class Unreadable(Exception):
    """A line that Docker refuses or that costs too much to read; `too_large` tells which."""

    def __init__(self, why: str, *, too_large: bool = False) -> None:
        super().__init__(why)
        self.too_large = too_large


class Word(NamedTuple):
    text: str
    unknown: bool = False  # a variable without a known value took part; it counts as empty in `text`


@dataclass(slots=True)
class Words:
    """Reads words with one escape character, and counts what substitution produces."""

    escape: str = "\\"
    left: int = BUDGET

    def expanded(self, text: str, values: Values) -> Word:
        """The word with quotes removed and variables replaced. Raises Unreadable."""
        if not any(mark in text for mark in ("$", "'", '"', self.escape)):
            return Word(text)
        reader = _Reader(text, values, self.escape)
        word = reader.read("")
        self.left -= len(word.text)
        if self.left < 0:
            raise Unreadable("the substitutions of this file produce too much text", too_large=True)
        return word

    def split(self, text: str) -> list[str]:
        """Words at white space outside quotes; quotes and escapes stay in the words."""
        return [match[0] for match in _word_pattern(self.escape).finditer(text)]

    def flags(self, text: str) -> tuple[list[str], str]:
        """The leading `--flags`, unquoted, and what follows them."""
        found = []
        pattern = _word_pattern(self.escape)
        text = text.lstrip(BLANKS)
        while text.startswith("--") and (match := pattern.match(text)):
            text = text[match.end() :].lstrip(BLANKS)
            if match[0] == "--":
                break
            found.append(match[0])
        return found, text


_PATTERNS: dict[str, re.Pattern[str]] = {}


def _word_pattern(escape: str) -> re.Pattern[str]:
    """One word; what could be cut in several ways is possessive, so that an open quote costs no second look."""
    if escape not in _PATTERNS:
        esc = re.escape(escape)
        double = rf'"(?:{esc}.|[^"{esc}]++)*(?:"|\Z|{esc}\Z)'
        _PATTERNS[escape] = re.compile(rf"(?:{esc}(?:.|\Z)|'[^']*+(?:'|\Z)|{double}|[^\s'\"{esc}]++)+", re.DOTALL)
    return _PATTERNS[escape]


@dataclass(slots=True)
class _Reader:
    text: str
    values: Values
    escape: str
    at: int = 0
    depth: int = 0
    made: int = 0

    def read(self, stop: str) -> Word:
        """Up to the unquoted character `stop`, or to the end when it is empty."""
        out: list[str] = []
        unknown = False
        while self.at < len(self.text):
            character = self.text[self.at]
            self.at += 1
            if character == stop:
                return Word("".join(out), unknown)
            if character == "'":
                out.append(self._until_quote())
            elif character == '"':
                unknown |= self._double(out)
            elif character == "$":
                unknown |= self._put(out, self._dollar())
            elif character == self.escape:
                out.append(self.text[self.at : self.at + 1])
                self.at += 1
            else:
                out.append(character)
        if stop:
            raise Unreadable(f"a {stop} is missing")
        return Word("".join(out), unknown)

    def _put(self, out: list[str], word: Word) -> bool:
        self.made += len(word.text)
        if self.made > BUDGET:
            raise Unreadable("the substitutions of this line produce too much text", too_large=True)
        out.append(word.text)
        return word.unknown

    def _until_quote(self) -> str:
        end = self.text.find("'", self.at)
        if end < 0:
            raise Unreadable("a ' is missing")
        inside, self.at = self.text[self.at : end], end + 1
        return inside

    def _double(self, out: list[str]) -> bool:
        unknown = False
        while self.at < len(self.text):
            character = self.text[self.at]
            self.at += 1
            if character == '"':
                return unknown
            if character == "$":
                unknown |= self._put(out, self._dollar())
                continue
            if character == self.escape and self.text[self.at : self.at + 1] in ('"', "$", self.escape):
                character = self.text[self.at]
                self.at += 1
            out.append(character)
        raise Unreadable('a " is missing')

    def _dollar(self) -> Word:
        """What follows a `$`."""
        if not self.text.startswith("{", self.at):
            match = _NAME.match(self.text, self.at)
            if match is None:
                return Word("$")
            self.at = match.end()
            return self._value(match[0])
        match = _NAME.match(self.text, self.at + 1)
        if match is None:
            raise Unreadable("${ without a name")
        self.at = match.end()
        if self.text.startswith("}", self.at):
            self.at += 1
            return self._value(match[0])
        return self._modified(match[0])

    def _modified(self, name: str) -> Word:
        """`${name:-word}` and its relatives, from behind the name."""
        colon = self.text.startswith(":", self.at)
        self.at += colon
        operator = self.text[self.at : self.at + 1]
        if operator not in "-+?" and (colon or operator not in "#%/"):
            raise Unreadable(f"${{{name}{':' * colon}{operator}…}} is not a substitution")
        self.at += 1
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable(f"substitutions more than {DEEPEST} deep", too_large=True)
        word = self.read("}")
        self.depth -= 1
        value = self.values.get(name)
        present = bool(value) if colon else value is not None
        if operator == "-":
            return Word(value or "") if present else word
        if operator == "+":
            return word if present else Word("", name not in self.values)  # the base image may set it
        if operator == "?":
            return self._value(name)
        return Word("", unknown=True)  # ${x#…}, ${x%…}, ${x/…}: patterns are not evaluated here

    def _value(self, name: str) -> Word:
        value = self.values.get(name)
        return Word(value or "", unknown=value is None)
