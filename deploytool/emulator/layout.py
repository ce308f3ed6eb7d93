"""What a Dockerfile makes of a context: files laid out in a folder, and the configuration beside them.

Nothing is run and nothing is downloaded: RUN has no effect, and of a base image only the name is known.
"""

from __future__ import annotations

import copy
import fnmatch
import os
import posixpath
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from deploytool.emulator.archive import Unbuildable
from deploytool.emulator.dockerfile import Instruction, command_of, instructions_of, with_variables

WITHOUT_EFFECT = frozenset({"EXPOSE", "USER", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "MAINTAINER", "SHELL"})
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
COPY_FLAGS = frozenset({"from", "chown", "chmod", "link"})

Say = Callable[[str], None]


@dataclass
class Stage:
    """One FROM and what follows: its files below `rootfs` and its configuration so far."""

    rootfs: Path
    workdir: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    args: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    cmd: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    ran: bool = False  # a RUN may have made files that are not here

    def known(self) -> dict[str, str]:
        return self.args | self.env

    def config(self) -> dict[str, Any]:
        """The shape of config.json in the image store."""
        config: dict[str, Any] = {"cmd": self.cmd, "env": self.env, "workdir": self.workdir, "labels": self.labels}
        return config | ({"entrypoint": self.entrypoint} if self.entrypoint else {})


@dataclass
class Layout:
    """Reads one Dockerfile over a context. `ignored` tells which paths of the context the build does not see."""

    context: Path
    scratch: Path
    build_args: Mapping[str, str]
    ignored: Callable[[str], bool]
    say: Say
    stages: dict[str, Stage] = field(default_factory=dict)
    globals: dict[str, str] = field(default_factory=dict)

    def made(self, text: str) -> Stage:
        """The last stage; Unbuildable at the first instruction that is not understood."""
        stage: Stage | None = None
        for instruction in instructions_of(text):
            self.say(f"{instruction.keyword} {instruction.rest}")
            if instruction.keyword == "FROM":
                stage = self._from(instruction)
            elif stage is None:
                if instruction.keyword != "ARG":
                    raise instruction.wrong("it stands before FROM")
                self._arg(instruction, self.globals)
            else:
                self._do(instruction, stage)
        if stage is None:
            raise Unbuildable("The Dockerfile has no FROM.")
        return stage

    def _from(self, instruction: Instruction) -> Stage:
        words = [with_variables(word, self.globals) for word in instruction.words()]
        named = words[2].lower() if len(words) == 3 and words[1].upper() == "AS" else None
        if len(words) not in {1, 3} or (len(words) == 3 and (named is None or named.isdigit())):
            raise instruction.wrong("it needs IMAGE [AS NAME], and a name is no number")
        number = str(sum(name.isdigit() for name in self.stages))
        rootfs = self.scratch / f"stage-{number}"
        rootfs.mkdir(parents=True)
        stage, base = Stage(rootfs), self.stages.get(words[0].lower())
        if base is not None:
            shutil.copytree(base.rootfs, rootfs, symlinks=True, dirs_exist_ok=True)
            stage = replace(copy.deepcopy(base), rootfs=rootfs, args={})
        elif words[0] != "scratch":
            self.say(f"  the files of {words[0]} are not here")
        self.stages |= {number: stage} | ({named: stage} if named else {})
        return stage

    def _do(self, instruction: Instruction, stage: Stage) -> None:
        match instruction.keyword:
            case "RUN":
                stage.ran = True
                self.say("  not run here")
            case "ARG":
                self._arg(instruction, stage.args)
            case "ENV" | "LABEL":
                into = stage.env if instruction.keyword == "ENV" else stage.labels
                known = stage.known()  # one ENV does not see what it sets itself
                into |= {key: with_variables(value, known) for key, value in instruction.pairs()}
            case "WORKDIR":
                stage.workdir = _at(stage, with_variables(instruction.rest.strip("\"'"), stage.known()))
                _inside(stage, stage.workdir, instruction).mkdir(parents=True, exist_ok=True)
            case "COPY" | "ADD":
                self._copy(instruction, stage)
            case "CMD":
                stage.cmd = command_of(instruction)
            case "ENTRYPOINT":
                stage.entrypoint, stage.cmd = command_of(instruction), []
            case keyword if keyword in WITHOUT_EFFECT:
                self.say("  without effect here")
            case _:
                raise instruction.wrong("this instruction is not understood here")

    def _arg(self, instruction: Instruction, into: dict[str, str]) -> None:
        for word in instruction.words():
            key, mark, value = word.partition("=")
            if key in self.build_args:
                into[key] = self.build_args[key]
            elif mark:
                into[key] = with_variables(value, self.globals | into)
            elif key in self.globals:
                into[key] = self.globals[key]

    def _copy(self, instruction: Instruction, stage: Stage) -> None:
        for flag in instruction.flags:
            if flag not in COPY_FLAGS:
                raise instruction.wrong(f"--{flag} is not understood here")
        words = [with_variables(word, stage.known()) for word in instruction.listed() or instruction.words()]
        if len(words) < 2:
            raise instruction.wrong("it needs a source and a destination")
        origin = instruction.flags.get("from")
        if origin is not None and origin.lower() not in self.stages:
            raise instruction.wrong(f"the files of {origin} are not here")
        other = self.stages[origin.lower()] if origin is not None else None
        top = (other.rootfs if other else self.context).resolve()
        found = [path for word in words[:-1] for path in self._sources(instruction, word, top, other)]
        into_folder = len(words) > 2 or len(found) > 1 or words[-1].endswith("/") or words[-1] == "."
        for path in found:
            self._place(instruction, path, top, stage, words[-1], into_folder, seen=other is None)

    def _sources(self, instruction: Instruction, word: str, top: Path, other: Stage | None) -> list[Path]:
        if instruction.keyword == "ADD" and ("://" in word or word.endswith(ARCHIVES) or word.startswith("git@")):
            raise instruction.wrong("only plain files and folders are added here")
        pattern = posixpath.normpath(word.lstrip("/") or ".")
        if pattern.startswith(".."):
            raise instruction.wrong(f"{word!a} is outside of the context")
        found = [path for path in _glob(top, pattern) if other or not self._left_out(path, top)]
        if not found and other is not None and other.ran:
            self.say(f"  {word} was made by a RUN: left out")
        elif not found:
            raise instruction.wrong(f"{word!a} is not in the context")
        return found

    def _left_out(self, path: Path, top: Path) -> bool:
        """Is this file, or all of this folder, ignored? A folder that is may hold files that are not."""
        return not path.is_dir() and self.ignored(path.relative_to(top).as_posix())

    def _place(
        self, instruction: Instruction, path: Path, top: Path, stage: Stage, word: str, into_folder: bool, seen: bool
    ) -> None:
        if not path.resolve().is_relative_to(top):
            raise instruction.wrong(f"{path.name!a} leads out of the context")
        target = _inside(stage, _at(stage, word), instruction)
        if not path.is_dir():
            target = target / path.name if into_folder or target.is_dir() else target
            return _copied(path.resolve(), target, stage, instruction)
        target.mkdir(parents=True, exist_ok=True)
        for folder, folders, files in os.walk(path):
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in sorted([*files, *links]):
                one = Path(folder) / name
                if not (seen and self.ignored(one.relative_to(top).as_posix())):
                    _copied(one, target / one.relative_to(path), stage, instruction)
        return None


