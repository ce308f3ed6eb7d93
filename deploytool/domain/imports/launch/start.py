"""A start while it is read, and the program that comes of it."""

from __future__ import annotations

from collections.abc import Mapping

from deploytool.domain.dockerfile_words import Unreadable
from deploytool.domain.doubt import DoubtKind
from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.imports.launch.found import Found, Where
from deploytool.domain.imports.launch.place import Place
from deploytool.domain.imports.launch.run import Running
from deploytool.domain.imports.launch.values import Field, State, Ways
from deploytool.domain.imports.program import NOT_THERE, SCRIPTS, Program, Start, StartKind

LONGEST_SAID = 200
# Variables whose values name no module or file of ours.
_NO_WORDS = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LANGUAGE", "TZ", "HOME", "DEBIAN_FRONTEND", "LD_LIBRARY_PATH")


class Beginning:
    """One start being read, and the program that comes of it."""

    def __init__(self, place: Place, base: Where, environment: Mapping[str, str], cwd: str) -> None:
        self.place, self.base, self.cwd = place, base, cwd
        self.environment = environment
        self.found = Found(place)
        self.running = Running(self.found, base)
        self.sure = False  # `entrypoint` says it

    def at(self, where: Where) -> None:
        """From here on doubts name another file."""
        self.base = where
        self.running = Running(self.found, where)

    def state(self) -> State:
        variables: dict[str, Ways] = {name: ((Field(value),),) for name, value in self.environment.items()}
        return State(variables, (Field(self.cwd),))

    def run(self, argv: tuple[str, ...]) -> None:
        try:
            self.running.command(tuple(map(Field, argv)), self.state())
        except (Unreadable, RecursionError) as wrong:
            self.found.doubt(self.base, f"the command cannot be read: {wrong}", DoubtKind.TOO_LARGE)

    def text(self, text: str) -> None:
        try:
            self.running.scripts.inline(Field(text), self.state())
        except (Unreadable, RecursionError) as wrong:
            self.found.doubt(self.base, f"the command cannot be read: {wrong}", DoubtKind.TOO_LARGE)

    def given(self, entrypoint: str) -> None:
        """The files of the image that lie at this path of the repository."""
        path = cleaned(entrypoint).lstrip("/")
        files = sorted(where for where, placed in self.place.files.items() if placed.path == path)
        if not files:
            self.found.doubt(self.base, f"the entrypoint {entrypoint} is not in the image")
            return
        kept = {doubt: None for doubt in self.found.doubts if doubt.kind is DoubtKind.UNKNOWN_ROOT}
        self.found.doubts = kept
        self.at(self.base)
        self.sure = True
        for file in files:
            if file.endswith(".py"):
                self.found.starts.setdefault(Start(StartKind.SCRIPT, file), self.base)
            else:
                self._file(file)
        self._python_path()

    def _file(self, path: str) -> None:
        try:
            self.running.file(path, (), self.state())
        except (Unreadable, RecursionError) as wrong:
            self.found.doubt(self.base, f"{path} cannot be read: {wrong}", DoubtKind.TOO_LARGE)

    def unfound(self) -> None:
        """Commands that nothing is known about. A script's own words are no programs when it starts others."""
        for text, where in self.running.unfound:
            own = text in self.running.scripts.own or text.startswith("-")
            if not (own and (self.found.starts or self.found.other)):
                missing = NOT_THERE if "/" in text else " is no program known here"
                ours = text.endswith(SCRIPTS) and "/" in text and self.place.is_ours(text, self.cwd)
                kind = DoubtKind.ABSENT_PROGRAM if ours else DoubtKind.UNKNOWN_PROGRAM
                self.found.doubt(where, f"{text}{missing}", kind)

    def program(self, said: str) -> Program:
        self.unfound()
        found = self.found
        for start, where in list(found.starts.items()):
            missing = start.kind is not StartKind.SCRIPT and not self.place.module(start.name, tuple(found.roots))
            if missing and not self.sure:
                found.doubt(where, f"nothing in the image answers to the module {start.name}")
        if len(found.cwds) > 1:
            where = next(iter(found.cwds.values()))
            found.doubt(where, f"programs are started in several folders: {', '.join(list(found.cwds)[:5])}")
        self._customised()
        self._django()
        for name, where in found.foreign.items() if found.starts else ():
            found.doubt(where, f"{name} is started too, and what it starts in turn is not read here")
        for name, value in self.environment.items():
            if name not in _NO_WORDS:
                found.word(value)
        doubts = tuple(found.doubts)
        if not found.starts and not doubts and found.ran and not found.other:
            found.other = True  # Python that loads nothing of the image
        python = bool(found.starts or doubts)
        cwd = next(iter(found.cwds), self.cwd)
        words = tuple(found.words)
        return Program(tuple(found.starts), tuple(found.roots), cwd, words, doubts, python, said)

    def _customised(self) -> None:
        """Python loads these by itself when they lie on PYTHONPATH."""
        for name in ("sitecustomize", "usercustomize"):
            if self.found.starts and self.place.module(name, tuple(self.found.roots)):
                self.found.starts.setdefault(Start(StartKind.MODULE, name), self.base)

    def _django(self) -> None:
        """Django loads models, commands and the like of each app by their names, which no import says."""
        scripts = {start.name.rpartition("/")[0] for start in self.found.starts if start.kind is StartKind.SCRIPT}
        for folder in sorted({*self.found.roots, *self.found.cwds, *scripts}) if self.found.starts else ():
            path = self.place.file("manage.py", folder)
            placed = self.place.placed(path) if path else None
            if path and placed and "django" in (self.place.text(path) or ""):
                where = Where(placed.path or self.base.path, 1)
                why = "Django loads the modules of its apps by convention, not by imports"
                self.found.doubt(where, why, DoubtKind.UNBOUNDED_IMPORT)

    def _python_path(self) -> None:
        value = self.environment.get("PYTHONPATH", "")
        for entry in value.split(":") if value else ():
            self.found.roots[cleaned(entry if entry.startswith("/") else f"{self.cwd}/{entry}")] = None


def shortened(text: str) -> str:
    """On one line, as a person would type it."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SAID else line[: LONGEST_SAID - 1] + "…"
