"""What has been found out so far about what a container starts, and one Python process of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.imports.launch.place import Place
from deploytool.domain.imports.launch.values import Field, State, joined
from deploytool.domain.imports.program import NOT_THERE, SCRIPTS, Start, StartKind

MOST_WORDS = 2_000
MOST_DOUBTS = 20
LONGEST_WORD = 300
MOST_NAMES = 300

_NAMED = re.compile(r"[A-Za-z_]")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){1,9}")
_MODULE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*\Z")
_APP = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)(?::.*)?\Z", re.DOTALL)


class Where(NamedTuple):
    """The place that a doubt names."""

    path: str
    line: int


@dataclass(slots=True)
class Found:
    """Collects; all values keep their first order."""

    place: Place
    starts: dict[Start, Where] = field(default_factory=dict)
    roots: dict[str, None] = field(default_factory=dict)
    cwds: dict[str, Where] = field(default_factory=dict)
    words: dict[str, None] = field(default_factory=dict)
    doubts: dict[Doubt, None] = field(default_factory=dict)
    other: bool = False  # a program that is known not to be Python
    foreign: dict[str, Where] = field(default_factory=dict)  # of those, what could start Python files in turn
    ran: bool = False  # anything at all

    def doubt(self, where: Where, why: str, kind: DoubtKind = DoubtKind.UNKNOWN_PROGRAM) -> None:
        if len(self.doubts) < MOST_DOUBTS:
            self.doubts[Doubt(where.path, where.line, " ".join(why.split())[:300], kind)] = None

    def word(self, text: str) -> None:
        if len(self.words) < MOST_WORDS and 1 < len(text) <= LONGEST_WORD and _NAMED.search(text):
            self.words[text] = None


@dataclass(slots=True)
class Process:
    """One Python process: where it starts, what its environment says, and what it loads first."""

    found: Found
    state: State
    cwd: Field
    where: Where

    def __post_init__(self) -> None:
        self.found.ran = True
        if self.cwd.unknown:
            self.doubt("the folder that Python is started in depends on what only the run knows")
        self.found.cwds.setdefault(self.cwd.text, self.where)

    def change_folder(self, folder: Field) -> None:
        """The program goes elsewhere before it loads anything."""
        if len(self.found.cwds) == 1:
            self.found.cwds.clear()
        self.cwd = joined(self.cwd, folder)
        if self.cwd.unknown:
            self.doubt(f"the folder that the program goes to depends on what only the run knows: {folder.text}")
        self.found.cwds.setdefault(self.cwd.text, self.where)

    def doubt(self, why: str, kind: DoubtKind = DoubtKind.UNKNOWN_PROGRAM) -> None:
        self.found.doubt(self.where, why, kind)

    def root(self, folder: Field) -> None:
        """A folder of sys.path."""
        if folder.unknown:
            self.doubt(
                f"a folder of sys.path depends on what only the run knows: {folder.text}", DoubtKind.UNKNOWN_ROOT
            )
        else:
            self.found.roots[joined(self.cwd, folder).text] = None

    def python_path(self) -> None:
        """PYTHONPATH. An empty entry is the working folder, as Python has it."""
        for way in self.state.variables.get("PYTHONPATH", ()):
            for entry in way:
                for text in entry.text.split(":") if entry.text else ():
                    self.root(Field(text, False))
                if entry.unknown:
                    why = "PYTHONPATH depends on what only the run knows"
                    self.doubt(why, DoubtKind.UNKNOWN_ROOT)

    def module(self, name: str, kind: StartKind = StartKind.MODULE) -> None:
        self.found.starts.setdefault(Start(kind, name), self.where)

    def optional_module(self, name: str) -> None:
        """A module that is loaded when the image has it; another's is left to the words."""
        if _MODULE.match(name) and self.has(name):
            self.module(name)
        else:
            self.found.word(name)

    def has(self, name: str) -> bool:
        return self.found.place.module(name, tuple(self.found.roots))

    def app(self, app: Field) -> None:
        """`package.module:attribute`."""
        match = _APP.match(app.text)
        if app.unknown or match is None:
            why = "depends on what only the run knows" if app.unknown else "cannot be told"
            self.doubt(f"which module is served {why}: {app.text}".rstrip(": "))
        if match is not None:
            self.module(match[1])

    def names_in(self, path: Field) -> None:
        """A configuration file that may name classes of the image: modules in it are loaded when the image has them."""
        real = self.found.place.file(path.text, self.cwd.text)
        if path.unknown or real is None:
            return
        for dotted in sorted(set(_DOTTED.findall(self.found.place.text(real) or "")))[:MOST_NAMES]:
            parts = dotted.split(".")
            for end in range(len(parts), 0, -1):
                if self.has(".".join(parts[:end])):
                    self.module(".".join(parts[:end]))
                    break

    def script(self, path: Field) -> str | None:
        """A Python file that runs. A folder means its `__main__.py`."""
        place = self.found.place
        several = place.matching(path.text, self.cwd.text) if "*" in path.text else []
        for each in several:
            self.start_script(each)
        if several and not path.unknown:
            return None
        if path.unknown:
            self.doubt(f"which file Python runs depends on what only the run knows: {path.text}")
            return None
        real = place.file(path.text, self.cwd.text)
        if real is None and place.folder(path.text, self.cwd.text):
            real = place.file(f"{path.text}/__main__.py", self.cwd.text)
        if real is None:
            ours = path.text.endswith(SCRIPTS) and place.is_ours(path.text, self.cwd.text)
            kind = DoubtKind.ABSENT_PROGRAM if ours else DoubtKind.UNKNOWN_PROGRAM
            self.doubt(f"{path.text}{NOT_THERE}", kind)
            return None
        self.start_script(place.link(path.text, self.cwd.text) or real)
        return real

    def start_script(self, real: str) -> None:
        self.found.starts.setdefault(Start(StartKind.SCRIPT, real), self.where)

    def file_as_module(self, path: Field) -> None:
        """`folder/file.py` imported under its dotted name, from the first folder above that is no package."""
        real = None if path.unknown else self.found.place.file(path.text, self.cwd.text)
        if real is None:
            self.doubt(f"{path.text or 'the file that is served'} is not in the image as far as git tells")
            return
        folder, _, name = real.rpartition("/")
        names = [] if name == "__init__.py" else [name.removesuffix(".py")]
        while folder and self.found.place.file(f"{folder}/__init__.py") is not None:
            folder, _, package = folder.rpartition("/")
            names.insert(0, package)
        self.root(Field(cleaned(folder or "/")))
        self.module(".".join(names))
