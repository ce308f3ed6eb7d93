"""What a Dockerfile says, as values: stages, what each copies and runs, and how the result is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from deploytool.domain.dockerfile_lines import Heredoc
from deploytool.domain.doubt import Doubt


class Origin(NamedTuple):
    """Where files come from: the build context when both are None."""

    stage: int | None = None
    elsewhere: str | None = None  # an image or a named context that this file does not define

    @property
    def is_context(self) -> bool:
        return self.stage is None and self.elsewhere is None


CONTEXT = Origin()


@dataclass(frozen=True, slots=True)
class Copy:
    """COPY or ADD with its variables replaced."""

    line: int
    sources: tuple[str, ...]
    target: str  # absolute path in the image; a trailing slash is kept, for it means "a folder"
    origin: Origin = CONTEXT
    add: bool = False
    unknown: bool = False  # a source depends on a value that the file does not tell
    excludes: tuple[str, ...] = ()
    parents: bool = False
    heredocs: tuple[Heredoc, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A RUN line; `argv` is empty in shell form, `text` in exec form."""

    line: int
    text: str
    argv: tuple[str, ...] = ()
    heredocs: tuple[Heredoc, ...] = ()
    binds: tuple[str, ...] = ()  # context paths that `--mount=type=bind` lays under the command
    needs: frozenset[int] = frozenset()  # stages that its mounts come from
    workdir: str = "/"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that WORKDIR makes."""

    line: int
    path: str


Step = Copy | Run | Folder


@dataclass(frozen=True, slots=True)
class Start:
    """CMD or ENTRYPOINT: `argv` in exec form, `shell` in shell form (already without the shell's own name)."""

    argv: tuple[str, ...] = ()
    shell: str = ""
    by: tuple[str, ...] = ("/bin/sh", "-c")  # what runs `shell`
    line: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    index: int
    name: str
    image: str  # as FROM names it, variables replaced
    line: int
    parent: int | None = None  # the earlier stage that FROM names
    steps: tuple[Step, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)  # ENV only; base image values count as empty
    workdir: str | None = None  # None: the base image's, which the file does not tell
    user: str | None = None
    entrypoint: Start | None = None
    cmd: Start | None = None
    needs: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Recipe:
    """`complete` is False when a line could not be understood: then anything of the context may be in the image."""

    stages: tuple[Stage, ...]
    doubts: tuple[Doubt, ...] = ()
    complete: bool = True

    @property
    def needed(self) -> tuple[Stage, ...]:
        """The stages that the last one is made from, in order, with itself."""
        if not self.stages:
            return ()
        wanted, pending = set[int](), [len(self.stages) - 1]
        while pending:
            index = pending.pop()
            if index not in wanted:
                wanted.add(index)
                pending.extend(self.stages[index].needs)
        return tuple(stage for stage in self.stages if stage.index in wanted)
