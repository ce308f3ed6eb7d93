r"""One pattern of Docker's ignore rules: what it says, and whether a path matches it.

The dialect is the one Docker's builder applies (moby's pattern matcher), with its habits: `**` spans folders,
`**name` at the start is a plain suffix, `abc/**` does not match `abc` itself, `[^a]` may match a slash.
Patterns on which Docker's two halves (syntax check and matcher) disagree are refused instead of guessed.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

# What Docker trims: Unicode white space, which is not the set str.strip() takes by default.
BLANK = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
LONGEST = 65_536  # bytes in one line; Docker's reader gives up there too


class MalformedPattern(ValueError):
    """A pattern that Docker refuses, or reads in a way that cannot be told."""

    def __init__(self, pattern: str, why: str) -> None:
        super().__init__(f"pattern {pattern!r}: {why}")
        self.pattern = pattern
        self.why = why


class Shape(Enum):
    EXACT = "exact"
    PREFIX = "prefix"
    SUFFIX = "suffix"  # the text, at the end of the path; with a leading slash also the whole path without it
    WILD = "wild"


class Wild(Enum):
    """The tokens that stand for more than one text; the others are literal characters and classes."""

    STAR = "*"  # any run without a slash
    ONE = "?"  # one character, no slash
    FOLDERS = "**"  # nothing, or anything up to and with a slash
    REST = "**$"  # anything, at the end of the pattern


class CharacterClass(NamedTuple):
    negated: bool
    ranges: tuple[tuple[str, str], ...]

    def holds(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.ranges) is not self.negated


Token = str | Wild | CharacterClass


class Pattern(NamedTuple):
    """A compiled pattern; `text` is literal for the first three shapes, `tokens` counts for WILD."""

    shape: Shape
    text: str
    tokens: tuple[Token, ...] = ()

    @property
    def head(self) -> str:
        """The literal text every match begins with."""
        if self.shape is Shape.SUFFIX:
            return ""
        if self.shape is not Shape.WILD:
            return self.text
        literal = []
        for token in self.tokens:
            if not isinstance(token, str):
                break
            literal.append(token)
        return "".join(literal)


def cleaned(path: str) -> str:
    """The shortest equal path, purely by text: no `.`, no `x/..`, no doubled or trailing slash; "." when empty."""
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part != ".." or not rooted:
            parts.append(part)
    return ("/" if rooted else "") + "/".join(parts) or "."


@lru_cache(maxsize=4096)
def pattern_of(text: str) -> Pattern:
    """Compile a cleaned pattern, without its `!`. Raises MalformedPattern."""
    tokens, plain = _tokens(text)
    stars = [token for token in tokens if token in (Wild.FOLDERS, Wild.REST)]
    if plain and not stars:
        return Pattern(Shape.EXACT, "".join(map(str, tokens)))
    if plain and len(stars) == 1:
        if text.startswith("**"):
            return Pattern(Shape.SUFFIX, text[2:])
        if tokens[-1] is Wild.REST:
            return Pattern(Shape.PREFIX, text[:-2])
    if "^" in tokens:
        raise MalformedPattern(text, "a ^ beside wildcards is not read by its letter; leave it out")
    return Pattern(Shape.WILD, text, tuple(tokens))


def _tokens(text: str) -> tuple[list[Token], bool]:
    """The tokens, and whether only `**` keeps the pattern from being literal (an escape already counts as more)."""
    tokens: list[Token] = []
    plain, at = True, 0
    while at < len(text):
        character = text[at]
        if text.startswith("**", at):
            at += 3 if text.startswith("/", at + 2) else 2
            tokens.append(Wild.REST if at >= len(text) else Wild.FOLDERS)
            continue
        if character in "*?":
            tokens.append(Wild.STAR if character == "*" else Wild.ONE)
            plain, at = False, at + 1
        elif character == "[":
            one, at = _class_at(text, at)
            tokens.append(one)
            plain = False
        elif character == "\\":
            tokens.append(_escaped(text, at))
            plain, at = False, at + 2
        else:
            plain = plain and character != "]"
            tokens.append(character)
            at += 1
    return tokens, plain


def _escaped(text: str, at: int) -> str:
    if at + 1 >= len(text):
        raise MalformedPattern(text, "ends in a lone backslash")
    character = text[at + 1]
    if character.isascii() and character.isalnum():
        raise MalformedPattern(text, f"\\{character} has a second meaning; write the letter alone")
    return character


def _class_at(text: str, at: int) -> tuple[CharacterClass, int]:
    """The class that begins with the `[` at `at`, and where it ends."""
    at += 1
    negated = text.startswith("^", at)
    at += negated
    ranges: list[tuple[str, str]] = []
    while not (text.startswith("]", at) and ranges):
        low, at = _member(text, at)
        high = low
        if text.startswith("-", at):
            high, at = _member(text, at + 1)
        if high < low:
            raise MalformedPattern(text, f"the range {low}-{high} runs backwards")
        ranges.append((low, high))
    return CharacterClass(negated, tuple(ranges)), at + 1


def _member(text: str, at: int) -> tuple[str, int]:
    character = text[at : at + 1]
    if character in ("", "]", "-"):
        raise MalformedPattern(text, "the [ ] is not complete")
    if character == "\\":
        return _escaped(text, at), at + 2
    if character in "*?" or text.startswith("[:", at):
        raise MalformedPattern(text, f"{character} inside [ ] is not read by its letter; escape it outside instead")
    return character, at + 1


def expression_of(pattern: Pattern) -> str | None:
    """A regular expression for a WILD pattern, or None when backtracking could cost more than the square."""
    body = pattern.tokens[:-1] if pattern.tokens[-1] is Wild.REST else pattern.tokens
    if sum(token in (Wild.STAR, Wild.FOLDERS) for token in body) > 2:
        return None
    return "".join(map(_expression, pattern.tokens)) + r"\Z"


def _expression(token: Token) -> str:
    if isinstance(token, str):
        return re.escape(token)
    if isinstance(token, CharacterClass):
        ranges = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in token.ranges)
        return f"[{'^' if token.negated else ''}{ranges}]"
    return {Wild.STAR: "[^/]*", Wild.ONE: "[^/]", Wild.FOLDERS: "(?:.*/)?", Wild.REST: ".*"}[token]


def matches_steadily(tokens: tuple[Token, ...], path: str) -> bool:
    """Match by keeping the set of places reached, as bits: the work is tokens x length, whatever the pattern.

    Bit n of a place set: n characters of the path are used up. Bit n of a mask: character n is of that kind.
    """
    masks = _masks(path)
    places = 1
    for token in tokens:
        places = _step(token, masks, places)
        if not places:
            return False
    return bool(places >> len(path) & 1)


class _Masks(NamedTuple):
    by_character: dict[str, int]
    slash: int
    within: int  # no slash
    on_line: int  # no newline, which no `**` crosses


@lru_cache(maxsize=64)
def _masks(path: str) -> _Masks:
    found: dict[str, int] = {}
    for at, character in enumerate(path):
        found[character] = found.get(character, 0) | 1 << at
    everything = (1 << len(path)) - 1
    slash = found.get("/", 0)
    return _Masks(found, slash, everything & ~slash, everything & ~found.get("\n", 0))


def _step(token: Token, masks: _Masks, places: int) -> int:
    if isinstance(token, str):
        return (places & masks.by_character.get(token, 0)) << 1
    if isinstance(token, CharacterClass):
        held = sum(mask for character, mask in masks.by_character.items() if token.holds(character))
        return (places & held) << 1
    if token is Wild.ONE:
        return (places & masks.within) << 1
    if token is Wild.STAR:
        return _flooded(places, masks.within)
    if token is Wild.REST:
        return _flooded(places, masks.on_line)
    return places | (_flooded(places, masks.on_line) & masks.slash) << 1


def _flooded(places: int, open_: int) -> int:
    """From each place, every place reached by crossing characters of `open_`: the carry of one addition runs there."""
    return places | ((places & open_) + open_) ^ open_
