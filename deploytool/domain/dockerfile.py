"""A Dockerfile's text -> Recipe. Nothing is executed; what cannot be told becomes a doubt, never a crash."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from deploytool.domain.dockerfile_bases import workdir_of
from deploytool.domain.dockerfile_lines import Instruction, Lines, instructions_of, lines_of
from deploytool.domain.dockerfile_recipe import Folder, Recipe, Stage
from deploytool.domain.dockerfile_stage import Draft, finished
from deploytool.domain.dockerfile_steps import copy_of, run_of, start_of, strings_of
from deploytool.domain.dockerfile_words import BLANKS, Unreadable, Values
from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.ignorepattern import cleaned

MOST_STAGES = 1_000

# Cloud Run runs linux/amd64, whatever machine builds.
PLATFORM: Mapping[str, str] = {
    **{f"{side}PLATFORM": "linux/amd64" for side in ("TARGET", "BUILD")},
    **{f"{side}OS": "linux" for side in ("TARGET", "BUILD")},
    **{f"{side}ARCH": "amd64" for side in ("TARGET", "BUILD")},
    **{f"{side}VARIANT": "" for side in ("TARGET", "BUILD")},
}
WITHOUT_EFFECT = ("EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "STOPSIGNAL", "VOLUME")
# Docker's own frontends read the language that is read here; others may read another.
FRONTEND = re.compile(r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?:[:@].*)?\Z")


def recipe_of(content: bytes, path: str, arguments: Mapping[str, str] | None = None) -> Recipe:
    """Interpret a Dockerfile; `path` only names it in the doubts, `arguments` are what --build-arg would give."""
    reading = _Reading(path, arguments or {})
    lines: Lines | None = None
    try:
        lines = lines_of(content)
        if lines.syntax and not FRONTEND.match(lines.syntax):
            reading.give_up(1, f"syntax={lines.syntax[:80]} is not Docker's own", DoubtKind.UNPARSABLE)
        for instruction in instructions_of(lines):
            reading.obey(instruction, lines)
    except Unreadable as wrong:
        kind = DoubtKind.TOO_LARGE if wrong.too_large else DoubtKind.UNPARSABLE
        reading.give_up(0 if lines is None else lines.at, str(wrong), kind)
    return reading.recipe()


class _Reading:
    """The state of one reading: the stages so far, and the one being drafted."""

    def __init__(self, path: str, given: Mapping[str, str]) -> None:
        self.path = path
        self.given = given  # build arguments: they count where an ARG line declares them
        self.doubts: list[Doubt] = []
        self.complete = True
        self.meta: dict[str, str | None] = dict(PLATFORM)  # ARG before the first FROM
        self.stages: list[Stage] = []
        self.drafts: list[Draft] = []
        self.names: dict[str, int] = {}

    def give_up(self, line: int, why: str, kind: DoubtKind) -> None:
        self.complete = False
        self.doubts.append(Doubt(self.path, line, why, kind))

    def doubt(self, line: int, why: str, kind: DoubtKind) -> None:
        self.doubts.append(Doubt(self.path, line, why, kind))

    def recipe(self) -> Recipe:
        if not self.drafts and self.complete:
            self.give_up(0, "there is no FROM", DoubtKind.REFUSED)
        return Recipe(tuple(map(finished, self.drafts)), tuple(self.doubts), self.complete)

    def obey(self, instruction: Instruction, lines: Lines) -> None:
        """One line that cannot be read does not hide the next ones, but a bomb ends the reading."""
        try:
            self._obey(instruction, lines)
        except Unreadable as wrong:
            if wrong.too_large:
                lines.at = instruction.line
                raise
            self.give_up(instruction.line, f"{instruction.name}: {wrong}", DoubtKind.UNPARSABLE)

    def _obey(self, instruction: Instruction, lines: Lines) -> None:
        name = instruction.name
        if name == "FROM":
            self._from(instruction, lines)
        elif name == "ARG" and not self.drafts:
            declared = _assignments(instruction, lines, self.meta, bare=True)
            self.meta.update({key: self.given.get(key, value) for key, value in declared.items()})
        elif name in WITHOUT_EFFECT:
            return
        elif name not in OBEDIENCE:
            self.give_up(instruction.line, f"{name[:40]!r} is no instruction known here", DoubtKind.UNKNOWN_INSTRUCTION)
        elif not self.drafts:
            self.give_up(instruction.line, f"{name} stands before the first FROM", DoubtKind.REFUSED)
        else:
            OBEDIENCE[name](self, self.drafts[-1], instruction, lines)

    def _from(self, instruction: Instruction, lines: Lines) -> None:
        if len(self.drafts) >= MOST_STAGES:
            raise Unreadable(f"more than {MOST_STAGES} stages", too_large=True)
        words = instruction.rest.split()
        if len(words) not in (1, 3) or (len(words) == 3 and words[1].lower() != "as"):
            raise Unreadable("is not `FROM image [AS name]`")
        image, unknown = lines.words.expanded(words[0], self.meta)
        if unknown and self.drafts:
            self.give_up(instruction.line, "FROM may mean any of the stages above", DoubtKind.UNKNOWN_STAGE)
        parent = self.names.get(image.lower())
        draft = Draft(len(self.drafts), words[2].lower() if len(words) == 3 else "", image, instruction.line, parent)
        if parent is not None:
            draft.inherit(self.drafts[parent])
        else:
            draft.workdir = workdir_of(image)
        self.drafts.append(draft)
        if draft.name:
            self.names[draft.name] = draft.index
        for trigger in self.drafts[parent].triggers if parent is not None else ():
            self.obey(trigger, lines)

    def _arg(self, draft: Draft, instruction: Instruction, lines: Lines) -> None:
        values = _assignments(instruction, lines, draft.values(), bare=True)
        for name, value in values.items():
            draft.arguments[name] = self.given.get(name, self.meta.get(name) if value is None else value)

    def _env(self, draft: Draft, instruction: Instruction, lines: Lines) -> None:
        name, *rest = instruction.rest.split(None, 1)
        values = draft.values()
        if "=" in name:
            assigned = _assignments(instruction, lines, values, bare=False)
        elif rest:
            assigned = {name: lines.words.expanded(rest[0].strip(BLANKS), values).text}
        else:
            raise Unreadable("needs a name and a value")
        draft.environment.update({key: value or "" for key, value in assigned.items()})

    def _workdir(self, draft: Draft, instruction: Instruction, lines: Lines) -> None:
        word = lines.words.expanded(instruction.rest, draft.values())
        if word.unknown:
            self.doubt(instruction.line, "WORKDIR depends on a value that is not known here", DoubtKind.UNKNOWN_VALUE)
        draft.workdir = cleaned(f"{draft.workdir or ''}/{word.text}" if not word.text.startswith("/") else word.text)
        draft.steps.append(Folder(instruction.line, draft.workdir))

    def _copy(self, draft: Draft, instruction: Instruction, lines: Lines) -> None:
        copy, relative = copy_of(instruction, lines.words, draft.values(), draft.workdir, self._stage_before)
        if relative and draft.workdir is None and draft.image != "scratch":
            why = f"the working folder of {draft.image} is not known; / is assumed for a relative target"
            self.doubt(instruction.line, why, DoubtKind.UNKNOWN_VALUE)
        draft.steps.append(copy)

    def _run(self, draft: Draft, instruction: Instruction, lines: Lines) -> None:
        run = run_of(instruction, lines.words, draft.values(), draft.workdir or "/", self._stage_before)
        draft.steps.append(run)

    def _shell(self, draft: Draft, instruction: Instruction, lines: Lines) -> None:
        argv = strings_of(instruction.rest)
        if not argv:
            raise Unreadable('needs the form ["program", "argument"]')
        draft.shell = argv

    def _user(self, draft: Draft, instruction: Instruction, lines: Lines) -> None:
        draft.user = lines.words.expanded(instruction.rest, draft.values()).text

    def _cmd(self, draft: Draft, instruction: Instruction, lines: Lines) -> None:
        draft.cmd, draft.cmd_is_own = start_of(instruction, draft.shell), True

    def _entrypoint(self, draft: Draft, instruction: Instruction, lines: Lines) -> None:
        draft.entrypoint = start_of(instruction, draft.shell)
        if not draft.cmd_is_own:
            draft.cmd = None  # an inherited CMD does not survive a new ENTRYPOINT

    def _onbuild(self, draft: Draft, instruction: Instruction, lines: Lines) -> None:
        name, *rest = instruction.rest.split(None, 1)
        if name.upper() in ("FROM", "ONBUILD", "MAINTAINER"):
            raise Unreadable(f"{name.upper()} is not allowed here")
        flags, text = lines.words.flags(rest[0] if rest else "")
        draft.triggers.append(Instruction(instruction.line, name.upper(), tuple(flags), text, instruction.heredocs))

    def _stage_before(self, name: str) -> int | None:
        """The stage that `--from=name` means: a name first, else a number, and only an earlier one."""
        if name.lower() in self.names:
            found = self.names[name.lower()]
        elif name.isascii() and name.isdigit() and len(name) < 6:
            found = int(name)
        else:
            return None
        if found >= len(self.drafts) - 1:
            raise Unreadable(f"--from={name[:80]} does not name an earlier stage")
        return found


def _assignments(instruction: Instruction, lines: Lines, values: Values, *, bare: bool) -> dict[str, str | None]:
    """`name=value` words; all see the values from before the line. `bare` allows a name alone (ARG)."""
    found: dict[str, str | None] = {}
    for word in lines.words.split(instruction.rest):
        name, equals, value = word.partition("=")
        name = lines.words.expanded(name, values).text
        if not name or not (equals or bare):
            raise Unreadable(f"{word[:40]!r} is not name=value")
        found[name] = lines.words.expanded(value, values).text if equals else None
    if not found:
        raise Unreadable("needs at least one name")
    return found


OBEDIENCE: Mapping[str, Callable[[_Reading, Draft, Instruction, Lines], None]] = {
    "ADD": _Reading._copy,
    "ARG": _Reading._arg,
    "CMD": _Reading._cmd,
    "COPY": _Reading._copy,
    "ENTRYPOINT": _Reading._entrypoint,
    "ENV": _Reading._env,
    "ONBUILD": _Reading._onbuild,
    "RUN": _Reading._run,
    "SHELL": _Reading._shell,
    "USER": _Reading._user,
    "WORKDIR": _Reading._workdir,
}
