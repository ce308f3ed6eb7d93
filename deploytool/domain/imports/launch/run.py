"""Which program each command of a start is, and what it starts in turn."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from deploytool.domain.dockerfile_words import Unreadable
from deploytool.domain.doubt import DoubtKind
from deploytool.domain.imports.launch import names
from deploytool.domain.imports.launch.builtins import ASSIGNMENT, built_in
from deploytool.domain.imports.launch.commands import configured, console_module, subcommand, toml, without_prefix
from deploytool.domain.imports.launch.found import Found, Process, Where
from deploytool.domain.imports.launch.place import Place
from deploytool.domain.imports.launch.python import keep, python
from deploytool.domain.imports.launch.scripts import Scripts, file_of
from deploytool.domain.imports.launch.servers import SERVERS
from deploytool.domain.imports.launch.values import UNKNOWN, Field, Fields, State, joined
from deploytool.domain.imports.program import NOT_THERE, SCRIPTS

MOST_COMMANDS = 3_000


class Running:
    """One reading of a start; `found` has what it came to."""

    def __init__(self, found: Found, base: Where) -> None:
        self.found = found
        self.scripts = Scripts(found, base, self.command)
        self.unfound: list[tuple[str, Where]] = []  # commands that nothing is known about
        self._count = 0

    def command(self, argv: Fields, state: State, stdin: str | None = None) -> None:
        """One command with its arguments."""
        self._count += 1
        if self._count > MOST_COMMANDS:
            raise Unreadable(f"more than {MOST_COMMANDS} commands", too_large=True)
        while argv and not argv[0].text and not argv[0].unknown:
            argv = argv[1:]
        if argv:
            self.scripts.deeper()
            self._program(argv, state, stdin)
            self.scripts.depth -= 1

    def doubt(self, why: str) -> None:
        self.found.doubt(self.scripts.where, why)

    def _program(self, argv: Fields, state: State, stdin: str | None) -> None:
        first = argv[0]
        name = first.text.rpartition("/")[2]
        if first.unknown:
            self.doubt(f"which program is started depends on what only the run knows: {first.text}")
        if not name or built_in(self.scripts, argv, state):
            return
        if name == "exec":
            while argv[1:] and argv[1].text in ("-a", "-c", "-l"):
                argv = argv[2:] if argv[1].text == "-a" else argv[1:]
            self._program_only(argv[1:], state, stdin)
            return
        path = None if name.startswith("wait-for") else file_of(self.found.place, first, state)
        if path is not None:
            self.file(path, argv[1:], state)
        elif name in names.PREFIXES:
            self._prefixed(name, argv, state, stdin)
        else:
            self._known(name, argv, state, stdin)

    def _known(self, name: str, argv: Fields, state: State, stdin: str | None) -> None:
        """A program that the image has from elsewhere, told by its name."""
        if name in names.SHELLS:
            self._shell(argv[1:], state, stdin)
        elif names.is_python(name) or name in SERVERS:
            self._python(name, argv[1:], state, stdin)
        elif name == "env":
            self._environment(argv[1:], state, stdin)
        elif name == "su":
            self._su(argv[1:], state)
        elif name in ("find", "service") or name.startswith("pip"):
            self._at_work(name, argv[1:], state)
        elif name in names.NOTHING or self._configured(name, argv, state) or self._console(name, argv, state):
            return
        elif name in names.BESIDE:
            self.found.other = True
        elif name in names.OTHERS:
            self._foreign(name)
        else:
            self.unfound.append((argv[0].text, self.scripts.where))

    def _python(self, name: str, argv: Fields, state: State, stdin: str | None) -> None:
        """In each folder that the shell may be in."""
        for cwd in state.cwds:
            process = Process(self.found, state, cwd, self.scripts.where)
            if name in SERVERS:
                SERVERS[name](process, argv)
            else:
                python(process, argv, stdin)

    def _configured(self, name: str, argv: Fields, state: State) -> bool:
        """supervisord, honcho: the commands stand in a file."""
        commands = configured(self.found.place, name, argv[1:], state.cwds[0])
        if commands is not None and not commands:
            self.doubt(f"what {name} starts cannot be told")
        for text, folder in commands or ():
            inner = state.apart()
            if folder:
                inner.cwds = (joined(inner.cwds[0], Field(folder)),)
            self.scripts.inline(Field(text), inner)
        return commands is not None

    def _console(self, name: str, argv: Fields, state: State) -> bool:
        """A command that the project's own pyproject.toml declares."""
        for cwd in state.cwds:
            module = console_module(self.found.place, name, cwd.text)
            if module is not None:
                process = Process(self.found, state, cwd, self.scripts.where)
                for folder in (".", "src"):
                    if self.found.place.module(module, (joined(cwd, Field(folder)).text,)):
                        process.root(Field(folder))
                process.python_path()
                process.module(module)
                keep(process, argv[1:])
                return True
        return False

    def _prefixed(self, name: str, argv: Fields, state: State, stdin: str | None) -> None:
        prefix = names.PREFIXES[name]
        wanted = names.RUNNERS.get(name)
        if wanted is not None and subcommand(argv[1:], prefix) not in wanted:
            self._installs(name, argv[1:])
            return
        rest = without_prefix(argv[1:], prefix)
        inner = state.apart()
        if name == "uv":
            own = argv[1 : len(argv) - len(rest)]
            rest = _by_uv(own, rest)
            _with_project(self.found.place, own, inner)
        if rest and ASSIGNMENT.match(rest[0].text):
            self._environment(rest, inner, stdin)
        else:
            self._program_only(rest, inner, stdin)

    def _program_only(self, argv: Fields, state: State, stdin: str | None) -> None:
        """Functions of the shell do not count here."""
        functions, self.scripts.functions = self.scripts.functions, {}
        self.command(argv, state, stdin)
        self.scripts.functions = functions

    def _environment(self, argv: Fields, state: State, stdin: str | None) -> None:
        """`env -u X NAME=value command`."""
        inner = state.apart()
        while argv:
            text, unknown = argv[0]
            match = ASSIGNMENT.match(text)
            if match:
                inner.variables[match[1]] = ((Field(match[2], unknown),),)
            elif text in ("-S", "--split-string"):
                argv = (Field(""), *_words(argv[1:2]), *argv[2:])
            elif text.startswith("-"):
                argv = argv[1:] if text in ("-u", "-C", "--unset", "--chdir") else argv
            else:
                break
            argv = argv[1:]
        self._program_only(argv, inner, stdin)

    def _at_work(self, name: str, argv: Fields, state: State) -> None:
        """Commands that start nothing of ours but in one form."""
        texts = [field.text for field in argv]
        if name == "find":
            for at in [at for at, text in enumerate(texts) if text in ("-exec", "-execdir", "-ok")]:
                command = (UNKNOWN if field.text == "{}" else field for field in argv[at + 1 :])
                self.command(tuple(command), state.apart())
        elif name == "service":
            known = texts and texts[0] in names.SERVICES
            if not known:
                self.doubt(f"what the service {' '.join(texts[:1])} starts is not known")
        else:
            self._installs(name, argv)

    def _installs(self, name: str, argv: Fields) -> None:
        """Installing the project itself makes its modules importable from places that cannot be told."""
        texts = [field.text for field in argv]
        local = any(text in ("-e", "--editable") or text.startswith((".", "/")) for text in texts)
        whole = name in ("poetry", "pdm", "rye") and "install" in texts[:3] and "--no-root" not in texts
        whole |= name == "uv" and "sync" in texts[:3] and "--no-install-project" not in texts
        if ("install" in texts[:3] and local) or whole:
            self.doubt(f"{name} installs the project itself when the container starts")

    def _foreign(self, name: str) -> None:
        self.found.other = True
        self.found.foreign.setdefault(name, self.scripts.where)

    def _su(self, argv: Fields, state: State) -> None:
        texts = [argv[at + 1] for at in range(len(argv) - 1) if argv[at].text in ("-c", "--command")]
        for field in texts:
            self.scripts.inline(field, state.apart())
        if not texts:
            self.doubt("su starts a shell that waits for commands")

    def _shell(self, argv: Fields, state: State, stdin: str | None) -> None:
        at, inline = 0, False
        while at < len(argv) and (argv[at].text[:1] in ("-", "+") or argv[at].text in names.SHELLS):
            text = argv[at].text
            inline |= bool(re.fullmatch(r"-[A-Za-z]*c[A-Za-z]*", text))
            at += 2 if re.fullmatch(r"[-+][A-Za-z]*[oO]|--rcfile|--init-file", text) else 1
        rest = argv[at:]
        inner = state.apart()
        if inline and rest:
            inner.script, inner.positional = rest[1].text if rest[1:] else "", (tuple(rest[2:]),)
            self.scripts.inline(rest[0], inner)
        elif rest:
            path = None if rest[0].unknown else file_of(self.found.place, rest[0], state, search=False)
            if path is None:
                text, cwd = rest[0].text, state.cwds[0].text
                ours = text.endswith(SCRIPTS) and not rest[0].unknown and self.found.place.is_ours(text, cwd)
                kind = DoubtKind.ABSENT_PROGRAM if ours else DoubtKind.UNKNOWN_PROGRAM
                self.found.doubt(self.scripts.where, f"{text}{NOT_THERE}", kind)
            else:
                self.scripts.script(path, rest[1:], state)
        elif stdin is not None:
            self.scripts.inline(Field(stdin), inner)
        else:
            self.doubt("a shell is started that waits for commands")

    def file(self, path: str, arguments: Fields, state: State) -> None:
        """A file of the image is executed."""
        text = self.found.place.text(path)
        if text is None:
            self._foreign(path)  # a compiled program
            return
        by = _shebang(text)
        if not by and path.endswith(".py"):
            by = (Field("python"),)
        if not by or any(field.text.rpartition("/")[2] in names.SHELLS for field in (by[0], by[-1])):
            self.scripts.script(path, arguments, state)
        else:
            self.command((*by, Field(path), *arguments), state.apart())


