"""A place in shell text, with the steps that any reading of it needs."""

from __future__ import annotations

import re

from deploytool.domain.dockerfile_words import Unreadable

MOST_CHARACTERS = 100_000
DEEPEST = 30

_BLANK = re.compile(r"(?:[ \t\r]|\\\r?\n)+")
_ANSI = re.compile(r"'((?:[^'\\]++|\\.)*)'", re.DOTALL)


class Cursor:
    def __init__(self, text: str, line: int) -> None:
        if len(text) > MOST_CHARACTERS:
            raise Unreadable(f"more than {MOST_CHARACTERS} characters", too_large=True)
        self.text = text.replace("\x00", "")
        self.at = 0
        self.first = line
        self.depth = 0
        self._newlines = (0, 0)  # position, newlines before it

    def line(self) -> int:
        position, count = self._newlines
        if self.at >= position:
            count += self.text.count("\n", position, self.at)
        else:
            count = self.text.count("\n", 0, self.at)
        self._newlines = (self.at, count)
        return self.first + count

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable(f"nested more than {DEEPEST} deep", too_large=True)

    def skip_blanks(self) -> None:
        blank = _BLANK.match(self.text, self.at)
        if blank:
            self.at = blank.end()
        if self.text.startswith("#", self.at):
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end

    def until(self, mark: str, start: int) -> str:
        end = self.text.find(mark, start)
        if end < 0:
            raise Unreadable(f"{mark} is not closed")
        self.at = end + len(mark)
        return self.text[start:end]

    def ansi(self) -> str:
        found = _ANSI.match(self.text, self.at)
        if found is None:
            raise Unreadable("$' is not closed")
        self.at = found.end()
        return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), found[1], flags=re.DOTALL)

    def skip_brackets(self) -> None:
        """Skip `((…))`."""
        depth = 0
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            depth += (char == "(") - (char == ")")
            if depth == 0:
                return
        raise Unreadable("(( is not closed")

    def skip_arithmetic(self) -> bool:
        """Skip the rest of a `((…))` whose two brackets were taken; False, nothing skipped, when it is none."""
        depth = 2
        for at in range(self.at, len(self.text)):
            depth += (self.text[at] == "(") - (self.text[at] == ")")
            if depth == 1:
                if not self.text.startswith(")", at + 1):
                    return False  # `((a) ; b)`: a shell in a shell
                self.at = at + 2
                return True
        raise Unreadable("(( is not closed")
