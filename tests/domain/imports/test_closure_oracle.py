"""The closure against a second one, written to be obvious: every file again and again, every folder looked at."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.imports.sources import LinkTo, closure, reached, script

Files = dict[str, str]
NAMES = ["a", "b", "c"]
MODULES = [".".join(parts) for parts in (["a"], ["b"], ["a", "b"], ["b", "a"], ["a", "b", "c"], ["c", "a"], ["c"])]


def naive(files: Files, start: str, roots: list[str]) -> set[str]:
    found = {start}
    while True:
        more = found.union(*(asked(files, path, roots) for path in found))
        if more == found:
            return found
        found = more


def asked(files: Files, path: str, roots: list[str]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(files[path])):
        if isinstance(node, ast.Import):
            found.update(*(loaded(files, roots, alias.name.split(".")) for alias in node.names))
        elif isinstance(node, ast.ImportFrom):
            for bases, parts in readings(path, node, roots):
                found |= loaded(files, bases, parts)
                names = [alias.name for alias in node.names if alias.name != "*"]
                for name in names or exported(files, bases, parts):
                    found |= loaded(files, bases, [*parts, name])
            found |= {f"{above(path, node.level)}/__init__.py"} & files.keys() if node.level else set()
    return found


def readings(path: str, node: ast.ImportFrom, roots: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    parts = node.module.split(".") if node.module else []
    if not node.level:
        yield roots, parts
        return
    package = above(path, node.level)
    if package is None:
        return
    yield [package], parts
    for root in roots:
        if package.startswith(root + "/"):
            yield roots, [*package[len(root) + 1 :].split("/"), *parts]


def above(path: str, level: int) -> str | None:
    parts = path.split("/")
    return "/".join(parts[:-level]) if level < len(parts) + 1 and parts[:-level] != [] else None


def loaded(files: Files, bases: list[str], parts: list[str]) -> set[str]:
    found = set()
    for folder in bases:
        for depth in range(len(parts)):
            place = "/".join([folder, *parts[: depth + 1]])
            found |= {f"{place}.py", f"{place}/__init__.py"} & files.keys()
    return found


def exported(files: Files, bases: list[str], parts: list[str]) -> list[str]:
    homes = ["/".join([base, *parts]) for base in bases]
    modules = {f"{home}{end}" for home in homes for end in (".py", "/__init__.py")} & files.keys()
    nodes = [node for path in modules for node in ast.parse(files[path]).body]
    return [name for node in nodes if isinstance(node, ast.Assign) for name in ast.literal_eval(node.value)]


@st.composite
def statements(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["import", "from", "star", "relative", "relative star"]))
    module, name = draw(st.sampled_from(MODULES)), draw(st.sampled_from(NAMES))
    dots = "." * draw(st.integers(1, 3))
    match kind:
        case "import":
            return f"import {module}"
        case "from":
            return f"from {module} import {name}"
        case "star":
            return f"from {module} import *"
        case "relative":
            return f"from {dots}{draw(st.sampled_from(['', *MODULES]))} import {name}"
    return f"from {dots}{name} import *"


@st.composite
def images(draw: st.DrawFn) -> tuple[Files, list[str]]:
    folders = ["/app", "/app/a", "/app/b", "/app/a/b", "/app/b/a", "/lib", "/lib/a", "/lib/a/b", "/lib/c"]
    files: Files = {}
    for folder in folders:
        for name in ["__init__", *NAMES]:
            if draw(st.integers(0, 2)) == 0:
                lines = draw(st.lists(statements(), max_size=2))
                if draw(st.booleans()):
                    lines.append(f"__all__ = {draw(st.lists(st.sampled_from(NAMES), max_size=2))}")
                files[f"{folder}/{name}.py"] = "\n".join(lines)
    files["/app/x.py"] = "\n".join(draw(st.lists(statements(), min_size=1, max_size=4)))
    roots = draw(st.sampled_from([["/lib"], [], ["/lib/a"], ["/app/a", "/lib"], ["/lib/nothing"]]))
    return files, roots


@given(images())
def test_as_the_obvious_one(image: tuple[Files, list[str]]) -> None:
    files, roots = image
    found = closure(dict(files), script("/app/x.py", roots=tuple(roots)))
    assert set(found.reached) == naive(files, "/app/x.py", ["/app", *roots])
    for path, why in found.reached.items():
        assert (why.by is None) == (path == "/app/x.py")
        assert why.by is None or why.by in found.reached


@given(images())
def test_a_link_to_everything_changes_nothing_but_the_links(image: tuple[Files, list[str]]) -> None:
    files, roots = image
    moved = {f"/real{path}": source for path, source in files.items()}
    links = {f"/{top}": LinkTo(f"real/{top}") for top in ("app", "lib")}
    there = set(reached({**moved, **links}, script("/app/x.py", roots=tuple(roots)))) - links.keys()
    assert {path.removeprefix("/real") for path in there} >= naive(files, "/app/x.py", ["/app", *roots])
