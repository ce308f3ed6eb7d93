"""Shell text -> what it runs, in order: simple commands, and what surrounds them as far as it matters here.

Nothing is executed. Conditions are not judged: every branch is kept, marked as one that may or may not run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Literal(NamedTuple):
    text: str
    quoted: bool = False


class Variable(NamedTuple):
    """`$name` or `${name operator word}`; an operator that is not understood is "~" and leaves the value unknown."""

    name: str
    operator: str = ""
    word: Word = ()
    quoted: bool = False


class Output(NamedTuple):
    """`$(commands)`: they run, and what they print becomes text."""

    body: tuple[Node, ...]
    quoted: bool = False


class Array(NamedTuple):
    """`name=(words)`."""

    words: tuple[Word, ...]


Part = Literal | Variable | Output | Array
Word = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Simple:
    """One command: `NAME=value… words…`."""

    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word], ...] = ()  # a name that ends in "+" appends
    line: int = 0
    stdin: str | None = None  # the text of a heredoc


@dataclass(frozen=True, slots=True)
class Either:
    """One of these runs, nobody knows which; an empty one says that perhaps none does."""

    branches: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Apart:
    """Runs in a shell of its own: what it sets is forgotten afterwards."""

    body: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Each:
    """`for name in words`; `while` has neither. Runs any number of times."""

    name: str
    words: tuple[Word, ...]
    body: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Define:
    """A function."""

    name: str
    body: tuple[Node, ...]


Node = Simple | Either | Apart | Each | Define


class Script(NamedTuple):
    body: tuple[Node, ...]
    tested: frozenset[str]  # words that it compares with: `case` patterns, operands of `[`


def plain(word: Word) -> str | None:
    """The text of a word without quotes, variables and the like; None for another."""
    return word[0].text if len(word) == 1 and isinstance(word[0], Literal) and not word[0].quoted else None
