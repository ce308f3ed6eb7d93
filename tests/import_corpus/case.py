"""A small repository, what its container starts, and which files a good analysis would not call reachable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploytool.domain.image import Image, image_of, image_of_folder
from deploytool.domain.image_layout import Layout
from deploytool.domain.tree import LINK, SUBMODULE, Tree
from tests import python_oracle
from tests.domain.memory_tree import tree_of
from tests.python_oracle import Call, Run, Start

Files = Mapping[str, str | bytes]  # by repository path; a memory_tree.Link for a link
DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD {command}\n"
MAIN = (Start("script", "/app/main.py"),)


@dataclass(frozen=True)
class Case:
    name: str
    files: Files
    run: Run
    never: frozenset[str] = frozenset()  # image paths that nothing loads, which can be told
    folder: str | None = None  # of a function or buildpack service; else there is a Dockerfile
    entrypoint: str | None = None  # as services.toml would say it

    def tree(self) -> Tree:
        return tree_of(self.files)

    def image(self, tree: Tree) -> Image:
        image = image_of("Dockerfile", ".", tree) if self.folder is None else image_of_folder(self.folder, tree)
        assert image is not None
        return image


def case(
    name: str,
    files: Files,
    *,
    start: tuple[Start, ...] = MAIN,
    command: str = '["python", "main.py"]',
    dockerfile: str | None = None,
    cwd: str = "/app",
    path: tuple[str, ...] = (),
    never: tuple[str, ...] = (),
    calls: tuple[Call, ...] = (),
    arguments: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Case:
    """A container; `never` are paths below /app unless they are absolute."""
    recipe = dockerfile or DOCKERFILE.format(command=command)
    run = Run(start, cwd, path, arguments, calls, environment or {})
    absent = frozenset(each if each.startswith("/") else f"/app/{each}" for each in never)
    return Case(name, {"Dockerfile": recipe, **files}, run, absent)


def laid_out(layout: Layout, tree: Tree) -> python_oracle.Image:
    """The bytes of an image's files."""
    return {
        path: python_oracle.Link(placed.text)
        if placed.mode == LINK
        else placed.text.encode()
        if placed.path is None
        else tree.objects.blob(placed.oid)
        for path, placed in layout.files.items()
        if placed.mode != SUBMODULE
    }
