"""Programs of images in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from deploytool.domain.image import image_of, image_of_folder
from deploytool.domain.image_layout import Layout
from deploytool.domain.imports.launch.launch import program_of, program_of_folder
from deploytool.domain.imports.program import Program
from deploytool.domain.tree import Tree
from tests.domain.memory_tree import tree_of

HEAD = "FROM python:3.11\nWORKDIR /app\nCOPY . .\n"
FILES = {
    "main.py": "",
    "app.py": "",
    "jobs/run.py": "",
    "jobs/other.py": "",
    "shop/__init__.py": "",
    "shop/web.py": "",
    "shop/__main__.py": "",
    "folder/__main__.py": "",
}


def reader(tree: Tree, layout: Layout) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        placed = layout.files.get(path)
        if placed is None:
            return None
        return placed.text.encode() if placed.path is None else tree.read(placed.path)

    return read


def launched(
    command: str,
    files: Mapping[str, str | bytes] | None = None,
    entrypoint: str | None = None,
    *,
    head: str = HEAD,
    bare: bool = False,
) -> Program:
    """The program of an image that has `files` in /app; `bare` takes no others than these."""
    given = {**({} if bare else FILES), **(files or {}), "Dockerfile": head + command}
    tree = tree_of(given)
    image = image_of("Dockerfile", "", tree)
    assert image is not None
    layout = image.layout(tree)
    return program_of(image, layout, reader(tree, layout), entrypoint)


def launched_folder(
    files: Mapping[str, str | bytes], entrypoint: str | None = None, *, function: bool = False
) -> Program:
    """The program of the source folder `source`."""
    tree = tree_of({f"source/{path}": content for path, content in files.items()})
    image = image_of_folder("source", tree)
    assert image is not None
    layout = image.layout(tree)
    return program_of_folder(layout, reader(tree, layout), kind_function=function, entrypoint=entrypoint)


def shown(program: Program) -> list[str]:
    """The starts as `kind name`, paths below /app shortened."""
    return [f"{start.kind} {start.name.removeprefix('/app/')}" for start in program.starts]
