"""The grammar of a shell, as far as it tells which commands run: lists, pipes, conditions, loops, functions."""

from __future__ import annotations

import re

from deploytool.domain.dockerfile_words import Unreadable
from deploytool.domain.imports.launch.shell import (
    Apart,
    Define,
    Each,
    Either,
    Literal,
    Node,
    Script,
    Simple,
    Variable,
    Word,
    plain,
)
from deploytool.domain.imports.launch.shell_lines import Lexer, Token

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*\+?)=")
_CLOSES = frozenset(("then", "elif", "else", "fi", "do", "done", "esac", "}"))
_SUCCEED = """
    cd pushd export set shift unset echo printf mkdir chmod chown touch rm cp ln true : sleep umask ulimit declare local
    readonly source . wait trap
"""
_ENDS = frozenset((")", ";;", ";&", ";;&"))


def script_of(text: str, line: int = 1) -> Script:
    """Read a whole script. Raises Unreadable, too large or not shell at all."""
    reader = _Reader()
    lexer = Lexer(text, line, reader.body)
    body = reader.body(lexer)
    if lexer.peek().kind != "end":
        raise Unreadable(f"line {lexer.peek().line}: {_shown(lexer.peek())} is not expected")
    return Script(body, frozenset(reader.tested))


def _shown(token: Token) -> str:
    return repr(token.text or plain(token.word) or "a word")[:40]


class _Reader:
    def __init__(self) -> None:
        self.tested: set[str] = set()

    def body(self, lexer: Lexer) -> tuple[Node, ...]:
        """Commands up to something that closes, which is left to the caller."""
        nodes: list[Node] = []
        while True:
            token = lexer.peek()
            if token.kind == "end" or (token.kind == "operator" and token.text in _ENDS):
                return tuple(nodes)
            if token.kind == "word" and plain(token.word) in _CLOSES:
                return tuple(nodes)
            if token.kind == "operator" and token.text in ("\n", ";", "&"):
                lexer.take()
                continue
            found = self._and_or(lexer)
            nodes.extend([Apart(tuple(found))] if lexer.peek().text == "&" else found)

    def _and_or(self, lexer: Lexer) -> list[Node]:
        first = self._pipeline(lexer)
        rest: list[tuple[str, list[Node]]] = []
        while lexer.peek().kind == "operator" and lexer.peek().text in ("&&", "||"):
            operator = lexer.take().text
            self._newlines(lexer)
            rest.append((operator, self._pipeline(lexer)))
        return _chain(first, rest)

    def _pipeline(self, lexer: Lexer) -> list[Node]:
        inverted = False
        while lexer.peek().kind == "word" and plain(lexer.peek().word) in ("!", "time"):
            inverted |= plain(lexer.take().word) == "!"
        nodes = [*self._command(lexer), *([Either(())] if inverted else [])]
        piped = False
        while lexer.peek().kind == "operator" and lexer.peek().text in ("|", "|&"):
            piped = True
            lexer.take()
            self._newlines(lexer)
            nodes.append(Apart(tuple(self._command(lexer))))
        return [Apart(tuple(nodes))] if piped else nodes

    def _newlines(self, lexer: Lexer) -> None:
        while lexer.peek().text == "\n":
            lexer.take()

    def _command(self, lexer: Lexer) -> list[Node]:
        lexer.deeper()
        token = lexer.peek()
        name = plain(token.word) if token.kind == "word" else None
        if token.kind == "operator" and token.text == "(":
            nodes = self._brackets(lexer)
        elif token.kind != "word":
            raise Unreadable(f"line {token.line}: {_shown(token)} is not expected")
        elif name == "if":
            nodes = self._if(lexer)
        elif name in ("while", "until"):
            lexer.take()
            nodes = [Each("", (), (*self.body(lexer), *self._between(lexer, "do", "done")))]
        elif name in ("for", "select"):
            nodes = self._for(lexer)
        elif name == "case":
            nodes = self._case(lexer)
        elif name == "{":
            nodes = list(self._between(lexer, "{", "}"))
        elif name == "[[":
            nodes = self._test(lexer)
        elif name == "function":
            nodes = self._function(lexer)
        else:
            nodes = self._simple(lexer)
        lexer.depth -= 1
        return nodes

    def _between(self, lexer: Lexer, opening: str, closing: str) -> tuple[Node, ...]:
        self._expect(lexer, opening)
        nodes = self.body(lexer)
        self._expect(lexer, closing)
        return nodes

    def _expect(self, lexer: Lexer, word: str) -> None:
        token = lexer.take()
        if (plain(token.word) if token.kind == "word" else token.text) != word:
            raise Unreadable(f"line {token.line}: {word} is expected")

    def _brackets(self, lexer: Lexer) -> list[Node]:
        lexer.take()
        if lexer.peek().text == "(" and lexer.skip_arithmetic():
            lexer.take()
            return []
        nodes = self.body(lexer)
        self._expect(lexer, ")")
        return [Apart(nodes)]

    def _if(self, lexer: Lexer) -> list[Node]:
        lexer.take()
        condition = self.body(lexer)
        self._expect(lexer, "then")
        then = self.body(lexer)
        token = lexer.peek()
        word = plain(token.word) if token.kind == "word" else None
        otherwise: tuple[Node, ...] = ()
        if word == "elif":
            lexer.deeper()
            otherwise = tuple(self._if(lexer))
            lexer.depth -= 1
        else:
            if word == "else":
                lexer.take()
                otherwise = self.body(lexer)
            self._expect(lexer, "fi")
        return [*condition, Either((then, otherwise))]

    def _for(self, lexer: Lexer) -> list[Node]:
        lexer.take()
        token = lexer.take()
        if token.text == "(":
            lexer.take()
            lexer.skip_arithmetic()
            name = ""
            words: tuple[Word, ...] = ()
        else:
            name, words = plain(token.word) or "", self._items(lexer)
        while lexer.peek().text in ("\n", ";"):
            lexer.take()
        closing = ("{", "}") if plain(lexer.peek().word) == "{" else ("do", "done")
        return [Each(name, words, self._between(lexer, *closing))]

    def _items(self, lexer: Lexer) -> tuple[Word, ...]:
        self._newlines(lexer)
        if plain(lexer.peek().word) != "in":
            return ((Literal("", True), Variable("@", quoted=True)),)
        lexer.take()
        words: list[Word] = []
        while lexer.peek().kind == "word":
            words.append(lexer.take().word)
        return tuple(words)

    def _case(self, lexer: Lexer) -> list[Node]:
        lexer.take()
        lexer.take()
        self._newlines(lexer)
        self._expect(lexer, "in")
        branches: list[tuple[Node, ...]] = []
        complete = False
        while True:
            self._newlines(lexer)
            if lexer.peek().kind == "end":
                raise Unreadable("case is not closed")
            if plain(lexer.peek().word) == "esac":
                lexer.take()
                return [Either(tuple(branches) if complete else (*branches, ()))]
            complete |= self._patterns(lexer)
            branches.append(self.body(lexer))
            if lexer.peek().kind == "operator":
                lexer.take()

    def _patterns(self, lexer: Lexer) -> bool:
        """Take the patterns of one branch; True when one of them matches anything."""
        complete = False
        while True:
            token = lexer.take()
            if token.kind == "end":
                raise Unreadable("case is not closed")
            if token.kind == "word":
                self._compared(token.word)
                complete |= plain(token.word) == "*"
            elif token.text == ")":
                return complete

    def _compared(self, word: Word) -> None:
        self.tested.add("".join(part.text for part in word if isinstance(part, Literal)))

    def _test(self, lexer: Lexer) -> list[Node]:
        """`[[ … ]]`, in which `<`, `(` and `&&` mean other things."""
        while True:
            token = lexer.take()
            if token.kind == "end":
                raise Unreadable("[[ is not closed")
            if token.kind == "word":
                if plain(token.word) == "]]":
                    return []
                self._compared(token.word)

    def _function(self, lexer: Lexer) -> list[Node]:
        lexer.take()
        name = plain(lexer.take().word) or ""
        if lexer.peek().text == "(":
            lexer.take()
            self._expect(lexer, ")")
        self._newlines(lexer)
        return [Define(name, tuple(self._command(lexer)))]

    def _simple(self, lexer: Lexer) -> list[Node]:
        first = lexer.peek()
        lexer.stdin = None
        words: list[Word] = []
        assignments: list[tuple[str, Word]] = []
        while lexer.peek().kind == "word":
            word = lexer.take().word
            assignment = None if words else _assignment(word)
            if assignment is None:
                words.append(word)
            else:
                assignments.append(assignment)
        if lexer.peek().text == "(" and len(words) == 1 and not assignments:
            lexer.take()
            self._expect(lexer, ")")
            self._newlines(lexer)
            return [Define(plain(words[0]) or "", tuple(self._command(lexer)))]
        if words and plain(words[0]) in ("[", "test"):
            for word in words[1:]:
                self._compared(word)
        return [Simple(tuple(words), tuple(assignments), first.line, lexer.stdin)]