def _at(stage: Stage, path: str) -> str:
    return posixpath.normpath(posixpath.join("/", stage.workdir, path))


def _inside(stage: Stage, path: str, instruction: Instruction) -> Path:
    root = stage.rootfs.resolve()
    result = (root / path.lstrip("/")).resolve()
    if not result.is_relative_to(root):
        raise instruction.wrong(f"{path!a} leads out of the image")
    return result


def _glob(top: Path, pattern: str) -> list[Path]:
    """Segment by segment, as Docker matches; hidden files too."""
    found = [top]
    for part in pattern.split("/"):
        if not any(mark in part for mark in "*?["):
            found = [path / part for path in found if os.path.lexists(path / part)]
        else:
            found = [
                path / name
                for path in found
                if path.is_dir()
                for name in sorted(os.listdir(path))
                if fnmatch.fnmatchcase(name, part)
            ]
    return found


def _copied(source: Path, target: Path, stage: Stage, instruction: Instruction) -> None:
    """One file or link, with its execute bit; never written through a link that is in the way."""
    root = stage.rootfs.resolve()
    if not target.parent.resolve().is_relative_to(root):
        raise instruction.wrong(f"{target.name!a} would leave the image")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink() or target.is_file():
            target.unlink()
        if source.is_symlink():
            target.symlink_to(os.readlink(source))
        else:
            shutil.copyfile(source, target)
            target.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
    except OSError as problem:
        raise instruction.wrong(f"{source.name!a} cannot be copied: {problem.strerror}") from problem