def _shebang(text: str) -> Fields:
    """The words of `#!`, without `env`."""
    if not text.startswith("#!"):
        return ()
    by = _words((Field(text[2:1000].split("\n", 1)[0].strip()),))
    if by and by[0].text.endswith("/env"):
        by = by[1:]
    if by and by[0].text in ("-S", "--split-string"):
        by = by[1:]
    return tuple(by)


def _by_uv(own: Fields, rest: Fields) -> Fields:
    """`uv run -m module` and `uv run file.py` are Python."""
    if rest and any(field.text in ("-m", "--module") for field in own):
        return (Field("python"), Field("-m"), *rest)
    if rest and (rest[0].text.endswith(".py") or any(field.text in ("-s", "--script") for field in own)):
        return (Field("python"), *rest)
    return rest


def _with_project(place: Place, own: Fields, state: State) -> None:
    """`uv run` first installs the project it finds, so that its folder, or `src`, is looked up too."""
    if {"--no-sync", "--no-project", "--no-install-project"} & {field.text for field in own}:
        return
    for cwd in state.cwds:
        if "build-system" in toml(place, "pyproject.toml", cwd.text):
            folders = [joined(cwd, Field(name)).text for name in ("src", ".") if place.folder(name, cwd.text)]
            before = state.variables.get("PYTHONPATH", ((),))
            state.variables["PYTHONPATH"] = tuple((*way, *map(Field, folders)) for way in before)


def _words(fields: Sequence[Field]) -> list[Field]:
    found: list[Field] = []
    for field in fields:
        try:
            found.extend(Field(text, field.unknown) for text in shlex.split(field.text))
        except ValueError:
            found.append(UNKNOWN)
    return found
