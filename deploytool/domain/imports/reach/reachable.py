"""Which files of its image a program can load, each with the shortest way there."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.image_layout import Layout
from deploytool.domain.imports.closure import Closure, Needed, Reached
from deploytool.domain.imports.facts import FactsOf, When
from deploytool.domain.imports.program import NOT_THERE, Program, Start, StartKind
from deploytool.domain.imports.reach.asking import Ask, AskKind, Key
from deploytool.domain.imports.reach.namespace import Space, TooManyNames, as_folder, is_library
from deploytool.domain.imports.reach.needed import Judge, needed_of
from deploytool.domain.imports.reach.requests import Wish, wishes_of_words
from deploytool.domain.imports.reach.resolve import Names
from deploytool.domain.imports.reach.walk import START, Walk

IMPLICIT = ("sitecustomize", "usercustomize")  # what Python itself imports when it starts


def closure_of(program: Program, layout: Layout, facts: FactsOf, *, dynamic: Collection[str] = ()) -> Closure:
    """Everything that the program can load, by its path in the image.

    `dynamic`: the image paths that an unbounded import reaches, where a person said so. Raises KeyError when git does
    not have a file that must be read.
    """
    try:
        return _Search(program, Space(layout.files), facts, dynamic).closure()
    except TooManyNames:
        why = "links in the image give its files more names than can be followed"
        return Closure(everything=True, doubts=(*program.doubts, Doubt("", 0, why, DoubtKind.TOO_LARGE)))


def chain_of(closure: Closure, path: str) -> tuple[str, ...]:
    """The image paths from a start of the program to this file; empty when it is not reached."""
    chain: list[str] = []
    here: str | None = path
    while here is not None and here in closure.reached and len(chain) <= len(closure.reached):
        chain.append(here)
        here = closure.reached[here].by
    return tuple(reversed(chain))


def importers_of(program: Program, layout: Layout, facts: FactsOf, path: str) -> tuple[tuple[str, int], ...]:
    """(image path, line) of every Python file of the image that asks for this one, reachable or not, by path.

    Raises KeyError when git does not have one of them, and TooManyNames.
    """
    search = _Search(program, Space(layout.files), facts, ())
    every = [name for name in layout.files if name.endswith(".py")]
    search.walk.wish(START, Wish(Ask(AskKind.PLACED, "\0".join(every))))
    search.closure()
    return tuple(sorted(dict(search.asking_for(path)).items()))


class _Search:
    """One program in one image."""

    def __init__(self, program: Program, space: Space, facts: FactsOf, dynamic: Collection[str]) -> None:
        self.program = program
        self.space = space
        self.names = Names(space)
        self.walk = Walk(space, self.names, facts, as_folder(program.cwd), program.words, _given(space, dynamic))
        self.order: list[str] = []  # files as named, nearest first

    def closure(self) -> Closure:
        self._begin()
        self.walk.run()
        reached = self._reached()
        missing = tuple(self._missing_starts())
        nodes = [(path, self.walk.nodes[path]) for path in self.order]
        facts = [(path, self._laid(node.place), node.facts, node.active) for path, node in nodes]
        known = [each for _, _, each, _ in facts if each is not None]
        lists = frozenset(by for _, by, each, _ in facts if each is not None and each.lists)
        judge = Judge(self.names, tuple(map(self._roots_of, self.program.starts)))
        return Closure(
            reached=reached,
            everything=self.walk.everything,
            doubts=tuple(self.walk.doubts),
            needed=(*missing, *needed_of(judge, facts)),
            roots=tuple(root or "/" for root in self.walk.roots),
            any_root=self.walk.any_root,
            edited=self.walk.any_root or any(each.edits for each in known),
            strings=frozenset(self.program.words).union(*(each.strings for each in known), self._by_links(lists)),
            lists=lists,
            loaders=self._loaders(),
        )

    def _begin(self) -> None:
        walk, program = self.walk, self.program
        for start in program.starts:
            for root in self._roots_of(start):
                walk.add_root(root)
            walk.wish(START, Wish(self._key_of(start)))
        for root in program.roots:
            walk.add_root(as_folder(root))
        for folder in filter(is_library, self.space.listings):
            walk.add_root(folder)
        for name in IMPLICIT:
            walk.wish(START, Wish(name))
        for word in program.words:
            for wish in wishes_of_words(word, self.space):
                walk.wish(START, wish)
        for doubt in program.doubts:
            walk.doubt(doubt.path, doubt.line, doubt.why, doubt.kind)
        if not program.starts and not program.doubts:
            why = "nothing says what is started" if program.python else "not a Python program: nobody reads its imports"
            walk.doubt("", 0, why, DoubtKind.UNKNOWN_PROGRAM)

    def _key_of(self, start: Start) -> Key:
        match start.kind:
            case StartKind.MODULE:
                return start.name
            case StartKind.MAIN:
                return Ask(AskKind.MAIN, start.name)
            case StartKind.SCRIPT:
                return Ask(AskKind.SCRIPT, self._script(start.name))

    def _script(self, path: str) -> str:
        """A folder is run by its `__main__.py`."""
        place = self.space.place(path)
        return f"{path}/__main__.py" if place is not None and place.path in self.space.listings else path

    def _roots_of(self, start: Start) -> tuple[str, ...]:
        """The beginning of sys.path, as far as it is known before anything runs."""
        roots = tuple(as_folder(root) for root in self.program.roots)
        if start.kind is not StartKind.SCRIPT:
            return roots
        path = self._script(start.name)
        place = self.space.place(path)
        folder = (path if place is None else place.path).rpartition("/")[0]  # Python follows the links of a script
        return tuple(dict.fromkeys((folder, *roots)))

    def _by_links(self, lists: Collection[str]) -> Iterator[str]:
        """A link to a file names it; one to a folder shows it to whoever lists folders."""
        for link in self.space.links:
            place = self.space.place(link)
            if place is not None and (lists or place.path in self.space.files):
                yield place.path

    def _missing_starts(self) -> Iterator[Needed]:
        for start in self.program.starts:
            level = self.names.level(start.name)
            match start.kind:
                case StartKind.SCRIPT:
                    found = self._script(start.name) in self.walk.nodes
                case StartKind.MODULE:
                    found = bool(level.files)
                case StartKind.MAIN:
                    module = [file for file in level.files if not file.rpartition("/")[2].startswith("__init__.")]
                    found = bool(module or self.names.level(f"{start.name}.__main__").files)
            if not found:
                why = f"{start.name}, which is started,{NOT_THERE}"
                self.walk.doubt("", 0, why, DoubtKind.UNKNOWN_PROGRAM)
                yield Needed(start.name, "", 0, When.TOP)

    def _reached(self) -> dict[str, Reached]:
        reached: dict[str, Reached] = {}
        through: dict[str, Reached] = {}  # files with settings, which are data, and who reads them
        for path, by, wish in self._spread():
            self.order.append(path)
            asking = self._laid(self.walk.nodes[by].place) if by else None
            why = through.get(by) or Reached(asking, wish.line, wish.named)
            if self.walk.nodes[path].is_data:
                through[path] = why
                continue
            for each in self._passed(path):
                reached.setdefault(each, why)
        return reached

    def _spread(self) -> Iterator[tuple[str, str, Wish]]:
        """Each file, who asks for it, and how; breadth first. A question counts for the first file that asks it."""
        put: set[Key] = set()
        seen: set[str] = set()
        pending = deque([START])
        while pending:
            here = pending.popleft()
            for wish in sorted(self.walk.wishes.get(here, ()), key=_is_named):
                if wish.key in put:
                    continue
                put.add(wish.key)
                for path in self.walk.answers[wish.key]:
                    if path not in seen and path in self.walk.nodes:
                        seen.add(path)
                        pending.append(path)
                        yield path, here, wish

    def _loaders(self) -> dict[str, tuple[tuple[str, int], ...]]:
        """By file: who imports it, and on which line, by a statement that runs as soon as the importing file does."""
        found: dict[str, list[tuple[str, int]]] = {}
        for by, wishes in self.walk.wishes.items():
            asking = self._laid(self.walk.nodes[by].place) if by else START
            for wish in wishes:
                for path in self.walk.answers[wish.key] if wish.startup else ():
                    for each in self._passed(path) if path in self.walk.nodes else ():
                        found.setdefault(each, []).append((asking, wish.line))
        return {path: tuple(askers) for path, askers in found.items()}

    def asking_for(self, path: str) -> Iterator[tuple[str, int]]:
        """Everything that asks for the file at this path of the layout; the last line of each that does."""
        meant = {key for key, found in self.walk.answers.items() if any(path in self._passed(each) for each in found)}
        for asker, wishes in self.walk.wishes.items():
            if asker != START and self._laid(self.walk.nodes[asker].place) != path:
                for wish in reversed(wishes):
                    if wish.key in meant:
                        yield self._laid(self.walk.nodes[asker].place), wish.line

    def _passed(self, path: str) -> Iterator[str]:
        """The links on the way to a file, and the file itself, by their paths in the layout."""
        place = self.space.place(path)
        if place is not None:
            yield from map(self._laid, place.links)
            yield self._laid(place.path)

    def _laid(self, path: str) -> str:
        return self.space.laid.get(path, path)


def _is_named(wish: Wish) -> bool:
    return wish.named


def _given(space: Space, dynamic: Collection[str]) -> Ask | None:
    """What a person names as loaded, with the packages around it."""
    files: dict[str, None] = {}
    for path in dynamic:
        folder = path.rpartition("/")[0]
        above: list[str] = []
        while (listing := space.listing(folder)) is not None and "__init__" in listing.modules:
            above.extend(f"{folder}/{name}" for name in listing.modules["__init__"])
            folder = folder.rpartition("/")[0]
        files.update(dict.fromkeys((*reversed(above), path)))
    return Ask(AskKind.PLACED, "\0".join(files)) if files else None
