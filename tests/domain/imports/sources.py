"""Images of Python programs in memory: layouts, and the facts of their files read by a few lines of `ast`."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping

from deploytool.domain.image_layout import Layout, Placed
from deploytool.domain.imports.closure import Closure
from deploytool.domain.imports.facts import Facts, Import, When
from deploytool.domain.imports.program import Program, Start, StartKind
from deploytool.domain.imports.reach.reachable import closure_of
from deploytool.domain.tree import LINK


class LinkTo(str):
    """Where a link of the image leads."""


class Run(str):
    """The source of a file that is executable."""


Content = str | Facts  # source, or what a source would say


class Sources:
    """Stands for the reader of facts. Counts the waves, and refuses to be asked twice for a blob."""

    def __init__(self, files: Mapping[str, Content]) -> None:
        self.facts = {oid_of(content): facts_in(content) for content in files.values()}
        self.waves: list[dict[str, str]] = []

    def of(self, blobs: Mapping[str, str]) -> Mapping[str, Facts]:
        assert blobs, "a wave without a question"
        self.waves.append(dict(blobs))
        return {oid: self.facts[oid] for oid in blobs}

    def of_text(self, text: str, name: str) -> Facts:
        return facts_in(text)


def oid_of(content: Content) -> str:
    return hashlib.sha1(repr(content).encode()).hexdigest()


def layout_of(files: Mapping[str, Content]) -> Layout:
    """By absolute path in the image. In the repository they lie in `repo/` under the same path."""
    placed = {}
    for path, content in files.items():
        if isinstance(content, LinkTo):
            placed[path] = Placed(LINK, oid_of(content), f"repo{path}", str(content))
        else:
            mode = 0o100755 if isinstance(content, Run) else 0o100644
            placed[path] = Placed(mode, oid_of(content), f"repo{path}")
    return Layout(placed)


def script(*paths: str, **more: object) -> Program:
    """`python FILE`."""
    return Program(starts=tuple(Start(StartKind.SCRIPT, path) for path in paths), **more)  # type: ignore[arg-type]


def closure(files: Mapping[str, Content], program: Program, dynamic: Iterable[str] = ()) -> Closure:
    return closure_of(program, layout_of(files), Sources(files), dynamic=tuple(dynamic))


def reached(files: Mapping[str, Content], program: Program) -> set[str]:
    return set(closure(files, program).reached)


def facts_in(content: Content) -> Facts:
    if isinstance(content, Facts):
        return content
    try:
        tree = ast.parse(content)
    except SyntaxError as wrong:
        return Facts(error=wrong.msg, error_line=wrong.lineno or 0)
    return Facts(imports=tuple(_imports(tree.body, When.TOP)), exports=_exports(tree), strings=_strings(tree))


def _imports(body: Iterable[ast.AST], when: When) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, line=node.lineno, when=when) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield Import(node.module or "", names, node.level, node.lineno, when)
        elif isinstance(node, ast.If):
            test = ast.unparse(node.test)
            inner = When.TYPE_CHECKING if "TYPE_CHECKING" in test else When.MAIN if "__main__" in test else when
            yield from _imports(node.body, inner)
            yield from _imports(node.orelse, when)
        else:
            inner = When.FUNCTION if isinstance(node, ast.FunctionDef) and when is When.TOP else when
            yield from _imports(ast.iter_child_nodes(node), inner)


def _exports(tree: ast.Module) -> tuple[str, ...] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            try:
                return tuple(ast.literal_eval(node.value))
            except ValueError:
                return None
    return ()


def _strings(tree: ast.Module) -> tuple[str, ...]:
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return tuple(sorted(text for text in texts if set(text) & set("./:") and " " not in text))
