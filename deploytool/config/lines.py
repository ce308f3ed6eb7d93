"""On which line of a TOML text does each key, table and list member stand?"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping

from deploytool.config.mistake import Key
from deploytool.config.tokens import pieces


def lines_of(text: str) -> Mapping[Key, int]:
    """Line (from 1) of everything in the document; `text` is TOML that has been parsed without error.

    A table that is written in several places is where it is first named.
    """
    return _Reader(text).lines


class _Reader:
    """Walks the pieces once. Only called on valid TOML, so it looks for places and never for mistakes."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Key, int] = {(): 1}
        self._lists: dict[Key, int] = {}  # lists of tables: how many so far
        self._pieces: Iterator[tuple[str, str, int]] = pieces(text)
        self._kind, self._text, self._line = "", "", 1
        self._next()
        here: Key = ()
        while self._kind:
            if self._kind == "[":
                here = self._header()
            elif self._kind in ("w", "s"):
                self._pair(here)
            else:
                self._next()

    def _next(self) -> None:
        self._kind, self._text, self._line = next(self._pieces, ("", "", self._line))

    def _header(self) -> Key:
        self._next()
        many = self._kind == "["
        if many:
            self._next()
        line = self._line
        *above, last = self._dotted()
        here: Key = ()
        for part in above:
            here = self._inside((*here, part), line)
        if not many:
            return self._inside((*here, last), line)
        listed = (*here, last)
        self.lines.setdefault(listed, line)
        index = self._lists.get(listed, 0)
        self._lists[listed] = index + 1
        self.lines[*listed, index] = line
        return (*listed, index)

    def _inside(self, key: Key, line: int) -> Key:
        """The table at `key`, or the newest member when it is a list of tables."""
        self.lines.setdefault(key, line)
        return (*key, self._lists[key] - 1) if key in self._lists else key

    def _pair(self, here: Key) -> None:
        line = self._line
        key = here
        for part in self._dotted():
            key = (*key, part)
            self.lines.setdefault(key, line)
        self._next()  # =
        self._value(key)

    def _dotted(self) -> list[str]:
        """The parts of a key, each unquoted; stops behind it."""
        parts = []
        while self._kind in ("w", "s"):
            parts.append(_unquoted(self._text) if self._kind == "s" else self._text)
            self._next()
            if self._kind == ".":
                self._next()
        return parts

    def _value(self, key: Key) -> None:
        self.lines.setdefault(key, self._line)
        if self._kind == "[":
            self._list(key)
        elif self._kind == "{":
            self._inline(key)
        else:
            while self._kind in ("w", "s", "."):  # 1.5, 1979-05-27 07:32:00
                self._next()

    def _list(self, key: Key) -> None:
        self._next()
        index = 0
        while self._kind and self._kind != "]":
            if self._kind in ("\n", ","):
                self._next()
                continue
            self._value((*key, index))
            index += 1
        self._next()

    def _inline(self, key: Key) -> None:
        self._next()
        while self._kind and self._kind != "}":
            if self._kind in ("\n", ","):
                self._next()
            else:
                self._pair(key)
        self._next()


def _unquoted(text: str) -> str:
    if text[0] == "'" or "\\" not in text:
        return text[1:-1]
    try:
        return str(json.loads(text))  # the escapes they share, ten times as fast
    except ValueError:
        return str(tomllib.loads(f"k = {text}")["k"])
