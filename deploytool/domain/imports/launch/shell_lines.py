"""Shell text -> words and operators, with quotes, `$` forms, comments, continuations and heredocs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from deploytool.domain.dockerfile_words import Unreadable
from deploytool.domain.imports.launch.shell import Array, Literal, Node, Output, Part, Variable, Word
from deploytool.domain.imports.launch.shell_cursor import Cursor

MOST_TOKENS = 20_000

_RUN = re.compile(r"[^\s;&|()<>'\"\\$`]+")
_IN_QUOTES = re.compile(r"[^\"\\$`]+")
_OPERATOR = re.compile(r";;&|;;|;&|&&|\|\||\|&|[;&|()]")
_REDIRECTION = re.compile(r"\d*(?:&>>|&>|<<<|<<-|<<|<>|<&|>&|>>|>\||<(?!\()|>(?!\())|\{[A-Za-z_]\w*\}(?:<|>)")
_NAME = re.compile(r"[A-Za-z_]\w*")
_SPECIAL = re.compile(r"[0-9@*#?$!-]")
_ASSIGNS = re.compile(r"[A-Za-z_]\w*\+?=\Z")
_OPERATION = re.compile(r":?[-+=?]|%%?/\*|.", re.DOTALL)
_SUBSCRIPT = re.compile(r"\[([^\]\[]*)\]")


class Token(NamedTuple):
    kind: str  # "word", "operator" (newline is one), "end"
    text: str = ""
    word: Word = ()
    line: int = 0


class Lexer(Cursor):
    """Reads one token at a time; `inner` parses the commands of a `$( )`."""

    def __init__(self, text: str, line: int, inner: Callable[[Lexer], tuple[Node, ...]]) -> None:
        super().__init__(text, line)
        self.inner = inner
        self.count = 0
        self.wanted: list[tuple[str, bool]] = []  # heredocs whose bodies come after this line
        self.stdin: str | None = None  # the last heredoc's body
        self.peeked: Token | None = None

    def peek(self) -> Token:
        if self.peeked is None:
            self.peeked = self._read()
        return self.peeked

    def take(self) -> Token:
        token = self.peek()
        self.peeked = None
        return token

    def _read(self) -> Token:
        self.count += 1
        if self.count > MOST_TOKENS:
            raise Unreadable(f"more than {MOST_TOKENS} words", too_large=True)
        while True:
            self.skip_blanks()
            if self.at >= len(self.text):
                return Token("end", line=self.line())
            line = self.line()
            if self.text[self.at] == "\n":
                self.at += 1
                self._heredocs()
                return Token("operator", "\n", line=line)
            redirection = _REDIRECTION.match(self.text, self.at)
            if redirection:
                self._redirect(redirection)
                continue
            operator = _OPERATOR.match(self.text, self.at)
            if operator:
                self.at = operator.end()
                return Token("operator", operator[0], line=line)
            return Token("word", word=self.word(), line=line)

    def _redirect(self, found: re.Match[str]) -> None:
        self.at = found.end()
        self.skip_blanks()
        if self.at >= len(self.text) or self.text[self.at] in "\n;&|)":
            return
        start = self.at
        word = self.word()
        if found[0].endswith("<<") or found[0].endswith("<<-"):
            name = re.sub(r"['\"\\]", "", self.text[start : self.at])
            self.wanted.append((name, found[0].endswith("-")))
        elif found[0].endswith("<<<"):
            self.stdin = "".join(part.text for part in word if isinstance(part, Literal))

    def _heredocs(self) -> None:
        """The bodies of the heredocs of the line that just ended."""
        wanted, self.wanted = self.wanted, []
        for name, dashed in wanted:
            lines = []
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end]
                self.at = min(end + 1, len(self.text))
                line = line.lstrip("\t") if dashed else line
                if line.rstrip("\r") == name:
                    break
                lines.append(line)
            self.stdin = "\n".join(lines) + "\n"

    def word(self) -> Word:
        parts: list[Part] = []
        start = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            run = _RUN.match(self.text, self.at)
            if run:
                self.at = run.end()
                parts.append(Literal(run[0]))
            elif char == "'":
                parts.append(Literal(self.until("'", self.at + 1), True))
            elif char == '"':
                self.at += 1
                parts.extend(self._quoted())
            elif char == "\\":
                following = self.text[self.at + 1 : self.at + 2]
                self.at += 2
                if following not in ("\n", ""):
                    parts.append(Literal(following, True))
            elif char in "$`":
                parts.extend(self._dollar(quoted=False))
            elif char in "<>" and self.text.startswith("(", self.at + 1):
                self.at += 2
                parts.append(self._output(quoted=True))
            elif char == "(" and _ASSIGNS.search(self.text, start, self.at) and parts:
                self.at += 1
                parts.append(self._array())
            else:
                break
        if self.at == start:
            raise Unreadable(f"{self.text[start : start + 20]!r} is not understood")
        return tuple(parts)

    def _quoted(self) -> list[Part]:
        """Behind an opening `"`, up to its end."""
        parts: list[Part] = [Literal("", True)]
        while self.at < len(self.text):
            char = self.text[self.at]
            run = _IN_QUOTES.match(self.text, self.at)
            if run:
                self.at = run.end()
                parts.append(Literal(run[0], True))
            elif char == '"':
                self.at += 1
                return parts
            elif char == "\\":
                following = self.text[self.at + 1 : self.at + 2]
                self.at += 2
                parts.append(
                    Literal("" if following == "\n" else following if following in '$`"\\' else char + following, True)
                )
            else:
                parts.extend(self._dollar(quoted=True))
        raise Unreadable('" is not closed')

    def _dollar(self, *, quoted: bool) -> list[Part]:
        if self.text[self.at] == "`":
            inner = self.until("`", self.at + 1).replace("\\", "")
            self.deeper()
            lexer = Lexer(inner, self.line(), self.inner)
            lexer.depth = self.depth
            body = self.inner(lexer)
            self.depth -= 1
            return [Output(body, quoted)]
        self.at += 1
        rest = self.text[self.at : self.at + 2]
        if rest == "((":
            self.skip_brackets()
            return [Variable("", "~", quoted=quoted)]
        if rest[:1] == "(":
            self.at += 1
            return [self._output(quoted=quoted)]
        if rest[:1] == "{":
            self.at += 1
            return [self._braced(quoted=quoted)]
        if rest[:1] == "'" and not quoted:
            return [Literal(self.ansi(), True)]
        if rest[:1] == '"' and not quoted:
            self.at += 1
            return self._quoted()
        name = _NAME.match(self.text, self.at) or _SPECIAL.match(self.text, self.at)
        if name is None:
            return [Literal("$", True)]
        self.at = name.end()
        return [Variable(name[0], quoted=quoted)]

    def _output(self, *, quoted: bool) -> Part:
        self.deeper()
        saved, self.peeked = self.peeked, None
        body = self.inner(self)
        if self.take().text != ")":
            raise Unreadable("$( is not closed")
        self.peeked = saved
        self.depth -= 1
        return Output(body, quoted)

    def _array(self) -> Array:
        words: list[Word] = []
        self.deeper()
        while True:
            token = self._read()
            if token.kind == "word":
                words.append(token.word)
            elif token.text == ")":
                self.depth -= 1
                return Array(tuple(words))
            elif token.text != "\n":
                raise Unreadable("( is not closed")

    def _braced(self, *, quoted: bool) -> Variable:
        """Behind `${`, up to its `}`."""
        self.deeper()
        length = self.text.startswith("#", self.at) and not self.text.startswith("#}", self.at)
        indirect = self.text.startswith("!", self.at) and not self.text.startswith("!}", self.at)
        self.at += length or indirect
        name = _NAME.match(self.text, self.at) or re.compile(r"\d+|[@*#?$!-]").match(self.text, self.at)
        if name is None:
            raise Unreadable("${ is not followed by a name")
        self.at = name.end()
        text, operator = name[0], "~" if length or indirect else ""
        subscript = _SUBSCRIPT.match(self.text, self.at)
        if subscript:
            self.at = subscript.end()
            text += "[@]" if subscript[1] in "@*" else "" if subscript[1] == "0" else "[]"
        word: Word = ()
        if not self.text.startswith("}", self.at):
            found = _OPERATION.match(self.text, self.at)
            known = found is not None and len(found[0]) <= 3 and (found[0][-1] in "-+=?" or found[0].endswith("/*"))
            if found is not None and known:
                self.at = found.end()
                operator = operator or ("dirname" if found[0].endswith("/*") else found[0])
            else:
                operator = "~"
            word = self._to_brace(quoted=quoted)
        if not self.text.startswith("}", self.at):
            raise Unreadable("${ is not closed")
        self.at += 1
        self.depth -= 1
        return Variable(text, operator, word, quoted)

    def _to_brace(self, *, quoted: bool) -> Word:
        parts: list[Part] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "}":
                return tuple(parts)
            if char in "$`":
                parts.extend(self._dollar(quoted=quoted))
            elif char == '"':
                self.at += 1
                parts.extend(self._quoted())
            elif char == "'" and not quoted:
                parts.append(Literal(self.until("'", self.at + 1), True))
            elif char == "\\":
                parts.append(Literal(self.text[self.at + 1 : self.at + 2], True))
                self.at += 2
            else:
                parts.append(Literal(char, quoted))
                self.at += 1
        raise Unreadable("${ is not closed")
