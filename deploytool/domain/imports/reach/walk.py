"""From the starts of a program to all it can load: wave by wave, until nothing is new.

Every question a file asks ("what is `a.b`?") is kept with its answer, so it is put once however many files ask it, and
again only when a new root of `sys.path` may change the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.imports.facts import Anchor, Dynamic, Facts, FactsOf, Import, Origin, PathEdit, When
from deploytool.domain.imports.reach.asking import ANY_FIRST, RUN, Ask, AskKind, Key, answer_of, files_of, firsts_of
from deploytool.domain.imports.reach.conventions import BY_CONVENTION, BY_SETTINGS
from deploytool.domain.imports.reach.matching import words_of
from deploytool.domain.imports.reach.namespace import Space, TooManyNames, is_library
from deploytool.domain.imports.reach.requests import (
    Wish,
    wishes_of_dynamic,
    wishes_of_import,
    wishes_of_text,
    wishes_when_open,
)
from deploytool.domain.imports.reach.resolve import Names
from deploytool.domain.imports.reach.visited import COMPILED, Node, anchored, read_as, suffix_of
from deploytool.domain.imports.source.elsewhere import ANY
from deploytool.domain.tree import SUBMODULE

START = ""  # who asks for the starts
MOST_ALIASES = 5_000  # modules that are loaded under several names, because links lead in circles


@dataclass(slots=True)
class Walk:
    """What is known so far."""

    space: Space
    names: Names
    facts_of: FactsOf
    cwd: str
    words: tuple[str, ...] = ()  # said where the program is started
    dynamic: Ask | None = None  # what an unbounded import loads, when somebody said so
    nodes: dict[str, Node] = field(default_factory=dict)  # by the path under which each was found
    wishes: dict[str, list[Wish]] = field(default_factory=dict)  # by the path of who asks
    answers: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    doubts: dict[Doubt, None] = field(default_factory=dict)
    everything: bool = False
    roots: dict[str, None] = field(default_factory=dict)  # in which imports are looked for, as far as they can be told
    any_root: bool = False
    open: bool = False  # something imports what other files name
    altered: set[str] = field(default_factory=set)  # names of other modules that something changes
    folders: dict[str, None] = field(default_factory=dict)  # where the program may be, besides where it starts
    _by_first: dict[str, dict[Key, None]] = field(default_factory=dict)
    _stars: dict[str, dict[Key, None]] = field(default_factory=dict)  # by the file whose exports are waited for
    _fresh: dict[str, None] = field(default_factory=dict)
    _roots: dict[str, None] = field(default_factory=dict)  # to be added when the wave is over
    lost: Node | None = None  # who changes the working folder to one that cannot be told
    _relative: dict[str, None] = field(default_factory=dict)  # entries of sys.path that go by the working folder
    _waiting: list[tuple[str, Node, Dynamic]] = field(default_factory=list)  # for a name to be altered
    _texts: dict[str, tuple[Wish, ...]] = field(default_factory=dict)

    def run(self) -> None:
        """Raises TooManyNames, and KeyError when git does not have a file that must be read."""
        while self._fresh or self._roots:
            if self._roots:
                self._add_roots()
            wave, self._fresh = self._fresh, {}
            self._read(wave)
            for path in wave:
                self._tell(path, self.nodes[path])

    def add_root(self, folder: str) -> None:
        """Also with the links in its name followed: Python may know it under either."""
        place = self.space.place(folder)
        for root in (folder, *(() if place is None else (place.path,))):
            self.roots[root] = None
            if root not in self.names.roots:
                self._roots[root] = None

    def wish(self, path: str, wish: Wish) -> None:
        self.wishes.setdefault(path, []).append(wish)
        if wish.key not in self.answers:
            for first in firsts_of(wish.key):
                self._by_first.setdefault(first, {})[wish.key] = None
            self._answer(wish.key)

    def doubt(self, path: str, line: int, why: str, kind: DoubtKind) -> None:
        """Something that may load any file."""
        self.doubts[Doubt(path, line, why, kind)] = None
        self.everything = True

    def _add_roots(self) -> None:
        roots, self._roots = self._roots, {}
        for root in roots:
            place = self.space.place(root)
            if place is not None and place.path in self.space.files:
                self._unseen_root(root, place.path, "an entry of sys.path whose modules cannot be seen")
            listing = self.space.listing(root) if is_library(root) else None
            for name in () if listing is None else listing.files:
                if name.endswith(".pth"):
                    self._unseen_root(f"{root}/{name}", f"{root}/{name}", "adds to sys.path what cannot be seen here")
        again: dict[Key, None] = {}
        for first in (ANY_FIRST, *self.names.add(roots)):
            again.update(self._by_first.get(first, {}))
        for key in again:
            self._answer(key)

    def _unseen_root(self, path: str, place: str, why: str) -> None:
        self.wish(START, Wish(Ask(AskKind.PLACED, path)))
        placed = self.space.files.get(place)
        self.doubt((placed.path if placed is not None else None) or path, 0, why, DoubtKind.UNKNOWN_ROOT)

    def _answer(self, key: Key) -> None:
        ask = key if isinstance(key, Ask) else None
        found = self._star(ask) if ask is not None and ask.kind is AskKind.STAR else answer_of(key, self.names)
        self.answers[key] = answer = tuple(dict.fromkeys(found))
        run = ask if ask is not None and (ask.kind in RUN or ask.kind is AskKind.DATA) else None
        for path in answer:
            self._reach(path, run)

    def _star(self, key: Ask) -> Iterator[str]:
        for _, level in self.names.ways(key.folder, key.text):
            for path in level.files:
                node = self.nodes.get(path)
                if node is None or node.facts is None:
                    self._stars.setdefault(path, {})[key] = None
                    continue
                exports = node.facts.exports
                for name in self.names.submodules(level) if exports is None else exports:
                    yield from files_of(self.names, key.folder, f"{key.text}.{name}" if key.text else name)

    def _reach(self, path: str, run: Ask | None) -> None:
        """`run`: the question that may run the file as the program."""
        node = self.nodes.get(path) or self._met(path)
        if node is None or run is None or node.closed:
            return
        if run.kind is AskKind.DATA:
            if node.read is None:
                node.read = path.rpartition("/")[2]
                self._fresh[path] = None
            return
        if run.kind in (AskKind.PROGRAM, AskKind.FILES) and path.endswith(".py"):
            self.add_root(path.rpartition("/")[0])
        read = node.read or read_as(path, run)
        if not node.main or read != node.read:
            node.main = True
            node.read = read
            self._fresh[path] = None

    def _met(self, path: str) -> Node | None:
        """A file that is reached for the first time under this name."""
        place = self.space.place(path)
        placed = None if place is None else self.space.files.get(place.path)
        if place is None or placed is None:
            return None  # a folder
        if len(self.nodes) > len(self.space.files) + MOST_ALIASES:
            raise TooManyNames
        node = self.nodes[path] = Node(place.path, placed)
        if placed.mode == SUBMODULE:
            self.doubt(node.source, 0, "a submodule; what its files import is not seen", DoubtKind.SUBMODULE)
        elif path.endswith(COMPILED):
            self.doubt(node.source, 0, "compiled; what it imports cannot be seen", DoubtKind.UNPARSABLE_SOURCE)
        elif path.endswith(".py"):
            node.read = path.rpartition("/")[2]
            self._fresh[path] = None
        return node

    def _read(self, wave: Iterable[str]) -> None:
        unread = [(path, self.nodes[path]) for path in wave if self.nodes[path].facts is None]
        waves: dict[str, dict[str, str]] = {}  # by suffix: one content may be read in two languages
        for _, node in unread:
            if node.placed.oid and node.read is not None:
                waves.setdefault(suffix_of(node.read), {})[node.placed.oid] = node.read
        facts = {suffix: self.facts_of.of(blobs) for suffix, blobs in waves.items()}
        for _, node in unread:
            if node.read is not None:
                oid, text = node.placed.oid, node.placed.text
                node.facts = facts[suffix_of(node.read)][oid] if oid else self.facts_of.of_text(text, node.read)
        for path, _ in unread:
            for key in self._stars.pop(path, ()):
                self._answer(key)

    def _tell(self, path: str, node: Node) -> None:
        facts, new = node.facts, node.active - node.told
        if facts is None or not new:
            return
        node.told |= new
        for each in facts.imports:
            if each.when in new:
                self._import(path, node, each)
        for dynamic in facts.dynamics:
            if dynamic.when in new:
                self._load_perhaps(path, node, dynamic)
        for edit in facts.edits:
            if edit.when in new:
                self._edit(path, node, edit)
        if When.TOP in new:
            self._tell_rest(path, node, facts)

    def _import(self, path: str, node: Node, what: Import) -> None:
        first = "" if what.level else what.module.partition(".")[0]
        if what.level or first in self.space.firsts:  # else nothing in the image has this name, whatever the roots
            for wish in wishes_of_import(path, what):
                self.wish(path, wish)
        if first in BY_CONVENTION:
            self._by_convention(path, node, what, first)

    def _by_convention(self, path: str, node: Node, what: Import, framework: str) -> None:
        for key in BY_CONVENTION[framework]:
            self.wish(path, Wish(key, what.line, True))
        if framework in BY_SETTINGS and self.dynamic is not None:
            self.wish(path, Wish(self.dynamic, what.line, True))
        elif framework in BY_SETTINGS:
            self.doubt(node.source, what.line, f"{framework} loads what its settings name", DoubtKind.UNBOUNDED_IMPORT)

    def _load_perhaps(self, path: str, node: Node, what: Dynamic) -> None:
        if what.altered and self.altered.isdisjoint((what.altered, ANY)):
            self._waiting.append((path, node, what))
        else:
            self._load(path, node, what)

    def _alter(self, names: Iterable[str]) -> None:
        if not self.altered.issuperset(names):
            self.altered.update(names)
            waiting, self._waiting = self._waiting, []
            for each in waiting:
                self._load_perhaps(*each)

    def _open_up(self) -> None:
        """From now on each word that a reachable file says may be imported."""
        if not self.open:
            self.open = True
            for path, node in list(self.nodes.items()):
                if node.facts is not None and When.TOP in node.told:
                    self._tell_words(path, *node.facts.strings, *node.facts.words)
            self._tell_words(START, *(text for word in self.words for text in words_of(word)))

    def _tell_words(self, path: str, *texts: str) -> None:
        for wish in (wish for text in texts for wish in wishes_when_open(text, self.space)):
            self.wish(path, wish)

    def _load(self, path: str, node: Node, what: Dynamic) -> None:
        if what.open:
            self._open_up()
        if what.bounded:
            for wish in wishes_of_dynamic(path, what):
                self.wish(path, wish)
        elif self.dynamic is not None:
            self.wish(path, Wish(self.dynamic, what.line, True))
        else:
            self.doubt(node.source, what.line, what.why, DoubtKind.UNBOUNDED_IMPORT)

    def _tell_rest(self, path: str, node: Node, facts: Facts) -> None:
        for text in facts.strings:
            wishes = self._texts.get(text)
            if wishes is None or text.startswith("."):
                wishes = self._texts[text] = tuple(wishes_of_text(path, text, self.space))
            for wish in wishes:
                self.wish(path, wish)
        if self.open:
            self._tell_words(path, *facts.strings, *facts.words)
        self._alter(facts.alters)
        for move in facts.moves:
            self._move(path, node, move)
        if facts.error:
            self.doubt(node.source, facts.error_line, facts.error, DoubtKind.UNPARSABLE_SOURCE)

    def _edit(self, path: str, node: Node, edit: PathEdit) -> None:
        if edit.folder is not None:
            for folder in anchored(self.space, self.cwd, path, node.place, edit.folder):
                self.add_root(folder)
            if edit.folder.origin is Origin.CWD:
                self._relative[edit.folder.path] = None
                self._move_relative()
        else:
            self._any_root(node, edit.line, edit.why)

    def _any_root(self, node: Node, line: int, why: str) -> None:
        self.doubts[Doubt(node.source, line, why, DoubtKind.UNKNOWN_ROOT)] = None
        if not self.any_root:
            self.any_root = True
            self._roots.update(dict.fromkeys(self.space.listings))

    def _move(self, path: str, node: Node, to: Anchor | None) -> None:
        """The program changes its working folder."""
        self.lost = self.lost or (node if to is None else None)
        if to is not None:
            self.folders.update(dict.fromkeys(anchored(self.space, self.cwd, path, node.place, to)))
        self._move_relative()

    def _move_relative(self) -> None:
        for entry in self._relative:
            for root in (root for folder in self.folders for root in self.space.joined(folder, entry)):
                self.add_root(root)
            if self.lost is not None:
                why = f"the working folder changes to what cannot be told, and {entry or '.'} is looked for in it"
                self._any_root(self.lost, 0, why)
