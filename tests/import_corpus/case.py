"""Small repositories, what their containers start, and which files a good analysis would not call reachable.

They are written in the text files beside this one:

    === NAME OF THE CASE
    command: what CMD says, when it is not ["python", "main.py"]; or a whole `--- Dockerfile`
    folder: the source folder of a function or a buildpack service, which has no Dockerfile
    start: script main.py        what Python is told to load (see python_oracle.Start), once for each; paths below /app
    cwd, path, arguments, environment, call        the rest of python_oracle.Run
    never: files below /app that nothing can load
    accepted: why it is accepted that deploytool does not follow this
    empty: empty files
    --- PATH
    the file; `--- PATH -> TARGET` is a link, `--- PATH (bytes)` is followed by one Python literal
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploytool.domain.image import Image, image_of, image_of_folder
from deploytool.domain.image_folder import FUNCTION_FOLDER
from deploytool.domain.image_layout import Layout
from deploytool.domain.tree import LINK, SUBMODULE, Tree
from tests import python_oracle
from tests.domain.memory_tree import Link, tree_of
from tests.python_oracle import Call, Run, Start

DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD {}\n"
HEADER = re.compile(r"(command|folder|start|cwd|path|arguments|environment|call|never|accepted|empty): (.*)")


@dataclass(frozen=True)
class Case:
    name: str
    files: Mapping[str, str | bytes]  # by repository path
    run: Run
    never: frozenset[str] = frozenset()  # image paths
    folder: str | None = None
    accepted: str = ""

    def tree(self) -> Tree:
        return tree_of(self.files)

    def image(self, tree: Tree) -> Image:
        image = image_of("Dockerfile", ".", tree) if self.folder is None else image_of_folder(self.folder, tree)
        assert image is not None
        return image


def cases_in(text: str) -> Iterator[Case]:
    for part in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        above, *files = re.split(r"^--- ", rest.rstrip("\n") + "\n", flags=re.MULTILINE)
        headers: dict[str, list[str]] = {}
        for line in above.splitlines():
            found = HEADER.fullmatch(line)
            assert found or not line, f"{name}: {line!r} is no header"
            if found:
                headers.setdefault(found[1], []).append(found[2])
        yield _case(name, headers, dict(map(_file, files)))


def _file(text: str) -> tuple[str, str | bytes]:
    first, _, content = text.partition("\n")
    if " -> " in first:
        path, _, target = first.partition(" -> ")
        return path, Link(target)
    if first.endswith(" (bytes)"):
        return first.removesuffix(" (bytes)"), ast.literal_eval(content)
    return first, content


def _case(name: str, headers: dict[str, list[str]], files: dict[str, str | bytes]) -> Case:
    def words(header: str) -> tuple[str, ...]:
        return tuple(headers.get(header, [""])[0].split())

    folder = headers.get("folder", [None])[0]
    home = "/app" if folder is None else FUNCTION_FOLDER
    files |= dict.fromkeys(words("empty"), "")
    if folder is None:
        files.setdefault("Dockerfile", DOCKERFILE.format(*headers.get("command", ['["python", "main.py"]'])))
    starts = [text.split() for text in headers.get("start", ["script main.py"])]
    run = Run(
        tuple(Start(kind, start if kind in ("module", "main") else _below(home, start)) for kind, start in starts),
        cwd=headers.get("cwd", [home])[0],
        path=words("path"),
        arguments=words("arguments"),
        calls=tuple(map(_call, headers.get("call", ()))),
        environment=dict(text.split("=", 1) for text in headers.get("environment", ())),
    )
    never = frozenset(_below(home, path) for path in words("never"))
    return Case(name, files, run, never, folder, headers.get("accepted", [""])[0])


def _below(home: str, path: str) -> str:
    return path if path.startswith("/") else f"{home}/{path}"


def _call(text: str) -> Call:
    module, function, *arguments = text.split(maxsplit=2)
    return Call(module, function, tuple(json.loads(arguments[0])) if arguments else ())


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


ROOMS = {file.stem: tuple(cases_in(file.read_text())) for file in sorted(Path(__file__).parent.glob("*.txt"))}
CASES = {f"{room}/{each.name}": each for room, cases in ROOMS.items() for each in cases}
