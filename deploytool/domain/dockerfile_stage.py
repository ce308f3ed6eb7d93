"""One stage while it is being read: what its lines have changed so far."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field
from typing import cast

from deploytool.domain.dockerfile_lines import Instruction
from deploytool.domain.dockerfile_recipe import Copy, Run, Stage, Start, Step
from deploytool.domain.dockerfile_words import Values


@dataclass(slots=True)
class Draft:
    index: int
    name: str
    image: str
    line: int
    parent: int | None
    steps: list[Step] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str | None] = field(default_factory=dict)
    workdir: str | None = None
    user: str | None = None
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    entrypoint: Start | None = None
    cmd: Start | None = None
    cmd_is_own: bool = False
    triggers: list[Instruction] = field(default_factory=list)  # ONBUILD

    def inherit(self, parent: Draft) -> None:
        """Take over what an image carries; triggers are spent by the child and not passed on."""
        self.environment = dict(parent.environment)
        self.arguments = dict(parent.arguments)
        self.workdir, self.user, self.shell = parent.workdir, parent.user, parent.shell
        self.entrypoint, self.cmd = parent.entrypoint, parent.cmd

    def values(self) -> Values:
        """What `$name` means here: ENV before ARG, always."""
        return ChainMap(cast("dict[str, str | None]", self.environment), self.arguments)


def finished(draft: Draft) -> Stage:
    needs = {draft.parent} if draft.parent is not None else set()
    for step in draft.steps:
        if isinstance(step, Copy) and step.origin.stage is not None:
            needs.add(step.origin.stage)
        elif isinstance(step, Run):
            needs |= step.needs
    return Stage(
        draft.index,
        draft.name,
        draft.image,
        draft.line,
        draft.parent,
        tuple(draft.steps),
        draft.environment,
        draft.workdir,
        draft.user,
        draft.entrypoint,
        draft.cmd,
        frozenset(needs),
    )