def _chain(first: list[Node], rest: list[tuple[str, list[Node]]]) -> list[Node]:
    """`a && b`: unless a always succeeds, b and what follows it so may not run. `a || b`: b may not run."""
    nodes, sure = list(first), _succeeds(first)
    for at, (operator, found) in enumerate(rest):
        if operator == "&&" and not sure:
            end = next((i for i in range(at, len(rest)) if rest[i][0] == "||"), len(rest))
            inner = [node for _, each in rest[at + 1 : end] for node in each]
            nodes.append(Either(((*found, *inner), ())))
            return nodes if end == len(rest) else _chain([*nodes], rest[end:])
        if operator == "||":
            nodes.append(Either((tuple(found), ())))
        else:
            nodes.extend(found)
        sure = operator == "&&" and _succeeds(found)
    return nodes


def _succeeds(nodes: list[Node]) -> bool:
    """Commands that are taken to succeed: else the container does not start as it is meant to."""
    last = nodes[-1] if nodes else None
    return isinstance(last, Simple) and (not last.words or plain(last.words[0]) in _SUCCEED.split())


def _assignment(word: Word) -> tuple[str, Word] | None:
    head = word[0]
    if not isinstance(head, Literal) or head.quoted:
        return None
    found = _ASSIGNMENT.match(head.text)
    if found is None:
        return None
    rest = head.text[found.end() :]
    return found[1], ((Literal(rest), *word[1:]) if rest else word[1:])
