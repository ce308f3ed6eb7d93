"""What a container starts, told from its Dockerfile, its start scripts and its settings.

Nothing is run. Every branch of a start script counts; what cannot be told is a doubt that names its line.
"""

from __future__ import annotations

import shlex

from deploytool.domain.dockerfile_command import Command
from deploytool.domain.dockerfile_recipe import Copy, Stage
from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.image import Image
from deploytool.domain.image_layout import Layout
from deploytool.domain.imports.launch.folder import program_of_folder
from deploytool.domain.imports.launch.found import Where
from deploytool.domain.imports.launch.names import COMPILING, STARTING_PYTHON, WITHOUT_PYTHON, is_image
from deploytool.domain.imports.launch.place import Place, Read
from deploytool.domain.imports.launch.start import Beginning, shortened
from deploytool.domain.imports.program import Program

__all__ = ["program_of", "program_of_folder"]


def program_of(image: Image, layout: Layout, read: Read, entrypoint: str | None = None) -> Program:
    """The program of a Docker image. `read` gives the bytes of a file by its path in the image, None without one.

    `entrypoint` is the repository path of a file that is known to be started, whatever the command says besides.
    """
    base = Where(image.dockerfile or image.context, image.command.line if image.command else 0)
    start = Beginning(Place(layout, read), base, image.environment, image.workdir)
    if image.command is not None:
        start.run(_command(image, image.command))
        _judge_unknown(start, image)
    else:
        _without_command(start, image)
    if entrypoint:
        start.given(entrypoint)
    return start.program("" if image.command is None else said_of(image.command))


def _without_command(start: Beginning, image: Image) -> None:
    stage = _last_stage(image)
    if stage is not None and is_image(stage.image, WITHOUT_PYTHON):
        start.found.other = True
        return
    name = stage.image if stage is not None else "the base image"
    start.found.doubt(start.base, f"no CMD or ENTRYPOINT says what is started; {name} decides")


def _command(image: Image, command: Command) -> tuple[str, ...]:
    """The command with the ENTRYPOINT of a base image before it that is known to have one."""
    stage = _last_stage(image)
    own = stage is None or any(one.entrypoint is not None for one in _line(image))
    if stage is not None and not own and is_image(stage.image, STARTING_PYTHON):
        return ("python", *command.argv)
    return command.argv


def _line(image: Image) -> list[Stage]:
    """The last stage and those it is based on."""
    stages = image.recipe.stages if image.recipe else ()
    found = [stages[-1]] if stages else []
    while found and found[-1].parent is not None:
        found.append(stages[found[-1].parent])
    return found


def _last_stage(image: Image) -> Stage | None:
    """The stage that names the base image."""
    line = _line(image)
    return line[-1] if line else None


def _judge_unknown(start: Beginning, image: Image) -> None:
    """A program that nothing is known about is of another language when its image has no Python, or compiled it."""
    stage = _last_stage(image)
    stages = image.recipe.stages if image.recipe else ()
    bare = stage is not None and is_image(stage.image, WITHOUT_PYTHON)
    bare = bare and not any("python" in run.text or "pip" in run.text for run in image.runs)
    kept = []
    for text, where in start.running.unfound:
        compiled = any(
            isinstance(step, Copy)
            and step.origin.stage is not None
            and _compiles(stages, step.origin.stage)
            and _covers(step, cleaned(f"{image.workdir}/{text}") if not text.startswith("/") else text)
            for one in _line(image)
            for step in one.steps
        )
        if bare or compiled:
            start.found.other = True
        else:
            kept.append((text, where))
    start.running.unfound[:] = kept


def _compiles(stages: tuple[Stage, ...], index: int) -> bool:
    stage = stages[index]
    while stage.parent is not None:
        stage = stages[stage.parent]
    return is_image(stage.image, COMPILING)


def _covers(copy: Copy, path: str) -> bool:
    name = path.rpartition("/")[2]
    if any(source.rstrip("/").rpartition("/")[2] == name for source in copy.sources):
        return path.startswith(copy.target.rstrip("/")) or path.rpartition("/")[2] == path.lstrip("/")
    return path == copy.target or (copy.target.endswith("/") and path.startswith(copy.target))


def said_of(command: Command) -> str:
    return shortened(command.shell or shlex.join(command.argv))
