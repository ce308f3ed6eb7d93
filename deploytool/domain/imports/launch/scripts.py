"""Goes through shell text in order: what it sets counts for the commands that follow, every branch is taken."""

from __future__ import annotations

from collections.abc import Callable

from deploytool.domain.dockerfile_words import Unreadable
from deploytool.domain.doubt import DoubtKind
from deploytool.domain.imports.launch.found import Found, Where
from deploytool.domain.imports.launch.place import MOST_BYTES, Place
from deploytool.domain.imports.launch.printed import printed_by
from deploytool.domain.imports.launch.shell import Apart, Define, Each, Either, Node, Script, Simple
from deploytool.domain.imports.launch.shell_reader import script_of
from deploytool.domain.imports.launch.values import (
    MOST_WAYS,
    UNKNOWN,
    Expansion,
    Field,
    Fields,
    State,
    Ways,
)

DEEPEST = 25  # scripts, functions and `sh -c` inside one another

MOST_ROUNDS = 4  # of a loop: what one round sets, the next may use
MOST_RECURSION = 3
BUDGET = 200_000  # characters that one reading may go through, again or anew

CHANGES = frozenset("cd pushd export declare local readonly typeset set shift . source eval unset".split())  # noqa: SIM905

Command = Callable[[Fields, State, str | None], None]


class Scripts:
    """The shell's part of a reading. `command` is called for each command with its arguments."""

    def __init__(self, found: Found, base: Where, command: Command) -> None:
        self.found = found
        self.base = base  # for text that lies in no file of its own
        self.command = command
        self.where = base
        self.functions: dict[str, tuple[Node, ...]] = {}
        self.called: set[str] = set()
        self.own: set[str] = set()  # words that the scripts compare their arguments with
        self.depth = 0
        self._left = BUDGET
        self._calling: list[str] = []
        self._reading: list[str] = []  # scripts, to see loops
        self._exact = False  # lines of the text being read are lines of the file that `where` names

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable(f"starts nested more than {DEEPEST} deep", too_large=True)

    def script(self, path: str, arguments: Fields, state: State) -> None:
        """A shell script of the image, run in a shell of its own."""
        inner = state.apart()
        inner.script, inner.positional = path, (tuple(arguments),)
        functions, self.functions = self.functions, {}
        self.source(path, inner)
        self._uncalled(inner)
        self.functions = functions

    def source(self, path: str, state: State) -> None:
        """Go on in another file; what it sets stays."""
        placed, text = self.found.place.placed(path), self.found.place.text(path)
        if path in self._reading:
            return
        if text is None or placed is None or len(text) > MOST_BYTES:
            kind = DoubtKind.UNKNOWN_PROGRAM if text is None else DoubtKind.TOO_LARGE
            self.found.doubt(self.where, f"the script {path} is too large, or not text", kind)
            return
        before = self.where
        self.where = Where(placed.path, 1) if placed.path else self.base
        self._reading.append(path)
        self._read(text, state, exact=placed.path is not None)
        self._reading.pop()
        self.where = before

    def inline(self, field: Field, state: State) -> None:
        """Text that stands in a command: `sh -c "…"`."""
        if field.unknown:
            self.found.doubt(self.where, "the text that a shell runs depends on what only the run knows")
        functions, self.functions = self.functions, dict(self.functions)
        self._read(field.text, state, exact=False)
        self._uncalled(state)
        self.functions = functions

    def _read(self, text: str, state: State, *, exact: bool) -> None:
        self._left -= len(text)
        if self._left < 0:
            raise Unreadable(f"more than {BUDGET} characters of scripts", too_large=True)
        self.deeper()
        before, self._exact = (self.where, self._exact), exact
        script: Script | None = None
        try:
            script = script_of(text)
        except Unreadable as wrong:
            kind = DoubtKind.TOO_LARGE if wrong.too_large else DoubtKind.UNPARSABLE
            self.found.doubt(self.where, f"a start script cannot be read: {wrong}", kind)
        if script is not None:
            self.own |= script.tested
            self.nodes(script.body, state)
        self.where, self._exact = before
        self.depth -= 1

    def _uncalled(self, state: State) -> None:
        """Functions that nothing here calls may be called by a computed name."""
        for name, body in list(self.functions.items()):
            if name not in self.called:
                self.called.add(name)
                self.nodes(body, state.apart())

    def call(self, argv: Fields, state: State) -> None:
        name = argv[0].text
        self.called.add(name)
        self.deeper()
        if self._calling.count(name) > MOST_RECURSION:
            self.found.doubt(self.where, f"the function {name} calls itself")
            self.depth -= 1
            return
        body = self.functions[name]
        self._calling.append(name)
        before, state.positional = state.positional, (tuple(argv[1:]),)
        self.nodes(body, state)
        state.positional = before
        self._calling.pop()
        self.depth -= 1

    def nodes(self, body: tuple[Node, ...], state: State) -> None:
        for node in body:
            if isinstance(node, Simple):
                self._simple(node, state)
            elif isinstance(node, Define):
                self.functions[node.name] = node.body
            elif isinstance(node, Apart):
                self.nodes(node.body, state.apart())
            elif isinstance(node, Either):
                self._either(node, state)
            else:
                self._each(node, state)

    def _either(self, node: Either, state: State) -> None:
        ends = []
        for branch in node.branches:
            taken = state.apart()
            self.nodes(branch, taken)
            ends.append(taken)
        state.become(ends or [state.apart()])

    def _each(self, node: Each, state: State) -> None:
        ways = self._expansion(state).arguments(node.words)
        values = tuple(dict.fromkeys((field,) for way in ways for field in way))
        for _ in range(MOST_ROUNDS):
            taken = state.apart()
            if node.name:
                taken.variables[node.name] = values if 0 < len(values) <= MOST_WAYS else ((UNKNOWN,),)
            self.nodes(node.body, taken)
            before = state.apart()
            state.become([before, taken])
            if state == before:
                return
        state.forget_changes(before)

    def _simple(self, node: Simple, state: State) -> None:
        if self._exact:
            self.where = Where(self.where.path, node.line)
        expansion = self._expansion(state)
        ways = expansion.arguments(node.words)
        mine = any(argv and (argv[0].text in CHANGES or argv[0].text in self.functions) for argv in ways)
        before = state.apart()
        inner = state if mine or not node.words else state.apart()
        for name, word in node.assignments:
            _assign(inner, name, expansion.scalar(word))
        ends = []
        for argv in ways:
            taken = inner.apart() if len(ways) > 1 else inner
            self.command(argv, taken, node.stdin)
            ends.append(taken)
        if len(ends) > 1:
            inner.become(ends)
        if mine and node.assignments:  # they may or may not last
            restored = state.apart()
            for name, _ in node.assignments:
                restored.put_back(name, before)
            state.become([state.apart(), restored])

    def _expansion(self, state: State) -> Expansion:
        return Expansion(state, lambda body: self._printed(body, state))

    def _printed(self, body: tuple[Node, ...], state: State) -> Field:
        before, self._exact = (self.where, self._exact), False
        self.nodes(body, state.apart())
        self.where, self._exact = before
        return printed_by(body, state, self._expansion(state).arguments)


def _assign(state: State, name: str, ways: Ways) -> None:
    if name.endswith("+"):
        name = name[:-1]
        before = state.variables.get(name, ((),))
        ways = tuple((*one, *other) for one in before for other in ways)
    state.variables[name] = ways if len(ways) <= MOST_WAYS else ((UNKNOWN,),)


def file_of(place: Place, field: Field, state: State, *, search: bool = True) -> str | None:
    """The file of the image that a command names: by its path, or looked up on PATH."""
    if not field.text:
        return None
    if "/" in field.text or not search:
        found = (place.file(field.text, cwd.text) for cwd in state.cwds)
        return next((path for path in found if path is not None), None)
    folders = (state.known("PATH") or "").split(":")
    usual = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
    for folder in (*folders, *usual):
        path = place.file(f"{folder}/{field.text}") if folder.startswith("/") else None
        if path is not None:
            return path
    return None
